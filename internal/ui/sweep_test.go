package ui_test

import (
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// TestEverySizeIsExact draws every scene at sizes from 1x1 to 300x100: no panic, exactly h lines of exactly w columns.
func TestEverySizeIsExact(t *testing.T) {
	for _, s := range append(allScenes(), scene{"hostile", hostile, func(d *uitest.Driver) { d.Press("j", "enter", "h") }}) {
		t.Run(s.name, func(t *testing.T) {
			d := uitest.Drive(t, uitest.New(s.data()))
			s.play(d)
			for _, w := range []int{1, 2, 5, 20, 39, 40, 58, 69, 70, 80, 109, 110, 140, 300} {
				for _, h := range []int{1, 2, 4, 9, 10, 13, 16, 17, 19, 20, 22, 24, 32, 33, 40, 100} {
					d.Resize(w, h)
					lines := d.Lines()
					if len(lines) != h {
						t.Fatalf("%dx%d: %d lines", w, h, len(lines))
					}
					for y, l := range lines {
						if text.Width(l) != w {
							t.Fatalf("%dx%d: line %d is %d wide: %q", w, h, y, text.Width(l), l)
						}
					}
				}
			}
		})
	}
}

// nasty is text that would break a terminal that got it.
const nasty = "a\x1b[2J\x1b]52;c;eA==\x07\x1b[10;10Hb\u202e\u200bc\xff\t日本👍🏽\r\nd\u009b31m"

func hostile() uitest.Fixture {
	f := uitest.Promises()
	for i := range f.Snapshot.Runners {
		r := &f.Snapshot.Runners[i]
		r.Description, r.Reason, r.Schedule, r.Policy = nasty, nasty, nasty, strings.Repeat(nasty, 50_000)
		r.ID += nasty
		r.Tags, r.Resources, r.HeldBy, r.Overlap = []string{nasty}, []string{nasty}, nasty, nasty
		hostileWait(r)
		if r.Pause != nil {
			r.Pause.By, r.Pause.Reason = nasty, nasty
		}
		if r.Last != nil {
			r.Last.Error, r.Last.FailedStep, r.Last.Runner = nasty, nasty, r.ID
		}
		if r.Current != nil {
			r.Current.Runner, r.Current.By = r.ID, nasty
		}
	}
	for i := range f.Runs {
		f.Runs[i].Error, f.Runs[i].Runner, f.Runs[i].Trigger = nasty, nasty, nasty
	}
	for _, d := range f.Details {
		for i := range d.Steps {
			d.Steps[i].ID, d.Steps[i].Error, d.Steps[i].Message, d.Steps[i].Kind = nasty, nasty, nasty, nasty
		}
	}
	for i := range f.Logs {
		f.Logs[i].Msg, f.Logs[i].Step = nasty, nasty
	}
	for i := range f.Events {
		e := &f.Events[i]
		e.Text, e.By, e.Runner, e.Kind, e.Via, e.Before, e.After = nasty, nasty, nasty, nasty, nasty, nasty, nasty
	}
	for i := range f.Approvals {
		a := &f.Approvals[i]
		a.Question, a.Runner, a.Step = nasty, nasty, nasty
		a.Subject, a.Input = map[string]any{nasty: nasty, "list": []any{nasty}}, map[string]string{nasty: nasty}
	}
	for i := range f.Backfills {
		f.Backfills[i].ID, f.Backfills[i].Runner, f.Backfills[i].By = nasty, nasty, nasty
	}
	hostileEngine(&f.Snapshot.Engine)
	return f
}

func hostileEngine(e *orchestrator.Engine) {
	e.Name, e.Config, e.ConfigHash, e.ConfigError, e.StateDir = nasty, nasty, nasty, nasty, nasty
	e.Notices, e.Stuck = []string{nasty}, []string{nasty}
	for i := range e.Limits {
		l := &e.Limits[i]
		l.Name, l.Rate, l.Breaker, l.Holders = nasty, nasty, nasty, []string{nasty}
	}
	for i := range e.Holds {
		e.Holds[i].Pause.By, e.Holds[i].Pause.Reason, e.Holds[i].Scope.Name = nasty, nasty, nasty
	}
}

// TestHostileTextStaysText: foreign text never brings a control character into a frame, on any screen, live or read.
func TestHostileTextStaysText(t *testing.T) {
	for _, glyphs := range []string{"unicode", "ascii"} {
		d := uitest.Drive(t, uitest.New(hostile()), func(o *ui.Options) { o.Glyphs, o.Width, o.Height = glyphs, 140, 40 })
		look := func(where string) {
			t.Helper()
			for _, r := range strings.Join(d.Lines(), "") {
				if r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0x202e || r == 0x200b || glyphs == "ascii" && r > 0x7e {
					t.Fatalf("%s %s: %U is on the screen:\n%s", glyphs, where, r, d.Text())
				}
			}
		}
		look("pipes")
		for _, keys := range [][]string{
			{"enter"},
			{"G", "h"},
			{"enter"},
			{"j", "tab", "j"},
			{"q", "q", "H"},
			{"q", "L"},
			{"2"},
			{"4"},
			{"w"},
			{"3"},
			{"-", "-", "-", "j"},
			{"<", "+"},
			{"5", "j"},
			{"1", "t"},
			{"n", "x"},
			{"n", "?"},
			{"esc", "P"},
			{"esc", "T"},
			{"esc", "B"},
			{"esc", "6"},
			{"G"},
			{"p"},
			{"esc", "7"},
			{"A"},
			{"esc", ":", "pause "},
		} {
			d.Press(keys...)
			look(strings.Join(keys, " "))
		}
		d.Press("esc")
		d.Fake.Hub.Event(orchestrator.Event{ID: 5000, At: uitest.Now, Text: nasty})
		d.Fake.Hub.Log(orchestrator.LogLine{Run: "x", Runner: nasty, Msg: nasty, At: uitest.Now})
		d.Fake.Hub.Engine(orchestrator.Engine{Health: "degraded", Problems: []string{nasty}})
		d.Live()
		look("live")
		d.Press("4")
		look("live log")
	}
}
