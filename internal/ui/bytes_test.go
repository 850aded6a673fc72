package ui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// TestNothingShownCostsNothing: changes that the screen does not show send not one byte: with 200 of them on the way, one changed row costs
// what it costs alone.
func TestNothingShownCostsNothing(t *testing.T) {
	toggle := func(s *uitest.Session, state orchestrator.State, see string, hidden int) int {
		from := s.Bytes()
		for i := range hidden {
			s.Fake.Change("dedupe", func(r *orchestrator.Runner) { r.Use = fmt.Sprintf("base:Pipe%d", i) }) // shown nowhere here
			s.Fake.Hub.Log(orchestrator.LogLine{Run: "7", Runner: "dedupe", Seq: int64(i + 1), Msg: "not on this screen"})
		}
		s.Fake.Change("vip-queue", func(r *orchestrator.Runner) { r.State = state })
		s.WaitText(t, see)
		return s.Bytes() - from
	}
	s := uitest.Start(t, uitest.New(uitest.Tickets()))
	s.WaitFrame(t, tickets(t).Lines())
	toggle(s, orchestrator.Cancelling, "vip-queue               stopping", 0)
	toggle(s, orchestrator.Completed, "vip-queue               ok", 0)
	alone := toggle(s, orchestrator.Cancelling, "vip-queue               stopping", 0)
	toggle(s, orchestrator.Completed, "vip-queue               ok", 0)
	if with := toggle(s, orchestrator.Cancelling, "vip-queue               stopping", 200); with != alone {
		t.Errorf("one changed row took %d bytes alone, %d with 200 changes that are not shown", alone, with)
	}
}

// TestAttachedIsTold: who leaves this console does not stop the engine, and sees that beforehand.
func TestAttachedIsTold(t *testing.T) {
	attached := func(on bool) *uitest.Driver {
		return uitest.Drive(t, uitest.New(uitest.Tickets()), func(o *ui.Options) { o.Detached, o.Width, o.Height = on, 140, 40 })
	}
	d := attached(true).Sees("kim · ssh · attached").Press("Q").Sees("Q once more quits").Lacks("stops the engine")
	if d.Press("Q"); !d.Quit {
		t.Error("it goes on")
	}
	attached(false).Lacks("attached").Press("Q").Sees("stops the engine")
}

// TestALogLineCostsItsLength: a line that comes at the end of a full screen costs its length and at most 40 bytes, over SSH too.
func TestALogLineCostsItsLength(t *testing.T) {
	for _, ssh := range []bool{false, true} {
		t.Run(fmt.Sprintf("ssh %v", ssh), func(t *testing.T) {
			s := uitest.Start(t, uitest.New(uitest.Tickets()), func(o *ui.Options) { o.OverSSH = ssh })
			s.WaitText(t, "18 pipes")
			s.Keys(t, "4")
			line := func(i int) orchestrator.LogLine {
				return orchestrator.LogLine{
					Run: uitest.RunID(106), Runner: "kb-suggest", Seq: int64(1000 + i), Step: "kb-suggest/write-note", Level: "info",
					At: uitest.Now.Add(time.Duration(i) * time.Second), Msg: fmt.Sprintf("note number %d is written", i),
				}
			}
			for i := range 120 { // the screen is full from here on, and the count of lines calm
				s.Fake.Hub.Log(line(i))
			}
			s.WaitText(t, "note number 119 is written")
			const lines = 10
			from, length := s.Bytes(), 0
			for i := 120; i < 120+lines; i++ {
				s.Fake.Hub.Log(line(i))
				want := fmt.Sprintf("note number %d is written", i)
				s.WaitText(t, want)
				length += shown(s.Lines(), want)
			}
			if n := s.Bytes() - from; n > length+40*lines {
				t.Errorf("%d lines of %d columns took %d bytes, the budget is %d", lines, length, n, length+40*lines)
			} else {
				t.Logf("a line of %d columns takes %d bytes", length/lines, n/lines)
			}
		})
	}
}

// shown is how many columns of a line hold something.
func shown(lines []string, want string) int {
	for _, l := range lines {
		if strings.Contains(l, want) {
			return len([]rune(strings.TrimSpace(l)))
		}
	}
	return 0
}

// TestFirstPaintOfEveryScreen: no screen of 80x24 costs more than 6,000 bytes when it appears, on any theme.
func TestFirstPaintOfEveryScreen(t *testing.T) {
	for _, theme := range []string{"terminal", "otai-dark", "mono"} {
		s := uitest.Start(t, uitest.New(uitest.Promises()), func(o *ui.Options) {
			o.Theme, o.Environ = theme, append(o.Environ, "COLORTERM=truecolor")
		})
		s.WaitText(t, "18 pipes")
		if n := s.Bytes(); n > 6000 {
			t.Errorf("%s: the first frame took %d bytes", theme, n)
		}
		for _, c := range [][2]string{{"2", "runs of all pipes"}, {"5", " event"}, {"6", "HEALTH"}, {"7", "Move 12 tickets"}, {"?", "keys · approvals"}} {
			from := s.Bytes()
			s.Keys(t, c[0])
			s.WaitText(t, c[1])
			if n := s.Bytes() - from; n > 6000 {
				t.Errorf("%s: screen %s took %d bytes", theme, c[0], n)
			}
		}
	}
}
