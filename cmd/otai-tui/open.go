package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/engine"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/pipe/base"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/service"
	"github.com/openticketai/otai-tui/internal/store"
)

// DeskFile is the desk's database inside the state directory.
const deskFile = "desk.db"

// works is everything one run of the engine needs, opened together.
type works struct {
	cfg      *config.Config
	engine   *engine.Engine
	services *service.Set
	notices  []string
	log      *slog.Logger
	stateDir string
	source   source
	closers  []func()
}

func (w *works) close() {
	for i := len(w.closers) - 1; i >= 0; i-- {
		w.closers[i]()
	}
}

// openOptions say how a command uses the engine.
type openOptions struct {
	logTo   io.Writer // nil = only the configured file
	runOnly bool      // triggers stay still
}

// registry knows every pipe type of this binary.
func (a *app) registry(extra ...*pipe.Spec) (*pipe.Registry, error) {
	return pipe.NewRegistry(append(base.Specs(), extra...)...)
}

// load reads and checks the configuration: the demo's or the file's.
func (a *app) load(ctx context.Context, d *demo) (*config.Config, *pipe.Registry, error) {
	var extra []*pipe.Spec
	opts := config.Options{Environ: a.environ, Renderer: render.New(), Keys: keyRules()}
	if d != nil {
		extra = d.specs()
		opts.Environ = append(opts.Environ[:len(opts.Environ):len(opts.Environ)], d.environ()...)
	}
	reg, err := a.registry(extra...)
	if err != nil {
		return nil, nil, err
	}
	opts.Pipes = reg
	if d != nil {
		opts.Path = demoConfigName
		opts.ReadFile = d.readFile
	} else if opts.Path, err = a.configPath(); err != nil {
		return nil, nil, err
	}
	cfg, err := config.Load(ctx, opts)
	if err != nil {
		var problems *config.Errors
		if !errors.As(err, &problems) {
			err = refusal{err}
		}
		return nil, nil, err
	}
	return cfg, reg, nil
}

// open makes the engine ready to start. What it opened is closed by works.close, also after an error.
func (a *app) open(ctx context.Context, o openOptions) (_ *works, err error) {
	w := &works{}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.stateDir, err = a.stateDirectory(); err != nil {
		return nil, err
	}
	var d *demo
	if a.demo {
		if d, err = startDemo(ctx); err != nil {
			return nil, err
		}
		w.closers = append(w.closers, d.close)
	}
	if path, err := a.configPath(); err == nil && d == nil {
		w.source.look(path)
	}
	var reg *pipe.Registry
	if w.cfg, reg, err = a.load(ctx, d); err != nil {
		return nil, err
	}
	if err = w.openLog(a, o); err != nil {
		return nil, err
	}
	if w.services, err = w.openServices(ctx, a, w.cfg); err != nil {
		return nil, err
	}
	w.closers = append(w.closers, func() { _ = w.services.Close() }) // a second time, after a reload, is fine
	w.source.latest.Store(w.cfg)
	w.notices = w.services.Notices()
	w.engine = engine.New(engine.Options{
		Config: w.cfg, Pipes: reg, Services: w.services, Renderer: render.New(), Env: w.cfg.Env, StateDir: w.stateDir, Version: version,
		Notices: w.notices, Log: w.log, RunOnly: o.runOnly, Secrets: a.secrets(w.cfg),
		Load: w.reader(a, d), Close: func() { _ = w.services.Close() },
	})
	if d != nil {
		if err = d.seed(ctx, w.services); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// openServices opens the services of a configuration, each of them once: a wrong parameter is found before anything runs.
func (w *works) openServices(ctx context.Context, a *app, cfg *config.Config) (*service.Set, error) {
	set, err := service.Open(ctx, service.Options{
		Services: serviceConfigs(cfg), Desk: filepath.Join(w.stateDir, deskFile), UseDesk: a.desk || a.demo,
		Renderer: render.New(), Env: cfg.Env, Log: w.log,
	})
	if err == nil {
		if err = checkServices(cfg, set); err != nil {
			_ = set.Close() // nothing was written through it
		}
	}
	if err != nil {
		return nil, refusal{err}
	}
	return set, nil
}

func (w *works) openLog(a *app, o openOptions) error {
	to := o.logTo
	if to == nil {
		if w.cfg.Logging.File == "" {
			w.log = slog.New(slog.DiscardHandler)
			return nil
		}
		to = io.Discard
	}
	log, closeLog, err := a.logger(to, w.cfg)
	if err != nil {
		return err
	}
	w.log = log
	w.closers = append(w.closers, closeLog)
	return nil
}

func serviceConfigs(cfg *config.Config) map[string]service.Config {
	out := make(map[string]service.Config, len(cfg.Services))
	for id, s := range cfg.Services {
		out[id] = service.Config{ID: s.ID, Use: s.Use, Params: s.Params, Injects: s.Injects}
	}
	return out
}

// explainHeld adds what a person at a held state directory can do.
func explainHeld(err error, what string) error {
	var held *store.HeldError
	if !errors.As(err, &held) {
		return err
	}
	return fmt.Errorf("%w\n%s", err, what)
}

// secrets gathers the values that must not reach history, screens or logs: environment variables and service parameters
// whose names say so.
func (a *app) secrets(cfg *config.Config) []string {
	secret := regexp.MustCompile(`(?i)(passw|token|secret|api_?key|credential)`)
	var out []string
	for _, kv := range a.environ {
		if name, value, ok := strings.Cut(kv, "="); ok && secret.MatchString(name) {
			out = append(out, value)
			if v, ok := cfg.Env(name); ok { // the .env file may say something else
				out = append(out, v)
			}
		}
	}
	for _, s := range cfg.Services {
		for name, value := range s.Params {
			if text, ok := value.(string); ok && secret.MatchString(name) && !pipe.HasTemplate(text) {
				out = append(out, text)
			}
		}
	}
	return append(out, cfg.Secrets...)
}

// checkServices opens every configured service once, so that a wrong parameter is found before anything runs.
func checkServices(cfg *config.Config, set *service.Set) error {
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(cfg.Services)) {
		var err error
		switch cfg.Services[id].Kind {
		case pipe.KindTicketSystem:
			_, err = set.Ticket(id)
		case pipe.KindClassifier:
			_, err = set.Classifier(id)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", cfg.Services[id].Pos.String(), err))
		}
	}
	return errors.Join(errs...)
}
