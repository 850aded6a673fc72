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

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// Create adds a ticket, with its notes. Missing are filled in: queue Raw, priority 3 normal, state new.
func (d *Desk) Create(ctx context.Context, t ticket.Ticket) (ticket.Ticket, error) {
	var id int64
	err := d.tx(ctx, func(tx *sql.Tx) error {
		var err error
		id, err = d.insert(ctx, tx, t)
		return err
	})
	if err != nil {
		return ticket.Ticket{}, fmt.Errorf("create ticket: %w", err)
	}
	return d.Get(ctx, strconv.FormatInt(id, 10))
}

func (d *Desk) insert(ctx context.Context, tx *sql.Tx, t ticket.Ticket) (int64, error) {
	if strings.TrimSpace(t.Subject) == "" && strings.TrimSpace(t.Body) == "" {
		return 0, fault.Permanentf("a ticket needs a subject or a body")
	}
	if err := ticket.CheckFields(t.Fields); err != nil {
		return 0, err
	}
	for i, n := range t.Notes { // before anything is written: an import goes on after a refused ticket
		if err := checkNote(n); err != nil {
			return 0, fmt.Errorf("notes[%d]: %w", i, err)
		}
	}
	var id int64
	if t.Key != "" {
		err := tx.QueryRowContext(ctx, `SELECT id FROM ticket WHERE key = ?`, t.Key).Scan(&id)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return id, err
		}
	}
	queue, err := d.entityID(ctx, tx, kindQueue, t.Queue, DefaultQueue)
	if err != nil {
		return 0, err
	}
	priority, err := d.entityID(ctx, tx, kindPriority, t.Priority, DefaultPriority)
	if err != nil {
		return 0, err
	}
	state, err := d.entityID(ctx, tx, kindState, t.State, DefaultState)
	if err != nil {
		return 0, err
	}
	at := d.now()
	if !t.CreatedAt.IsZero() {
		at = t.CreatedAt.UnixMilli()
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO ticket
		(key, number, subject, body, queue, priority, state, customer, owner, locked, created_at, updated_at)
		VALUES (nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, t.Key, t.Number, clean(t.Subject), clean(t.Body), queue, priority, state,
		t.Customer.Label(), t.Owner.Label(), t.Locked, at, at)
	if err != nil {
		return 0, err
	}
	if id, err = res.LastInsertId(); err != nil {
		return 0, err
	}
	if t.Number == "" {
		number := fmt.Sprintf("%s%05d", fromMilli(at).Format("20060102"), id)
		if _, err := tx.ExecContext(ctx, `UPDATE ticket SET number = ? WHERE id = ?`, number, id); err != nil {
			return 0, err
		}
	}
	if err := d.record(ctx, tx, id, "created", "", clean(t.Subject)); err != nil {
		return 0, err
	}
	for _, name := range slices.Sorted(maps.Keys(t.Fields)) {
		if err := putField(ctx, tx, id, name, t.Fields[name]); err != nil {
			return 0, err
		}
	}
	for _, n := range t.Notes {
		if err := d.insertNote(ctx, tx, id, n); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// Update applies the set fields of changes: subject, queue, priority, state, customer and owner. A field that has the
// value already is left alone and leaves no trace in the history. All fields change together or not at all.
func (d *Desk) Update(ctx context.Context, id string, changes ticket.Ticket) (ticket.Ticket, error) {
	n, err := ticketID(id)
	if err == nil {
		err = errors.Join(ticket.CheckFields(changes.Fields), ticket.CheckLock(changes.Lock))
	}
	if err != nil {
		return ticket.Ticket{}, fault.NewPermanent(err)
	}
	err = d.tx(ctx, func(tx *sql.Tx) error {
		before, err := scanTicket(tx.QueryRowContext(ctx, selectTicket+` WHERE t.id = ?`, n))
		if errors.Is(err, sql.ErrNoRows) {
			return noTicket(id)
		}
		if err != nil {
			return err
		}
		if err := ticket.Conflict(before, changes); err != nil {
			return err
		}
		return d.apply(ctx, tx, n, before, changes)
	})
	if err != nil {
		return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
	}
	return d.Get(ctx, id)
}

func (d *Desk) apply(ctx context.Context, tx *sql.Tx, id int64, before, changes ticket.Ticket) error {
	changed := false
	set := func(column, was, is string, value any) error {
		if was == is {
			return nil
		}
		changed = true
		// The column names are the constants below, never input.
		if _, err := tx.ExecContext(ctx, `UPDATE ticket SET `+column+` = ? WHERE id = ?`, value, id); err != nil {
			return err
		}
		return d.record(ctx, tx, id, column, was, is)
	}
	for _, text := range []struct{ column, was, is string }{
		{"subject", before.Subject, clean(changes.Subject)},
		{"customer", before.Customer.Label(), changes.Customer.Label()},
		{"owner", before.Owner.Label(), changes.Owner.Label()},
	} {
		if text.is == "" {
			continue
		}
		if err := set(text.column, text.was, text.is, text.is); err != nil {
			return err
		}
	}
	for _, e := range []struct {
		kind    string
		was, is *ticket.Entity
	}{
		{kindQueue, before.Queue, changes.Queue}, {kindPriority, before.Priority, changes.Priority}, {kindState, before.State, changes.State},
	} {
		if e.is.IsZero() {
			continue
		}
		to, err := d.entityID(ctx, tx, e.kind, e.is, "")
		if err != nil {
			return err
		}
		var name string
		if err := tx.QueryRowContext(ctx, `SELECT name FROM entity WHERE id = ?`, to).Scan(&name); err != nil {
			return err
		}
		if err := set(e.kind, e.was.Name, name, to); err != nil {
			return err
		}
	}
	if changes.Lock != "" {
		was, is := lockText(before.Locked), changes.Lock
		if err := set("locked", was, is, is == ticket.Lock); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(changes.Fields)) {
		was, is := ticket.FieldText(before.Fields[name]), ticket.FieldText(changes.Fields[name])
		if was == is || changes.Fields[name] == nil {
			continue
		}
		changed = true
		if err := errors.Join(putField(ctx, tx, id, name, changes.Fields[name]), d.record(ctx, tx, id, "field "+name, was, is)); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE ticket SET updated_at = ? WHERE id = ?`, d.now(), id)
	return err
}

func lockText(locked bool) string {
	if locked {
		return ticket.Lock
	}
	return ticket.Unlock
}

// putField sets a field, or takes it away when the value is none.
func putField(ctx context.Context, tx *sql.Tx, id int64, name string, value any) error {
	text := ticket.FieldText(value)
	if text == "" {
		_, err := tx.ExecContext(ctx, `DELETE FROM field WHERE ticket = ? AND name = ?`, id, name)
		return err
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fault.Permanentf("field %s: %w", name, err)
	}
	_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO field (ticket, name, value, text) VALUES (?, ?, ?, ?)`, id, name, string(raw), text)
	return err
}

// AddNote adds one note. A note whose key the ticket has already changes nothing and succeeds.
func (d *Desk) AddNote(ctx context.Context, id string, n ticket.Note) error {
	number, err := ticketID(id)
	if err != nil {
		return err
	}
	err = d.tx(ctx, func(tx *sql.Tx) error {
		var there bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM ticket WHERE id = ?)`, number).Scan(&there); err != nil {
			return err
		}
		if !there {
			return noTicket(id)
		}
		return d.insertNote(ctx, tx, number, n)
	})
	if err != nil {
		return fmt.Errorf("add note to ticket %s: %w", id, err)
	}
	return nil
}

func checkNote(n ticket.Note) error {
	if strings.TrimSpace(n.Subject) == "" && strings.TrimSpace(n.Body) == "" {
		return fault.Permanentf("a note needs a subject or a body")
	}
	return nil
}

func (d *Desk) insertNote(ctx context.Context, tx *sql.Tx, id int64, n ticket.Note) error {
	if err := checkNote(n); err != nil {
		return err
	}
	at := d.now()
	if !n.CreatedAt.IsZero() {
		at = n.CreatedAt.UnixMilli()
	}
	author, contentType := n.Author, n.ContentType
	if author == "" {
		author = d.author
	}
	if contentType == "" {
		contentType = "text/plain"
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO note (ticket, key, subject, body, content_type, visible, author, created_at)
		VALUES (?, nullif(?, ''), ?, ?, ?, ?, ?, ?) ON CONFLICT (ticket, key) DO NOTHING`,
		id, n.Key, clean(n.Subject), clean(n.Body), contentType, n.Visible, author, at)
	if err != nil {
		return err
	}
	if added, err := res.RowsAffected(); err != nil || added == 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE ticket SET updated_at = max(updated_at, ?) WHERE id = ?`, at, id); err != nil {
		return err
	}
	return d.record(ctx, tx, id, "note", "", clean(n.Subject))
}

func (d *Desk) record(ctx context.Context, tx *sql.Tx, id int64, what, before, after string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO change (ticket, at, who, what, before, after) VALUES (?, ?, ?, ?, ?, ?)`,
		id, d.now(), d.author, what, before, after)
	return err
}

// clean makes text storable and safe to show: UTF-8, without control characters except line breaks and tabs.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "�")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20 || (r >= 0x7f && r <= 0x9f):
			return -1
		default:
			return r
		}
	}, strings.TrimSpace(s))
}
