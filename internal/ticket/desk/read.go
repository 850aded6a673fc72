package desk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

const selectTicket = `
SELECT t.id, t.number, t.subject, t.body, q.id, q.name, p.id, p.name, s.id, s.name, t.customer, t.owner, t.locked, t.created_at, t.updated_at,
	(SELECT json_group_object(f.name, json(f.value)) FROM field f WHERE f.ticket = t.id)
FROM ticket t JOIN entity q ON q.id = t.queue JOIN entity p ON p.id = t.priority JOIN entity s ON s.id = t.state`

// Find gives matching tickets, oldest first. A queue the desk does not have gives none; a strict desk
// says so instead.
func (d *Desk) Find(ctx context.Context, c ticket.Criteria) ([]ticket.Ticket, error) {
	c, err := c.Checked()
	if err != nil {
		return nil, err
	}
	if err := d.checkSearch(ctx, c); err != nil {
		return nil, err
	}
	var w where
	w.queue(c.Queue, c.WithSubQueues)
	if c.OlderThan > 0 {
		w.add(`t.created_at <= ?`, d.clock().Add(-c.OlderThan).UnixMilli())
	}
	w.names(`s.name`, c.States)
	w.names(`p.name`, c.Priorities)
	w.fields(c.Fields)
	if len(c.States) == 0 {
		open, err := d.openStates(ctx)
		if err != nil {
			return nil, err
		}
		w.names(`s.name`, open)
	}
	found, err := d.tickets(ctx, selectTicket+w.sql()+` ORDER BY t.created_at, t.id LIMIT ? OFFSET ?`, append(w.args, c.Limit, c.Offset)...)
	for i := 0; c.WithNotes && err == nil && i < len(found); i++ {
		var id int64
		if id, err = ticketID(found[i].ID); err == nil {
			found[i].Notes, err = d.notes(ctx, id)
		}
	}
	return found, err
}

// checkSearch finds misspelt names of a strict desk: elsewhere they would look like an empty queue for ever.
func (d *Desk) checkSearch(ctx context.Context, c ticket.Criteria) error {
	if !d.strict {
		return nil
	}
	check := func(kind string, names ...string) error {
		known, err := entityNames(ctx, d.read, kind)
		if err != nil {
			return fmt.Errorf("search the desk: %w", err)
		}
		for _, name := range names {
			if name != "" && !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }) {
				return fault.Permanentf("search the desk: there is no %s %q; the nearest is %q", kind, name, nearest(name, known))
			}
		}
		return nil
	}
	if c.Queue != nil {
		if err := check(kindQueue, c.Queue.Name); err != nil {
			return err
		}
	}
	return errors.Join(check(kindState, c.States...), check(kindPriority, c.Priorities...))
}

// openStates gives the states that are not closed ones.
func (d *Desk) openStates(ctx context.Context) ([]string, error) {
	names, err := entityNames(ctx, d.read, kindState)
	if err != nil {
		return nil, fmt.Errorf("search the desk: %w", err)
	}
	return slices.DeleteFunc(names, ticket.Closed), nil
}

// Get gives one ticket with its notes, oldest first.
func (d *Desk) Get(ctx context.Context, id string) (ticket.Ticket, error) {
	n, err := ticketID(id)
	if err != nil {
		return ticket.Ticket{}, err
	}
	found, err := d.tickets(ctx, selectTicket+` WHERE t.id = ?`, n)
	if err != nil {
		return ticket.Ticket{}, err
	}
	if len(found) == 0 {
		return ticket.Ticket{}, noTicket(id)
	}
	t := found[0]
	t.Notes, err = d.notes(ctx, n)
	return t, err
}

func ticketID(id string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64)
	if err != nil || n <= 0 {
		return 0, noTicket(id)
	}
	return n, nil
}

func noTicket(id string) error {
	return fault.Permanentf("the desk has no ticket %q; see otai-tui desk list", id)
}

func (d *Desk) tickets(ctx context.Context, query string, args ...any) (out []ticket.Ticket, err error) {
	rows, err := d.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the desk: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		t, err := scanTicket(rows)
		if err != nil {
			return nil, fmt.Errorf("read the desk: %w", err)
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

type scanner interface{ Scan(dest ...any) error }

func scanTicket(row scanner) (ticket.Ticket, error) {
	t := ticket.Ticket{Queue: &ticket.Entity{}, Priority: &ticket.Entity{}, State: &ticket.Entity{}}
	var customer, owner string
	var created, updated int64
	var fields string
	err := row.Scan(&t.ID, &t.Number, &t.Subject, &t.Body, &t.Queue.ID, &t.Queue.Name, &t.Priority.ID, &t.Priority.Name,
		&t.State.ID, &t.State.Name, &customer, &owner, &t.Locked, &created, &updated, &fields)
	if err == nil && fields != "{}" {
		err = json.Unmarshal([]byte(fields), &t.Fields)
	}
	t.Customer, t.Owner = ticket.Named(customer), ticket.Named(owner)
	t.CreatedAt, t.UpdatedAt = fromMilli(created), fromMilli(updated)
	return t, err
}

func (d *Desk) notes(ctx context.Context, id int64) (out []ticket.Note, err error) {
	rows, err := d.read.QueryContext(ctx,
		`SELECT id, coalesce(key, ''), subject, body, content_type, visible, author, created_at FROM note WHERE ticket = ? ORDER BY id`, id)
	if err != nil {
		return nil, fmt.Errorf("read notes of ticket %d: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var n ticket.Note
		var at int64
		if err := rows.Scan(&n.ID, &n.Key, &n.Subject, &n.Body, &n.ContentType, &n.Visible, &n.Author, &at); err != nil {
			return nil, fmt.Errorf("read notes of ticket %d: %w", id, err)
		}
		n.CreatedAt = fromMilli(at)
		out = append(out, n)
	}
	return out, rows.Err()
}

// Change is one entry of a ticket's history.
type Change struct {
	At            time.Time
	Who           string
	What          string // "created", "subject", "queue", "priority", "state", "customer", "owner", "note"
	Before, After string
}

// History gives everything that happened to a ticket, oldest first. An unknown id is a permanent error.
func (d *Desk) History(ctx context.Context, id string) (out []Change, err error) {
	n, err := ticketID(id)
	if err != nil {
		return nil, err
	}
	rows, err := d.read.QueryContext(ctx, `SELECT at, who, what, before, after FROM change WHERE ticket = ? ORDER BY id`, n)
	if err != nil {
		return nil, fmt.Errorf("read history of ticket %d: %w", n, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c Change
		var at int64
		if err := rows.Scan(&at, &c.Who, &c.What, &c.Before, &c.After); err != nil {
			return nil, fmt.Errorf("read history of ticket %d: %w", n, err)
		}
		c.At = fromMilli(at)
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read history of ticket %d: %w", n, err)
	}
	if len(out) == 0 { // every ticket has at least its creation
		return nil, noTicket(id)
	}
	return out, nil
}

// ListFilter selects tickets for people. The zero value is the newest 100 that are not closed.
type ListFilter struct {
	Queue, State, Priority string // "" = any
	Text                   string // part of subject or body
	Closed                 bool   // include closed ones
	Limit                  int    // 0 = 100
}

// List gives tickets, newest first, without notes.
func (d *Desk) List(ctx context.Context, f ListFilter) ([]ticket.Ticket, error) {
	var w where
	w.queue(ticket.Named(f.Queue), true)
	if f.State != "" {
		w.add(`s.name = ?`, f.State)
	} else if !f.Closed {
		open, err := d.openStates(ctx)
		if err != nil {
			return nil, err
		}
		w.names(`s.name`, open)
	}
	if f.Priority != "" {
		w.add(`p.name = ?`, f.Priority)
	}
	if f.Text != "" {
		w.add(`(instr(lower(t.subject), lower(?)) > 0 OR instr(lower(t.body), lower(?)) > 0)`, f.Text, f.Text)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	return d.tickets(ctx, selectTicket+w.sql()+` ORDER BY t.created_at DESC, t.id DESC LIMIT ?`, append(w.args, limit)...)
}

// QueueCount is one queue with the number of its tickets.
type QueueCount struct {
	Name        string
	Open, Total int
}

// Queues gives all queues with the number of their tickets, by name.
func (d *Desk) Queues(ctx context.Context) (out []QueueCount, err error) {
	rows, err := d.read.QueryContext(ctx, `SELECT q.name, coalesce(s.name, ''), count(t.id) FROM entity q
		LEFT JOIN ticket t ON t.queue = q.id LEFT JOIN entity s ON s.id = t.state WHERE q.kind = ? GROUP BY q.id, s.id ORDER BY q.name`, kindQueue)
	if err != nil {
		return nil, fmt.Errorf("read queues of the desk: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name, state string
		var n int
		if err := rows.Scan(&name, &state, &n); err != nil {
			return nil, fmt.Errorf("read queues of the desk: %w", err)
		}
		if len(out) == 0 || out[len(out)-1].Name != name {
			out = append(out, QueueCount{Name: name})
		}
		q := &out[len(out)-1]
		q.Total += n
		if !ticket.Closed(state) {
			q.Open += n
		}
	}
	return out, rows.Err()
}

// where collects conditions that must all hold.
type where struct {
	parts []string
	args  []any
}

func (w *where) add(condition string, args ...any) {
	w.parts = append(w.parts, condition)
	w.args = append(w.args, args...)
}

func (w *where) queue(q *ticket.Entity, sub bool) {
	switch {
	case q.IsZero():
	case q.Name == "":
		w.add(`CAST(q.id AS TEXT) = ?`, strings.TrimSpace(q.ID))
	case sub:
		w.add(`(q.name = ? OR instr(lower(q.name), lower(?)) = 1)`, q.Name, q.Name+"::")
	default:
		w.add(`q.name = ?`, q.Name)
	}
}

func (w *where) fields(want map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if want[name] == "" {
			w.add(`NOT EXISTS (SELECT 1 FROM field f WHERE f.ticket = t.id AND f.name = ?)`, name)
		} else {
			w.add(`EXISTS (SELECT 1 FROM field f WHERE f.ticket = t.id AND f.name = ? AND f.text = ?)`, name, want[name])
		}
	}
}

func (w *where) names(column string, names []string) {
	if len(names) == 0 {
		return
	}
	args := make([]any, len(names))
	for i, n := range names {
		args[i] = n
	}
	w.add(column+` IN (?`+strings.Repeat(`, ?`, len(names)-1)+`)`, args...)
}

func (w *where) sql() string {
	if len(w.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.parts, " AND ")
}

var _ scanner = (*sql.Rows)(nil)
