package desk

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// maxLine is the longest line Import reads, in bytes.
const maxLine = 4 << 20

// Import adds one ticket per line of JSON (JSONL). Queue, priority, state, customer and owner may be plain names or
// objects with id and name; ids of tickets are given anew. Bad lines are left out and reported with their numbers;
// the good ones are added all together. n is the number of tickets added; it is 0 when the desk could not be written,
// which is then the last problem.
func (d *Desk) Import(ctx context.Context, r io.Reader) (n int, problems []error) {
	err := d.tx(ctx, func(tx *sql.Tx) error {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 64<<10), maxLine)
		number := 0
		for lines.Scan() {
			number++
			line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
			if len(line) == 0 {
				continue
			}
			t, err := decodeLine(line)
			if err == nil {
				_, err = d.insert(ctx, tx, t)
			}
			switch {
			case err == nil:
				n++
			case fault.ClassOf(err) == fault.Permanent:
				problems = append(problems, fmt.Errorf("line %d: %w", number, err))
			default:
				return fmt.Errorf("line %d: %w", number, err)
			}
		}
		if err := lines.Err(); err != nil {
			problems = append(problems, fmt.Errorf("line %d: %w; the rest is not read", number+1, err))
		}
		return nil
	})
	if err != nil {
		return 0, append(problems, fmt.Errorf("import tickets: %w", err))
	}
	return n, problems
}

// Export writes all tickets with their notes as JSONL, oldest first, in the form that Import reads.
func (d *Desk) Export(ctx context.Context, w io.Writer) (int, error) {
	all, err := d.tickets(ctx, selectTicket+` ORDER BY t.created_at, t.id`)
	if err != nil {
		return 0, err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i, t := range all {
		id, err := ticketID(t.ID)
		if err != nil {
			return i, err
		}
		if t.Notes, err = d.notes(ctx, id); err != nil {
			return i, err
		}
		if err := enc.Encode(t); err != nil {
			return i, fmt.Errorf("export ticket %s: %w", t.ID, err)
		}
	}
	return len(all), nil
}

// line is a ticket as people write it.
type line struct {
	ID        anyText        `json:"id"`
	Number    anyText        `json:"number"`
	Subject   string         `json:"subject"`
	Title     string         `json:"title"`
	Body      string         `json:"body"`
	Queue     *looseEntity   `json:"queue"`
	Priority  *looseEntity   `json:"priority"`
	State     *looseEntity   `json:"state"`
	Customer  *looseEntity   `json:"customer"`
	Owner     *looseEntity   `json:"owner"`
	Locked    bool           `json:"locked"`
	Fields    map[string]any `json:"fields"`
	Notes     []ticket.Note  `json:"notes"`
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`
}

func decodeLine(text []byte) (ticket.Ticket, error) {
	var l line
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		return ticket.Ticket{}, fault.NewPermanent(explain(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return ticket.Ticket{}, fault.Permanentf("more than one JSON value on the line")
	}
	subject := l.Subject
	if subject == "" {
		subject = l.Title
	}
	return ticket.Ticket{
		Number: string(l.Number), Subject: subject, Body: l.Body, Queue: l.Queue.entity(), Priority: l.Priority.entity(),
		State: l.State.entity(), Customer: l.Customer.entity(), Owner: l.Owner.entity(), Locked: l.Locked, Fields: l.Fields,
		Notes: l.Notes, CreatedAt: l.CreatedAt,
	}, nil
}

func explain(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field == "":
		return fmt.Errorf("expected a JSON object, got %s", wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Errorf("%s: expected %s, got %s", wrong.Field, wrong.Type, wrong.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON ends too early")
	default:
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
}

// looseEntity is an entity written as a name, a number (an id) or an object. Ids of another system mean nothing here,
// so a name wins.
type looseEntity ticket.Entity

func (e *looseEntity) UnmarshalJSON(text []byte) error {
	if text[0] == '{' {
		var o struct {
			ID   anyText `json:"id"`
			Name anyText `json:"name"`
		}
		if err := json.Unmarshal(text, &o); err != nil {
			return err
		}
		e.ID, e.Name = string(o.ID), string(o.Name)
		return nil
	}
	var name anyText
	if err := json.Unmarshal(text, &name); err != nil {
		return errors.New("expected a name or an object with id and name")
	}
	e.Name = string(name)
	return nil
}

func (e *looseEntity) entity() *ticket.Entity {
	if e == nil || (e.ID == "" && e.Name == "") {
		return nil
	}
	return &ticket.Entity{ID: e.ID, Name: e.Name}
}

// anyText is a text or a number.
type anyText string

func (a *anyText) UnmarshalJSON(text []byte) error {
	var v any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return err
	}
	switch x := v.(type) {
	case nil:
	case string:
		*a = anyText(x)
	case json.Number:
		*a = anyText(x.String())
	default:
		return fmt.Errorf("expected a text or a number, got %s", bytes.TrimSpace(text))
	}
	return nil
}
