package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	o "github.com/openticketai/otai-tui/internal/orchestrator"
)

func scanTicketEntry(rows *sql.Rows, e *o.TicketEntry) error {
	var at, run int64
	var ended sql.NullInt64
	var data string
	err := rows.Scan(&e.ID, &at, &e.Service, &e.Ticket, &e.Number, &run, &e.Runner, &e.Step, &e.Attempt, &e.Kind, &e.DryRun, &e.Outcome,
		&e.Error, &ended, &e.Count, &data, &e.By, &e.Via, &e.Undoes, &e.UndoneBy)
	if err != nil {
		return err
	}
	e.At, e.Run, e.EndedAt = fromNanos(at), seqID(run), fromNull(ended)
	return setData(e, data)
}

// TicketLog gives entries of the ticket journal, oldest first.
func (s *Store) TicketLog(ctx context.Context, f o.TicketLogFilter) ([]o.TicketEntry, error) {
	var where []string
	var args []any
	add := func(cond string, a ...any) {
		where = append(where, cond)
		args = append(args, a...)
	}
	if f.Ticket.Ticket != "" {
		add("(ticket=? OR number=?)", f.Ticket.Ticket, f.Ticket.Ticket)
	}
	if f.Ticket.Service != "" {
		add("service=?", f.Ticket.Service)
	}
	if f.Run != "" {
		seq, err := runSeq(f.Run)
		if err != nil {
			return nil, err
		}
		add("run=?", seq)
	}
	if f.Entry != 0 {
		add("id=?", f.Entry)
	}
	if f.Changes {
		add("kind IN ('update', 'note', 'create', 'call')")
	}
	q := `SELECT id, at, service, ticket, number, run, runner, step, attempt, kind, dry, outcome, error, ended, count, data, by, via, undoes,
		coalesce((SELECT max(u.id) FROM ticket_log u WHERE u.undoes=ticket_log.id AND u.outcome='done' AND u.undoes<>0), 0) FROM ticket_log`
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
	}
	out, err := collect(ctx, s, "ticket journal", scanTicketEntry, q+" ORDER BY id DESC LIMIT ?", append(args, cmp.Or(f.Limit, 1000))...)
	slices.Reverse(out)
	return out, err
}

func scanTicketSeen(rows *sql.Rows, t *o.TicketSeen) error {
	var at, run int64
	err := rows.Scan(&t.Service, &t.Ticket, &t.Number, &t.Subject, &t.Queue, &t.Priority, &t.State, &t.Label, &t.Runner, &run, &t.Kind, &at)
	t.At, t.Run = fromNanos(at), seqID(run)
	return err
}

const seenColumns = `SELECT service, ticket, number, subject, queue, priority, state, label, runner, run, kind, at FROM ticket`

// TicketsSeen gives the tickets of the journal, the one touched last first.
func (s *Store) TicketsSeen(ctx context.Context, f o.TicketFilter) ([]o.TicketSeen, error) {
	var where []string
	var args []any
	part := func(value string, columns ...string) {
		if value == "" {
			return
		}
		for i, c := range columns {
			columns[i] = fmt.Sprintf("instr(lower(%s), lower(?))>0", c)
			args = append(args, value)
		}
		where = append(where, "("+strings.Join(columns, " OR ")+")")
	}
	part(f.Text, "number", "ticket", "subject", "queue", "label", "runner")
	part(f.Number, "number", "ticket")
	part(f.Queue, "queue")
	part(f.Label, "label")
	part(f.Runner, "runner")
	q := seenColumns
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
	}
	return collect(ctx, s, "tickets", scanTicketSeen, q+" ORDER BY at DESC LIMIT ?", append(args, cmp.Or(f.Limit, 200))...)
}

// TicketByRef gives the ticket that the journal knows by an id or a number; an id counts before a number. nil = it knows none.
func (s *Store) TicketByRef(ctx context.Context, ref o.TicketRef) (*o.TicketSeen, error) {
	out, err := collect(ctx, s, "tickets", scanTicketSeen, seenColumns+` WHERE (ticket=? OR number=?) AND (?='' OR service=?)
		ORDER BY ticket=? DESC, at DESC LIMIT 1`, ref.Ticket, ref.Ticket, ref.Service, ref.Service, ref.Ticket)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return &out[0], nil
}
