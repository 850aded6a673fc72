package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

const someRunner = "orchestrator: {runners: [{pipe_id: a, interval_seconds: 5, pipe: {use: ProcessTickets, queue: q}}]}\n"

func parse(t *testing.T, text string) (*config.Config, error) {
	t.Helper()
	a := &app{}
	reg, err := a.registry()
	if err != nil {
		t.Fatal(err)
	}
	return config.Parse([]byte(text), "config.yml", config.Options{Pipes: reg, Renderer: render.New(), Keys: keyRules()})
}

// TestKeysAreCheckedInTheFile: each rule is told with its place, a caret, the nearest action and what was expected.
func TestKeysAreCheckedInTheFile(t *testing.T) {
	for name, c := range map[string]struct{ keys, where, says string }{
		"unknown action":   {"{pipe.fyre: t}", "config.yml:2:18", `did you mean "pipe.fire"?`},
		"duplicate":        {"{app.help: t}", "config.yml:2:28", "t of app.help would hide or be hidden by pipe.fire (fire now)"},
		"same scope":       {"{pipe.fire: p}", "config.yml:2:29", "p of pipe.fire is also the key of pipe.pause (pause or resume)"},
		"destructive ctrl": {"{pipe.fire: ctrl+f}", "config.yml:2:29", "what acts is on no ctrl or alt key"},
		"tmux":             {"{app.help: ctrl+b}", "config.yml:2:28", "they take ctrl+b for themselves"},
		"esc":              {"{app.help: esc}", "config.yml:2:28", "esc only goes back"},
		"interrupt":        {"{app.interrupt: []}", "config.yml:2:18", "ctrl+c quits everywhere"},
		"no palette":       {"{app.palette: []}", "config.yml:2:18", "at least one key"},
		"no key":           {"{app.help: hlp}", "config.yml:2:28", `"hlp" is no key`},
		"twin":             {"{app.help: ctrl+i}", "config.yml:2:28", "ctrl+i cannot be told from tab"},
		"twice":            {"{app.help: [f1, f1]}", "config.yml:2:33", "f1 is given twice"},
		"split arrow":      {"{pipe.pause: A}", "config.yml:2:30", "can be the rest of an arrow key"},
		"palette only":     {"{type.pause: f3}", "config.yml:2:18", "is done in the palette only"},
		"nothing":          {"{app.help: }", "config.yml:2:18", "app.help says no key"},
	} {
		_, err := parse(t, someRunner+"console: {keys: "+c.keys+"}\n")
		var all *config.Errors
		if !errors.As(err, &all) {
			t.Errorf("%s: want problems, got %v", name, err)
			continue
		}
		if text := all.Error(); !strings.Contains(text, c.where+":") || !strings.Contains(text, c.says) || !strings.Contains(text, "^") {
			t.Errorf("%s: want %s and %q in\n%s", name, c.where, c.says, text)
		}
	}
}

// TestGoodKeys: other keys, several, none, and a key that another action gave up.
func TestGoodKeys(t *testing.T) {
	cfg, err := parse(t, someRunner+`console: {theme: mono, env: {name: prod, danger: true}, keys: {pipe.fire: [f2, "1"], app.tab.pipes: 0, pipe.pause: [], pipe.backfill: p}}`)
	if err != nil {
		t.Fatal(err)
	}
	s := settingsOf(cfg)
	if !slices.Equal(s.Keys["pipe.fire"], []string{"f2", "1"}) || len(s.Keys["pipe.pause"]) != 0 || s.Env != "prod" || !s.Danger || s.Theme != "mono" {
		t.Errorf("settings %+v", s)
	}
	for _, name := range theme.Names {
		if _, err := parse(t, someRunner+"console: {theme: "+name+"}"); err != nil {
			t.Errorf("theme %s is refused: %v", name, err)
		}
	}
}
