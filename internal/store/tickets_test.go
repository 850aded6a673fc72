package store

import (
	"strconv"
	"testing"
	"time"

	o "github.com/openticketai/otai-tui/internal/orchestrator"
)

func entryOf(run string, kind o.TicketKind, at time.Time) *TicketRow {
	return &TicketRow{Op: 1, Entry: o.TicketEntry{
		At: at, EndedAt: at, Service: "otobo", Ticket: "4711", Number: "2026000004711", Run: run, Runner: "r", Step: "r/s", Attempt: 1, Kind: kind,
		Outcome: o.TicketDone, Count: 1,
	}, Seen: &o.TicketSeen{Service: "otobo", Ticket: "4711", Number: "2026000004711", Queue: "Billing", Runner: "r", Run: run, Kind: kind, At: at}}
}

func journalOf(t *testing.T, s *Store, f o.TicketLogFilter) []o.TicketEntry {
	t.Helper()
	es, err := s.TicketLog(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return es
}

func TestTheJournalOutlivesItsRunsButNotWhatTheyRead(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i := range 20 {
		r := runAt(i+1, noon.Add(time.Duration(i)*time.Hour), o.Completed)
		insert(t, s, r, "")
		must(t, s, func(tx *Tx) error {
			for _, kind := range []o.TicketKind{o.TicketRead, o.TicketDecision, o.TicketUpdate} {
				row := entryOf(r.ID, kind, r.EndedAt)
				if kind == o.TicketRead {
					row.Op = 0
				}
				if err := tx.PutTicketEntry(row); err != nil {
					return err
				}
			}
			return nil
		})
	}
	now := noon.Add(20 * time.Hour)
	if _, err := s.Prune(t.Context(), "r", Keep{Runs: 5}, now); err != nil {
		t.Fatal(err)
	}
	count := func() map[o.TicketKind]int {
		n := map[o.TicketKind]int{}
		for _, e := range journalOf(t, s, o.TicketLogFilter{}) {
			n[e.Kind]++
		}
		return n
	}
	if n := count(); n[o.TicketRead] != 5 || n[o.TicketUpdate] != 20 || n[o.TicketDecision] != 20 {
		t.Errorf("after the runs went: %v", n)
	}
	if err := s.PruneTickets(t.Context(), 10*time.Hour, now); err != nil {
		t.Fatal(err)
	}
	if n := count(); n[o.TicketUpdate] != 10 || n[o.TicketDecision] != 10 {
		t.Errorf("after their age: %v", n)
	}
	if err := s.PruneTickets(t.Context(), time.Second, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	seen, err := s.TicketsSeen(t.Context(), o.TicketFilter{})
	if err != nil || len(seen) != 0 || len(count()) != 0 {
		t.Errorf("in the end: %v, %v, %v", count(), seen, err)
	}
}

func TestAWriteIsOneEntryHoweverOftenItIsTried(t *testing.T) {
	t.Parallel()
	s := open(t)
	insert(t, s, runAt(1, noon, o.Running), "")
	open := func(attempt int, changes ...o.TicketChange) (*TicketRow, bool) {
		t.Helper()
		row := entryOf("1", o.TicketUpdate, noon.Add(time.Duration(attempt)*time.Minute))
		row.Entry.Attempt, row.Entry.Outcome, row.Entry.Changes, row.Seen = attempt, o.TicketOpen, changes, nil
		var fresh bool
		must(t, s, func(tx *Tx) (err error) { fresh, err = tx.OpenTicketWrite(row); return err })
		return row, fresh
	}
	settle := func(row *TicketRow, outcome o.TicketOutcome) {
		t.Helper()
		row.Entry.Outcome = outcome
		must(t, s, func(tx *Tx) error { return tx.SettleTicketWrite(row) })
	}
	queue := o.TicketChange{Field: "queue", Before: "Raw", After: "Billing"}
	state := o.TicketChange{Field: "state", Before: "new", After: "open"}
	first, _ := open(1, queue, state)
	settle(first, o.TicketUnknown)
	second, fresh := open(2, state) // the queue was moved after all
	if !fresh || second.Entry.ID != first.Entry.ID || len(second.Entry.Changes) != 2 || second.Entry.Changes[0] != queue {
		t.Errorf("taken up: %v %+v", fresh, second.Entry)
	}
	settle(second, o.TicketDone)
	if _, fresh := open(3); fresh {
		t.Error("what is done has another entry without a change")
	}
	fourth, fresh := open(4, queue) // somebody moved it back, and it is run again
	if !fresh || fourth.Entry.ID == first.Entry.ID {
		t.Errorf("a second move has no entry of its own: %+v", fourth.Entry)
	}
	es := journalOf(t, s, o.TicketLogFilter{Ticket: o.TicketRef{Ticket: "2026000004711"}})
	if len(es) != 2 || es[0].Outcome != o.TicketDone || es[0].Attempt != 2 || es[1].Outcome != o.TicketOpen {
		t.Errorf("journal: %+v", es)
	}
}

func TestTicketsAreFoundByNumberAndParts(t *testing.T) {
	t.Parallel()
	s := open(t)
	insert(t, s, runAt(1, noon, o.Completed), "")
	for i := range 30 {
		row := entryOf("1", o.TicketUpdate, noon.Add(time.Duration(i)*time.Minute))
		id := strconv.Itoa(4700 + i)
		row.Op, row.Entry.Ticket, row.Entry.Number = i+1, id, "N"+id
		row.Seen.Ticket, row.Seen.Number, row.Seen.Subject, row.Seen.At = id, "N"+id, "subject "+id, row.Entry.At
		row.Seen.Queue, row.Seen.Label = "Queue "+strconv.Itoa(i%3), "label"+strconv.Itoa(i%2)
		must(t, s, func(tx *Tx) error { return tx.PutTicketEntry(row) })
	}
	for want, f := range map[int]o.TicketFilter{
		30: {}, 10: {Queue: "queue 1"}, 15: {Label: "LABEL1"}, 5: {Queue: "queue 1", Label: "label1"}, 1: {Number: "4711"}, 7: {Limit: 7},
		0: {Text: "nothing"},
	} {
		got, err := s.TicketsSeen(t.Context(), f)
		if err != nil || len(got) != want {
			t.Errorf("%+v: %d, %v", f, len(got), err)
		}
	}
	if got, err := s.TicketByRef(t.Context(), o.TicketRef{Ticket: "N4711"}); err != nil || got == nil || got.Ticket != "4711" {
		t.Errorf("by number: %+v, %v", got, err)
	}
	if got, err := s.TicketByRef(t.Context(), o.TicketRef{Ticket: "4711", Service: "other"}); err != nil || got != nil {
		t.Errorf("of another service: %+v, %v", got, err)
	}
}
