package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/openticketai/otai-tui/internal/config"
)

// logger writes to w as the flags and the configuration say.
func (a *app) logger(w io.Writer, cfg *config.Config) (*slog.Logger, func(), error) {
	level := a.logLevel
	if level == "" && cfg != nil {
		level = cfg.Logging.Level
	}
	closeFile := func() {}
	if cfg != nil && cfg.Logging.File != "" {
		path := cfg.Logging.File
		if !filepath.IsAbs(path) && cfg.File != "" {
			path = filepath.Join(filepath.Dir(cfg.File), path)
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return nil, nil, fmt.Errorf("open the configured log file: %w", err)
		}
		closeFile = func() { _ = f.Close() }
		w = io.MultiWriter(w, f)
	}
	opts := &slog.HandlerOptions{Level: levelOf(level)}
	if a.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts)), closeFile, nil
	}
	return slog.New(slog.NewTextHandler(w, opts)), closeFile, nil
}

func levelOf(name string) slog.Level {
	switch name {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

// headless runs the engine until a signal.
func (a *app) headless(ctx context.Context) error {
	ctx, stop := a.untilSignal(ctx)
	defer stop()
	hup, ignore := hangups()
	defer ignore()
	w, err := a.open(ctx, openOptions{logTo: a.err})
	if err != nil {
		return err
	}
	defer w.close()
	for _, warning := range w.cfg.Warnings {
		w.log.Warn("configuration", "problem", warning.Where()+": "+warning.Msg)
	}
	for _, notice := range w.notices {
		w.log.Info(notice)
	}
	w.log.Info("engine starts", "config", w.cfg.File, "dialect", string(w.cfg.Dialect), "runners", len(w.cfg.Runners),
		"state_dir", w.stateDir, "version", version)
	if err := w.engine.Start(ctx); err != nil {
		return err
	}
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	a.followConfig(ctx, w, hup, gone)
	defer w.openDoor(ctx, a)()
	<-ctx.Done()
	if err := w.engine.Stop(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	w.log.Info("engine stopped")
	return nil
}
