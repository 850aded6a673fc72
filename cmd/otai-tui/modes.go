package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/pflag"

	"github.com/openticketai/otai-tui/internal/engine"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/render"
)

// modes are the ways to show an engine other than in a screen.
type modes struct {
	plain  bool
	once   bool
	json   bool
	colour bool
	size   string
	screen string
}

func (a *app) modeFlags(f *pflag.FlagSet) {
	f.BoolVar(&a.plain, "plain", false, "the console in lines: for screen readers and pipes")
	f.BoolVar(&a.once, "once", false, "print one frame as text, then exit")
	f.BoolVar(&a.json, "json", false, "print one snapshot as JSON, then exit")
	f.BoolVar(&a.colour, "colour", false, "colours in --plain and --once")
	f.StringVar(&a.size, "size", "", "size of the frame of --once, such as 80x24 (default: COLUMNS and LINES, the terminal's, or 80x24)")
	f.StringVar(&a.screen, "screen", "", "what the frame of --once shows: pipes, runs, logs, …, a pipe or a run (default pipes)")
}

func (a *app) checkModes() error {
	var on []string
	for _, m := range []struct {
		flag string
		set  bool
	}{{"--plain", a.plain}, {"--once", a.once}, {"--json", a.json}, {"--no-ui", a.noUI}} {
		if m.set {
			on = append(on, m.flag)
		}
	}
	switch {
	case len(on) > 1:
		return refusal{fmt.Errorf("%s exclude each other", strings.Join(on, " and "))}
	case a.attach && a.noUI:
		return refusal{errors.New("--attach opens a console, --no-ui does not: leave one out")}
	case !a.once && (a.size != "" || a.screen != ""):
		return refusal{errors.New("--size and --screen belong to --once")}
	}
	if a.size != "" {
		if _, _, err := parseSize(a.size); err != nil {
			return refusal{err}
		}
	}
	return nil
}

// biggest is the largest side of a frame, in cells.
const biggest = 1000

// parseSize reads "80x24".
func parseSize(s string) (w, h int, err error) {
	ws, hs, _ := strings.Cut(strings.ToLower(s), "x")
	w, werr := strconv.Atoi(ws)
	h, herr := strconv.Atoi(hs)
	if werr != nil || herr != nil || w < 1 || h < 1 || w > biggest || h > biggest {
		return 0, 0, fmt.Errorf("--size %q: expected columns and rows such as 80x24, each from 1 to %d", s, biggest)
	}
	return w, h, nil
}

// frameSize is the size of --once: asked for, else the environment's, else the terminal's.
func (a *app) frameSize() (w, h int) {
	if w, h, err := parseSize(a.size); err == nil {
		return w, h
	}
	columns, _ := a.env("COLUMNS")
	lines, _ := a.env("LINES")
	if w, h, err := parseSize(columns + "x" + lines); err == nil {
		return w, h
	}
	if a.hasTerminalAt(a.out) {
		if w, h, err := term.GetSize(a.out.Fd()); err == nil && w > 0 && h > 0 {
			return w, h
		}
	}
	return 80, 24
}

// look gives an orchestrator to look at: the engine that runs here, else the configuration and what history says. close ends it.
func (a *app) look(ctx context.Context) (o orchestrator.Orchestrator, running bool, end func(), err error) {
	c, err := a.running(ctx)
	if err != nil {
		return nil, false, nil, err
	}
	if c != nil {
		return c, true, func() {}, nil
	}
	if a.attach {
		return nil, false, nil, a.nobody()
	}
	e, end, err := a.still(ctx)
	return e, false, end, err
}

// nobody says that no engine answers here.
func (a *app) nobody() error {
	dir, err := a.stateDirectory()
	if err != nil {
		return err
	}
	return refusal{fmt.Errorf("no engine answers on %s: start it (otai-tui -c FILE, --no-ui for a service), or name its --state-dir", dir)}
}

// still makes an engine that is only looked at. Nothing is opened but the history, and that for reading.
func (a *app) still(ctx context.Context) (*engine.Engine, func(), error) {
	dir, err := a.stateDirectory()
	if err != nil {
		return nil, nil, err
	}
	var d *demo
	if a.demo {
		if d, err = startDemo(ctx); err != nil {
			return nil, nil, err
		}
		defer d.close() // its address is in the configuration, nobody asks it
	}
	cfg, reg, err := a.load(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	e := engine.New(engine.Options{
		Config: cfg, Pipes: reg, Renderer: render.New(), Env: cfg.Env, StateDir: dir, Version: version, Secrets: a.secrets(cfg),
	})
	if err := e.Look(ctx); err != nil {
		return nil, nil, err
	}
	return e, func() { _ = e.Stop(context.WithoutCancel(ctx)) }, nil
}
