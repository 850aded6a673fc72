package ui_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func onceOptions() ui.Options {
	return ui.Options{
		Orchestrator: uitest.New(uitest.Promises()), Environ: []string{"TERM=xterm-256color", "LANG=C.UTF-8"}, Width: 80, Height: 24,
		Now: func() time.Time { return uitest.Now },
	}
}

// TestOnceIsTheConsolesFrame: one frame is what the console shows at that size, on every screen.
func TestOnceIsTheConsolesFrame(t *testing.T) {
	run := uitest.RunID(2)
	for on, keys := range map[string][]string{
		"": nil, "runs": {"2"}, "logs": {"4"}, "Events": {"5"}, "engine": {"6"}, "approvals": {"7"}, "escalations": {"enter"}, run: {"enter", "enter"},
	} {
		d := uitest.Drive(t, uitest.New(uitest.Promises()), func(o *ui.Options) { o.Actor.Name, o.Actor.Via = "", "" })
		if len(keys) > 0 && keys[0] == "enter" {
			d.At("escalations")
		}
		d.Press(keys...)
		got, err := ui.Once(t.Context(), onceOptions(), on, false)
		if err != nil {
			t.Fatalf("%s: %v", on, err)
		}
		if lines := strings.Split(got, "\n"); len(lines) != 25 || text.Width(lines[2]) != 80 {
			t.Errorf("%s: %d lines, the rule is %d wide", on, len(lines)-1, text.Width(lines[2]))
		}
		if on == "" || on == "engine" { // the others keep a cursor that keys have moved
			if want := d.Text(); got != want {
				t.Errorf("%q\ngot\n%s\nwant\n%s", on, got, want)
			}
		}
	}
	if _, err := ui.Once(t.Context(), onceOptions(), "nonsense", false); !errors.Is(err, ui.ErrNoScreen) || !strings.Contains(err.Error(), "pipes, runs") {
		t.Errorf("an unknown screen: %v", err)
	}
}

// TestOnceHasNoControls: text without being asked for colours, colours only when asked and allowed.
func TestOnceHasNoControls(t *testing.T) {
	o := onceOptions()
	o.Orchestrator = uitest.New(hostile())
	plain, err := ui.Once(t.Context(), o, "", false)
	if err != nil || strings.ContainsAny(plain, "\x1b\x07\r\t\u009b") {
		t.Errorf("%v: %q", err, plain)
	}
	coloured, err := ui.Once(t.Context(), onceOptions(), "", true)
	if err != nil || !strings.Contains(coloured, "\x1b[1;31m") {
		t.Errorf("%v: no colour in %q", err, coloured)
	}
	o = onceOptions()
	o.Environ = append(o.Environ, "NO_COLOR=no") // any value
	if mono, err := ui.Once(t.Context(), o, "", true); err != nil || strings.Contains(mono, "\x1b") {
		t.Errorf("%v: %q", err, mono)
	}
}
