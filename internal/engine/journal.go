package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/journal"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// journalled is an entry of the ticket journal that is written together with its step's state.
type journalled struct {
	row     store.TicketRow
	settles bool // it is the outcome of a write that could not be written at once
}

// stepBook is the ticket journal as one step of a run writes it. It has no state of its own.
type stepBook struct {
	x    *execution
	path string
}

func rowOf(e *journal.Entry) store.TicketRow {
	return store.TicketRow{Entry: e.TicketEntry, Op: e.Op, Seen: e.Seen}
}

// Open makes the intent of a write durable. Nothing is sent to a ticket system that the journal could not be told of.
func (b stepBook) Open(ctx context.Context, e *journal.Entry) (bool, error) {
	row, fresh := rowOf(e), false
	err := b.x.e.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		try := row // the transaction may be tried again
		var err error
		fresh, err = tx.OpenTicketWrite(&try)
		e.TicketEntry = try.Entry
		return err
	})
	if err != nil {
		return false, fault.NewTransient(fmt.Errorf("the ticket journal cannot be written, so nothing was sent: %w", err))
	}
	if fresh { // an entry that was taken up has the time of the attempt that left it open
		if err := b.x.e.letArrive(ctx, e.At); err != nil {
			return false, fmt.Errorf("wait for a write that may still arrive: %w", err)
		}
	}
	b.x.e.failAt(failWriteOpen)
	return fresh, nil
}

// lateWrite is how long after a crash a write that was under way may still be carried out: the ticket system had it already,
// and to look for it before would be too early. OTOBO takes 65 ms for a note, a busy one more.
const lateWrite = 2 * time.Second

// letArrive waits when a write was noted before this engine started: whoever sent it has died, its effect may come yet.
func (e *Engine) letArrive(ctx context.Context, noted time.Time) error {
	start := e.loop.startedAt
	wait := start.Add(lateWrite).Sub(e.clock())
	if !noted.Before(start) || wait <= 0 {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Settle keeps what became of a write, without waiting. When that fails it is written with the step's state.
func (b stepBook) Settle(e *journal.Entry) {
	b.x.e.failAt(failWriteDone)
	row := rowOf(e)
	again := func(err error) {
		if err != nil {
			b.x.keepEntry(b.path, journalled{row: row, settles: true})
		}
	}
	err := b.x.e.store.WriteAsync(context.WithoutCancel(b.x.e.loop.ctx), func(tx *store.Tx) error {
		try := row
		return tx.SettleTicketWrite(&try)
	}, again)
	again(err)
}

// Put keeps an entry until the step's state is written.
func (b stepBook) Put(e *journal.Entry) { b.x.keepEntry(b.path, journalled{row: rowOf(e)}) }

func (x *execution) keepEntry(path string, j journalled) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if j.row.Entry.Outcome == orchestrator.TicketIntended {
		x.intended++
	}
	if x.entries == nil {
		x.entries = map[string][]journalled{}
	}
	x.entries[path] = append(x.entries[path], j)
}

// putEntries writes what was collected for a step.
func putEntries(tx *store.Tx, entries []journalled) error {
	for i := range entries {
		row := entries[i].row // the transaction may be tried again
		put := tx.PutTicketEntry
		if entries[i].settles {
			put = tx.SettleTicketWrite
		}
		if err := put(&row); err != nil {
			return err
		}
	}
	return nil
}

// scribe gives what writes down one attempt of a step.
func (x *execution) scribe(call *pipe.Call, sc scope) *journal.Scribe {
	return &journal.Scribe{
		Book: stepBook{x, call.Step}, About: ticketOf(sc), Clock: x.e.clock, Line: x.e.secrets.line, Text: x.ed.cfg.Engine.JournalText,
		Base: orchestrator.TicketEntry{Run: x.id, Runner: x.name, Step: call.Step, Attempt: call.Attempt, DryRun: x.from.DryRun},
	}
}

// ticketOf is the ticket that a place in the pipe is about: the variable ticket, else the item of a for_each that looks like one.
func ticketOf(sc scope) journal.Ref {
	if ref, ok := refOf(sc.vars["ticket"]); ok {
		return ref
	}
	for name, v := range sc.vars {
		if name == "params" || name == "config" {
			continue
		}
		if ref, ok := refOf(v); ok {
			return ref
		}
	}
	return journal.Ref{}
}

// refOf reads a ticket as templates see it (ticket.Ticket.Map).
func refOf(v any) (journal.Ref, bool) {
	m, ok := v.(map[string]any)
	if !ok || m["id"] == nil || m["id"] == "" {
		return journal.Ref{}, false
	}
	_, subject := m["subject"]
	if _, queue := m["queue"]; !subject || !queue {
		return journal.Ref{}, false
	}
	text := func(key string) string {
		if m[key] == nil {
			return ""
		}
		return fmt.Sprint(m[key])
	}
	return journal.Ref{ID: text("id"), Number: text("number"), Subject: text("subject")}, true
}

// closeScribe hands over what an attempt read.
func closeScribe(s *journal.Scribe, call *pipe.Call) {
	if more := s.Close(); more > 0 {
		call.Log.Debug(fmt.Sprintf("%d more tickets were read; the journal keeps the first ones of a step", more))
	}
}
