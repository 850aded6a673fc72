package ui_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func longRun(t *testing.T) *uitest.Driver {
	t.Helper()
	return uitest.Drive(t, uitest.New(longRuns())).At("escalations").Press("enter", "enter")
}

func TestRunPanes(t *testing.T) {
	d := longRun(t).Sees("›  ✗ raise-priority", "tab log", "wait 20s")
	d.Press("i").Sees("INPUTS", "month=2026-11", "the last good run had 40c0ffee").Press("tab", "G").Sees("409 conflict").Press("tab")
	d.Press("i").Sees("13:52:59.100 E ticket 4711")
	d.Press("W").Sees("kim over cli  fired with month=2026-11", "kim over ssh  retried").Lacks("spam-filter")
	d.Press("=").Sees("diff with the last good run", "×522", "2026-10").Press("=").Sees("13:52:59.100 E ticket 4711").Did()
	d.Press("z").Lacks("13:52:59.100").Press("tab").Sees("13:52:59.100").Lacks("STEP ").Press("z").Sees("STEP ", "13:52:59.100")
}

func TestRunTimeAxis(t *testing.T) {
	d := longRun(t).Press("Z").Sees("gaps folded", "≈≈").Press(">").Sees("time 2×").Lacks("≈≈", "gaps folded")
	d.Press(">", "<", "<", "<").Lacks("time ", "≈≈")
}

func TestRunSiblings(t *testing.T) {
	d := longRun(t)
	d.Press("]").Sees("it is the newest run").Press("[").Lacks("steps of run 8f0582").Sees("steps of run")
	d.Press("]").Sees("steps of run 8f0582", "›  ✗ raise-priority").Did()
	first := screen.ShortID(uitest.RunID(2))
	d.Press("=", "[").Sees("diff with run", "steps of run "+first)
	for range 40 {
		d.Press("[")
	}
	d.Sees("no older run of escalations")
}

func TestRunActionsComeLive(t *testing.T) {
	d := longRun(t).Press("W")
	d.Fake.Hub.Event(orchestrator.Event{
		ID: 3000, At: uitest.Now, Kind: "cancel", Run: uitest.RunID(2), Runner: "escalations", By: "alex", Via: "console", Text: "cancelled by hand",
	})
	d.Fake.Hub.Event(orchestrator.Event{ID: 3001, At: uitest.Now, Kind: "cancel", Run: uitest.RunID(3), Runner: "dedupe", By: "alex", Text: "another run"})
	d.Live().Sees("alex over console  cancelled by hand").Lacks("another run")
}

func TestDiffSaysWhenThereIsNothing(t *testing.T) {
	f := longRuns()
	f.Runs = f.Runs[:0]
	uitest.Drive(t, uitest.New(f)).At("escalations").Press("enter", "enter", "=").Sees("no good run before this one")
	d := longRun(t)
	d.Fake.FailDetails(errors.New("disk I/O error"))
	d.Press("=").Sees("cannot be read: disk I/O error")
}

// TestAFilledFormBeginsAtThePhrase: only the phrase is left to type, and what is typed on a button goes there too.
func TestAFilledFormBeginsAtThePhrase(t *testing.T) {
	const did = `pause tag night by kim reason "later" drain=false until 16:02:31`
	promises(t).Press(":").Type("pause tag night 2h later").Press("enter").Type("pause 2").Press("enter").Did(did)
	promises(t).Press(":").Type("pause tag night 2h later").Press("enter", "tab", "tab").Type("pause 2").Press("enter").Did(did)
	promises(t).Press("6", "d").Type("reboot").Sees("reason reboot").Did() // nothing is filled in: the reason comes first
}

func TestHandlersAreCancelledAfterAQuestion(t *testing.T) {
	f := uitest.Promises()
	for i := range f.Snapshot.Runners {
		if r := &f.Snapshot.Runners[i]; r.ID == "escalations" {
			r.Last.Handlers = "pending"
			d := f.Details[r.Last.ID]
			d.Run.Handlers = "pending"
			f.Details[r.Last.ID] = d
		}
	}
	d := uitest.Drive(t, uitest.New(f)).At("escalations").Press("enter", "enter", "x").Sees("cancel the handlers of run").Did()
	d.Press("y").Did("cancel " + uitest.RunID(2) + " by kim")
}

// TestAChangedStateStandsOutForAWhile: in bold, that row alone, and only when the state itself changed.
func TestAChangedStateStandsOutForAWhile(t *testing.T) {
	d := tickets(t)
	mono, _ := theme.Named("mono")
	bold := func() string {
		var out []string
		for _, l := range strings.Split(d.App.Draw(80, 24).ANSI(mono), "\n") {
			plain := ansi.Strip(l)
			for _, id := range []string{"dedupe", "sla-watch", "spam-filter"} {
				if strings.Contains(plain, id) && strings.Contains(l, "\x1b[1m") && !strings.Contains(plain, "─") {
					out = append(out, id)
				}
			}
		}
		return strings.Join(out, " ")
	}
	before := bold() // late is always bold without colours
	d.Fake.Change("dedupe", func(r *orchestrator.Runner) {
		r.State, r.Current = orchestrator.Running, &orchestrator.Run{ID: "1", State: orchestrator.Running, StartedAt: uitest.Now}
	})
	if d.Live(); bold() != before { // the daily round
		t.Errorf("bold: %q, before %q", bold(), before)
	}
	d.Fake.Change("spam-filter", func(r *orchestrator.Runner) { l := *r.Last; l.State = orchestrator.Skipped; r.Last = &l })
	if d.Live(); bold() != before+" spam-filter" {
		t.Errorf("bold: %q, before %q", bold(), before)
	}
	if d.Advance(3 * time.Second); bold() != before {
		t.Errorf("bold after a while: %q, before %q", bold(), before)
	}
}
