package screen

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/part"
)

// TestScreensSayWhatCannotBeRead, and before any answer that they are reading: each screen asks, and gets an error for every question.
func TestScreensSayWhatCannotBeRead(t *testing.T) {
	var d Data
	d.SetSnapshot(orchestrator.Snapshot{Runners: []orchestrator.Runner{{ID: "p"}}})
	env := Env{Now: time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC), Data: &d}
	for what, s := range map[string]Screen{
		"the runs": NewRuns(""), "the timeline": NewTimeline(), "the run": NewRun(orchestrator.Run{ID: "7", Runner: "p"}),
		"the log": NewLogs(orchestrator.LogFilter{}, "x"),
	} {
		s.Resize(80, 19)
		s.Refresh(env)
		text := func() string {
			c := part.NewCanvas(80, 19, false)
			s.Draw(env, c)
			return strings.Join(c.Lines(), "\n")
		}
		if got := text(); what != "the timeline" && !strings.Contains(got, "reading…") {
			t.Errorf("%s: it does not say that it reads:\n%s", what, got)
		}
		wants := s.Wants(env)
		if len(wants) == 0 {
			t.Fatalf("%s: nothing is asked", what)
		}
		for _, w := range wants {
			s.Receive(env, Answer{Want: w, Err: errors.New("disk on fire")})
		}
		if got := text(); !strings.Contains(got, what+" cannot be read: disk on fire") {
			t.Errorf("%s: it does not say why:\n%s", what, got)
		}
	}
}
