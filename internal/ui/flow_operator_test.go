package ui_test

import (
	"testing"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func journal(t *testing.T) *uitest.Driver {
	t.Helper()
	return uitest.Drive(t, uitest.New(uitest.Journal()))
}

func TestWhoMovedThisTicketAndTheWayBack(t *testing.T) {
	d := journal(t).Press("8").Sees("18 tickets of the journal", "2026112…004711", "Network::VPN")
	d.Press("enter").Sees("VPN breaks off", "queue Network::VPN · open · 4 high", "owner root@localhost", "queue Incoming → Network::VPN", "it still stands so")
	d.Press("U").Sees("put back #3", "ticket 2026112400004711 · queue Network::VPN → Incoming", "[ put back ]").Press("enter")
	d.Did(`undo ticket "4711" entry 3 run "" by kim`).Sees("1 change put back")
}

func TestAnUndoIsLeftWithoutDoingAnything(t *testing.T) {
	journal(t).Press("8", "enter", "U").Sees("[ put back ]").Press("esc").Sees("nothing done").Did()
}

func TestUndoOfWhatWasNotWrittenSaysWhy(t *testing.T) {
	d := journal(t).Press("8", "enter", "k", "U").Sees("notes and created tickets stay").Did()
	d.Press("j", "j", "U").Sees("it changed nothing").Did()
	d.Press("esc", "esc", "2", "g", "c", "U").Sees("it was a dry run: nothing was written").Did()
}

func TestUndoOfARunAsksForAPhraseAndLeavesConflictsAlone(t *testing.T) {
	f := uitest.Journal()
	more := f.Tickets.Undo.Steps[0]
	more.Entry, more.Ticket, more.Number = 9, "4790", "2026112400004790"
	f.Tickets.Undo.Steps = append(f.Tickets.Undo.Steps, more)
	d := uitest.Drive(t, uitest.New(f)).Press("8", "enter", "c").Sees("ticket 2026112400004711", "queue    Incoming → Network::VPN", "unknown")
	d.Press("U").Sees("2026112400004712 is left alone", "type undo 2 to go on").Press("enter", "enter").Did()
	d.Type("undo 2").Press("enter").Did(`undo ticket "" entry 0 run "01KAVTEST0000000000000042" by kim`).Sees("2 changes put back · 1 left alone")
}

func TestADryRunIsFiredByFormAndByName(t *testing.T) {
	d := journal(t).At("sentiment").Press("T", "tab", "tab", "right").Sees("it reads for real and writes nothing").Press("tab", "enter")
	d.Did("fire sentiment dry by kim")
	d.Press(":").Type("fire sentiment dry limit=5").Press("enter").Sees("writes nothing").Press("tab", "tab", "tab", "enter")
	d.Did("fire sentiment dry by kim", `fire sentiment params map[limit:5] overlap "" dry by kim`)
}

func TestWhatADryRunWouldChangeIsShownAsADiff(t *testing.T) {
	d := journal(t).Press("2", "g").Sees("dry run: 4 changes intended").Press("c")
	d.Sees("dry run, nothing was written", "queue    Incoming → Desk", "state    new → open", `note     + Open Ticket AI: routed: Queue: Desk`)
}

func TestAPipeHeldDrySaysSo(t *testing.T) {
	f := uitest.Journal()
	f.Snapshot.Engine.ConfigError, f.Snapshot.Engine.Stuck, f.Snapshot.Engine.Approvals, f.Approvals = "", nil, 0, nil
	d := uitest.Drive(t, uitest.New(f)).Sees("dry run: 1 pipe").At("dedupe").Sees("dry ok").Press("t").Sees("a dry run, as the configuration says").Press("esc")
	d.Press("enter").Sees("dedupe · ✓ ok · dry run")
}

func TestTheTicketOfAStepIsOneKeyAway(t *testing.T) {
	f := uitest.Journal()
	run := f.Details[uitest.RunID(106)].Run
	for i := range f.Tickets.Log[:4] {
		f.Tickets.Log[i].Run, f.Tickets.Log[i].Step = run.ID, "kb-suggest/fetch"
	}
	d := uitest.Drive(t, uitest.New(f)).At("kb-suggest").Press("enter", "enter", "g", "j", "o").Sees("VPN breaks off", "journal")
	d.Press("esc").Sees("steps of run").Press("G", "o").Sees("VPN breaks off") // the step itself touched none: the run's
	d.Press(":").Type("ticket 2026112400004711").Press("enter").Sees("queue Network::VPN")
	d.Press(":").Type("ticket 99").Press("enter").Sees("cannot be read: no such ticket 99")
}

func TestTheTicketOfAQuestionIsOneKeyAway(t *testing.T) {
	f := uitest.Journal()
	for i := range f.Approvals {
		f.Approvals[i].Subject = map[string]any{"ticket": map[string]any{"id": 4711}, "why": "low confidence"}
	}
	uitest.Drive(t, uitest.New(f)).Press("7", "o").Sees("VPN breaks off", "queue Network::VPN")
}

func TestTicketsAreFiltered(t *testing.T) {
	d := journal(t).Press("8", "/").Type("queue:bill runner:esc").Press("enter").Sees("/queue:bill runner:esc", "Invoice 2026-1117").Lacks("Network::VPN")
	d.Press("esc").Sees("18 tickets").Press("/").Type("nothing-like-it").Press("enter").Sees("no ticket passes the filter")
}

func TestAHostileTicketStaysText(t *testing.T) {
	f := uitest.Journal()
	for i := range f.Tickets.Log {
		e := &f.Tickets.Log[i]
		e.Number, e.Runner, e.Error, e.Text, e.By, e.Step = nasty, nasty, nasty, nasty, nasty, nasty
		for j := range e.Changes {
			e.Changes[j] = orchestrator.TicketChange{Field: nasty, Before: nasty, After: nasty}
		}
		if e.Note != nil {
			e.Note.Subject, e.Note.Body = nasty, nasty
		}
	}
	for i := range f.Tickets.Seen {
		s := &f.Tickets.Seen[i]
		s.Number, s.Subject, s.Queue, s.Label, s.Runner = nasty, nasty, nasty, nasty, nasty
	}
	n := &f.Tickets.Now[0]
	n.Subject, n.Queue, n.Body, n.Owner, n.System = nasty, nasty, nasty+"\n"+nasty, nasty, nasty
	n.Notes[0].Body, n.Notes[0].Author, n.Notes[0].Subject = nasty, nasty, nasty
	for i := range f.Tickets.Undo.Steps {
		f.Tickets.Undo.Steps[i].Conflict, f.Tickets.Undo.Steps[i].Number = "", nasty
		f.Tickets.Undo.Steps[i].Changes = []orchestrator.TicketChange{{Field: nasty, Before: nasty, After: nasty}}
	}
	d := uitest.Drive(t, uitest.New(f))
	for _, keys := range [][]string{{"8"}, {"enter"}, {"G"}, {"tab"}, {"j"}, {"tab", "g"}, {"U"}, {"esc", "c"}, {"U"}} {
		d.Press(keys...)
		for _, r := range d.Text() {
			if r != '\n' && (r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0x202e || r == 0x200b) {
				t.Fatalf("after %v: %U is on the screen:\n%s", keys, r, d.Text())
			}
		}
	}
}
