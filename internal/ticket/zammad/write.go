package zammad

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"html"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// AnnouncesUpdates says that Update tells how the ticket stands before it writes.
func (c *Client) AnnouncesUpdates() {}

// Update compares first and sends what differs, in one request. After an uncertain failure the ticket is read again: when
// it is as it should be, the update has succeeded.
func (c *Client) Update(ctx context.Context, id string, changes ticket.Ticket) (ticket.Ticket, error) {
	now, err := c.read(ctx, id)
	if err != nil {
		return ticket.Ticket{}, err
	}
	if err := ticket.Conflict(now.unified(nil), changes); err != nil {
		return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
	}
	if err := ticket.Announce(ctx, now.unified(nil)); err != nil {
		return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
	}
	body, err := difference(now, changes)
	if err != nil {
		return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
	}
	if len(body) == 0 {
		return now.unified(nil), nil
	}
	if err := c.addPendingTime(ctx, body); err != nil {
		return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
	}
	var after wireTicket
	err = c.call(ctx, http.MethodPut, "/tickets/"+id+"?expand=true", body, &after)
	if errors.Is(err, errUncertain) {
		again, readErr := c.read(context.WithoutCancel(ctx), id)
		if rest, diffErr := difference(again, changes); readErr == nil && diffErr == nil && len(rest) == 0 {
			return again.unified(nil), nil
		}
	}
	if err == nil {
		err = after.took(changes.Fields)
	}
	if err != nil {
		return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
	}
	return after.unified(nil), nil
}

// addPendingTime gives a pending state the time that Zammad's core workflow asks for.
func (c *Client) addPendingTime(ctx context.Context, body map[string]any) error {
	if body["state"] == nil && body["state_id"] == nil {
		return nil
	}
	states, err := c.list(ctx, statesPath)
	if err != nil {
		return err
	}
	for _, s := range states {
		name, _ := body["state"].(string)
		if (body["state_id"] == s.ID || name != "" && strings.EqualFold(s.Name, name)) && strings.HasPrefix(s.kind(), "pending") {
			body["pending_time"] = c.o.Clock().Add(c.o.Pending).UTC().Format(time.RFC3339)
		}
	}
	return nil
}

// took says which custom attributes Zammad has dropped without a word: it does not know them.
func (w wireTicket) took(fields map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if is, known := w.Custom[name]; fields[name] != nil && (!known || ticket.FieldText(is) != ticket.FieldText(fields[name])) {
			return fault.Permanentf("Zammad did not take the value of %s: there is no such attribute, or the agent may not change it", name)
		}
	}
	return nil
}

// putFields adds the custom attributes that are not yet as wanted.
func putFields(body map[string]any, now, want map[string]any) error {
	if err := ticket.CheckFields(want); err != nil {
		return err
	}
	for name, value := range want {
		switch {
		case value == nil:
		case ownAttribute(name):
			return fault.Permanentf("%s is an attribute of Zammad's own, no custom one", name)
		case ticket.FieldText(now[name]) == ticket.FieldText(value):
		case ticket.FieldText(value) == "":
			body[name] = nil
		default:
			body[name] = value
		}
	}
	return nil
}

// difference gives the fields that are not yet as changes wants them.
func difference(now wireTicket, changes ticket.Ticket) (map[string]any, error) {
	body := map[string]any{}
	if s := title(changes.Subject); s != "" && s != now.Title {
		body["title"] = s
	}
	if changes.Lock != "" {
		return nil, fault.Permanentf("Zammad has no locks: leave lock %s out", changes.Lock)
	}
	if err := putFields(body, now.Custom, changes.Fields); err != nil {
		return nil, err
	}
	owner := changes.Owner
	if owner != nil && owner.ID == "" && owner.Name == "-" {
		owner = &ticket.Entity{ID: strconv.Itoa(nobody)}
	}
	for _, f := range []struct {
		key  string
		want *ticket.Entity
		id   int64
		name string
	}{
		{"group", changes.Queue, now.GroupID, now.Group},
		{"state", changes.State, now.StateID, now.State},
		{"priority", changes.Priority, now.PriorityID, now.Priority},
		{"owner", owner, now.OwnerID, now.Owner},
	} {
		if err := put(body, f.key, f.want, f.id, f.name); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// put sends the id or the name, never both: with both, Zammad goes by the id silently.
func put(body map[string]any, key string, want *ticket.Entity, id int64, name string) error {
	switch {
	case want.IsZero():
		return nil
	case want.ID == "":
		if !strings.EqualFold(want.Name, name) {
			body[key] = want.Name
		}
		return nil
	}
	n, err := strconv.ParseInt(want.ID, 10, 64)
	if err != nil || n <= 0 {
		return fault.Permanentf("%s id %q is no id of Zammad", key, want.ID)
	}
	if n != id {
		body[key+"_id"] = n
	}
	return nil
}

// AddNote adds an article with one update of the ticket, which needs no other right than a move does. It is internal unless
// the note is visible. A note with a key ends in a marker; it is looked for first, and again after an uncertain failure.
func (c *Client) AddNote(ctx context.Context, id string, n ticket.Note) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkID(id); err != nil {
		return err
	}
	if strings.TrimSpace(n.Body) == "" {
		n.Body = n.Subject // a body must not be empty
	}
	if strings.TrimSpace(n.Body) == "" {
		return fault.Permanentf("add a note to ticket %s: it needs a subject or a body", id)
	}
	place := c.notes[placeOf(id)%uint32(len(c.notes))]
	select {
	case place <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-place }()
	if n.Key != "" {
		if there, err := c.hasNote(ctx, id, n.Key); err != nil || there {
			return err
		}
	}
	err := c.call(ctx, http.MethodPut, "/tickets/"+id, map[string]any{"article": article(n)}, nil)
	if errors.Is(err, errUncertain) && n.Key != "" {
		if there, lookErr := c.hasNote(context.WithoutCancel(ctx), id, n.Key); lookErr == nil && there {
			return nil
		}
	}
	if errors.Is(err, errUncertain) && n.Key == "" && fault.ClassOf(err).Retryable() {
		err = fault.NewPermanent(err) // a second try could double the note
	}
	if errors.Is(err, errUncertain) && fault.ClassOf(err) == fault.Timeout { // Zammad may still be at it: look for it later
		err = &fault.Error{Class: fault.Timeout, RetryAfter: c.o.Timeout, Err: err}
	}
	if err != nil {
		return fmt.Errorf("add a note to ticket %s: %w", id, err)
	}
	return nil
}

func placeOf(id string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash never fails
	return h.Sum32()
}

func (c *Client) hasNote(ctx context.Context, id, key string) (bool, error) {
	list, err := c.articles(ctx, id)
	for _, a := range list {
		if strings.Contains(a.Body, marker(key)) {
			return true, nil
		}
	}
	return false, err
}

func article(n ticket.Note) map[string]any {
	kind, body := "text/plain", cutBytes(clean(n.Body))
	if strings.HasPrefix(n.ContentType, "text/html") {
		kind = "text/html"
	}
	switch {
	case n.Key == "":
	case kind == "text/html":
		body += "<p>" + html.EscapeString(marker(n.Key)) + "</p>"
	default:
		body += "\n\n" + marker(n.Key)
	}
	subject := title(n.Subject)
	if subject == "" {
		subject = "Note"
	}
	return map[string]any{"subject": subject, "body": body, "content_type": kind, "type": "note", "sender": "Agent", "internal": !n.Visible}
}

// Create adds a ticket. Zammad cannot tell a repeat, so Ticket.Key is without effect and an uncertain failure is permanent:
// a second try could double the ticket.
func (c *Client) Create(ctx context.Context, t ticket.Ticket) (ticket.Ticket, error) {
	body := map[string]any{"title": title(t.Subject)}
	if body["title"] == "" || t.Queue.IsZero() {
		return ticket.Ticket{}, fault.Permanentf("create a ticket: subject and queue are needed")
	}
	for key, e := range map[string]*ticket.Entity{
		"group": t.Queue, "state": t.State, "priority": t.Priority, "owner": t.Owner, "customer": t.Customer,
	} {
		if err := put(body, key, e, 0, ""); err != nil {
			return ticket.Ticket{}, fmt.Errorf("create a ticket: %w", err)
		}
	}
	if err := putFields(body, nil, t.Fields); err != nil {
		return ticket.Ticket{}, fmt.Errorf("create a ticket: %w", err)
	}
	if err := c.addPendingTime(ctx, body); err != nil {
		return ticket.Ticket{}, fmt.Errorf("create a ticket: %w", err)
	}
	if name, ok := body["customer"].(string); ok && strings.Contains(name, "@") {
		delete(body, "customer")
		body["customer_id"] = "guess:" + name // creates the customer when there is none
	}
	text := cutBytes(clean(t.Body))
	if strings.TrimSpace(text) == "" {
		text = t.Subject
	}
	body["article"] = map[string]any{
		"subject": body["title"], "body": text, "content_type": "text/plain", "type": "note", "sender": "Customer", "internal": false,
	}
	var made wireTicket
	if err := c.call(ctx, http.MethodPost, "/tickets?expand=true", body, &made); err != nil {
		if errors.Is(err, errUncertain) && fault.ClassOf(err).Retryable() {
			err = fault.NewPermanent(err)
		}
		return ticket.Ticket{}, fmt.Errorf("create a ticket: %w", err)
	}
	id := strconv.FormatInt(made.ID, 10)
	if err := made.took(t.Fields); err != nil {
		return ticket.Ticket{}, fmt.Errorf("ticket %s is created, but %w", id, err)
	}
	for _, n := range t.Notes {
		if err := c.AddNote(ctx, id, n); err != nil {
			return ticket.Ticket{}, fault.Permanentf("ticket %s is created, its notes are not: %w", id, err)
		}
	}
	return c.Get(ctx, id)
}
