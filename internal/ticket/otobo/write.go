package otobo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// AnnouncesUpdates says that Update tells how the ticket stands before it writes.
func (c *Client) AnnouncesUpdates() {}

// Update reads the ticket, writes what differs and gives the ticket after it. OTOBO applies fields one after the other:
// after an error the ticket is read again, so that what was done after all counts, and a half done change is told.
func (c *Client) Update(ctx context.Context, id string, changes ticket.Ticket) (ticket.Ticket, error) {
	if err := errors.Join(ticket.CheckFields(changes.Fields), ticket.CheckLock(changes.Lock)); err != nil {
		return ticket.Ticket{}, fault.Permanentf("update ticket %s: %w", id, err)
	}
	before, err := c.getOne(ctx, id)
	if err != nil {
		return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
	}
	if err := ticket.Conflict(c.ticket(before, false), changes); err != nil {
		return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
	}
	if err := ticket.Announce(ctx, c.ticket(before, true)); err != nil {
		return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
	}
	fields := difference(before, changes)
	if len(fields) == 0 {
		return c.ticket(before, true), nil
	}
	after, err := c.write(ctx, id, fields)
	if err != nil {
		if after, err = c.afterError(ctx, id, before, changes, err); err != nil {
			return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
		}
	}
	after = c.keepLock(ctx, id, before, after, fields)
	after.Article = before.Article
	if after.DynamicField == nil {
		after.DynamicField = before.DynamicField
	}
	return c.ticket(after, true), nil
}

// difference gives the Ticket part of an update: what is set and differs, each by name or by id, never by both.
func difference(before wireTicket, changes ticket.Ticket) map[string]any {
	fields := map[string]any{}
	if t := title(changes.Subject); t != "" && t != string(before.Title) {
		fields["Title"] = t
	}
	for _, f := range []struct {
		name     string
		id, is   scalar
		want     *ticket.Entity
		anyCase  bool
		withName bool // the id is a name: customers
	}{
		{name: "Queue", id: before.QueueID, is: before.Queue, want: changes.Queue},
		{name: "Priority", id: before.PriorityID, is: before.Priority, want: changes.Priority},
		{name: "State", id: before.StateID, is: before.State, want: changes.State, anyCase: true},
		{name: "Owner", id: before.OwnerID, is: before.Owner, want: changes.Owner},
		{name: "CustomerUser", id: before.CustomerUserID, is: before.CustomerUserID, want: changes.Customer, withName: true},
	} {
		switch {
		case f.want.IsZero():
		case f.withName:
			if f.want.Label() != string(f.is) {
				fields[f.name] = f.want.Label()
			}
		case f.want.Name != "":
			if f.want.Name != string(f.is) && (!f.anyCase || !strings.EqualFold(f.want.Name, string(f.is))) {
				fields[f.name] = f.want.Name
			}
		case f.want.ID != string(f.id):
			fields[f.name+"ID"] = f.want.ID
		}
	}
	if changes.Lock != "" && changes.Lock != string(before.Lock) {
		fields["Lock"] = changes.Lock
	}
	for name, want := range changes.Fields {
		if is, _ := before.field(name); want != nil && ticket.FieldText(is) != ticket.FieldText(want) {
			fields[dynamic+name] = fieldValue(want)
		}
	}
	return fields
}

// dynamic marks the dynamic fields among those of a difference.
const dynamic = "DynamicField_"

// fieldValue is how OTOBO takes a value: numbers and texts as texts, "" for none (null is refused), lists as lists of texts.
func fieldValue(v any) any {
	list, ok := v.([]any)
	if !ok {
		return ticket.FieldText(v)
	}
	out := make([]string, len(list))
	for i, item := range list {
		out[i] = ticket.FieldText(item)
	}
	return out
}

// parts gives the parameters of an update or creation: the ticket's own fields, and the dynamic ones. An empty part is refused by
// the server.
func parts(fields map[string]any) map[string]any {
	own, free := map[string]any{}, []map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if name, ok := strings.CutPrefix(key, dynamic); ok {
			free = append(free, map[string]any{"Name": name, "Value": fields[key]})
		} else {
			own[key] = fields[key]
		}
	}
	out := map[string]any{}
	if len(own) > 0 {
		out["Ticket"] = own
	}
	if len(free) > 0 {
		out["DynamicField"] = free
	}
	return out
}

// write sends the fields. The answer has the ticket only where the operation is set so; else it is read.
func (c *Client) write(ctx context.Context, id string, fields map[string]any) (wireTicket, error) {
	fields = maps.Clone(fields)
	if state, _ := fields["State"].(string); pending(state) {
		fields["PendingTime"] = minutes(c.c.Pending)
	}
	var reply writeReply
	send := func() error {
		params := parts(fields)
		params["TicketID"] = id
		return c.call(ctx, opUpdate, params, &reply)
	}
	err := send()
	if kindOf(err) == KindMissingParameter && fields["PendingTime"] == nil && (fields["State"] != nil || fields["StateID"] != nil) {
		// A pending state under a name of its own. Fields can be written again without harm.
		fields["PendingTime"] = minutes(c.c.Pending)
		err = send()
	}
	_, dynamic := parts(fields)["DynamicField"] // what the reply says of those is not known
	switch {
	case err != nil:
		return wireTicket{}, explain(err, fields)
	case len(reply.Ticket) == 1 && reply.Ticket[0].Queue != "" && !dynamic:
		return reply.Ticket[0], nil
	}
	return c.getOne(ctx, id)
}

func pending(state string) bool {
	s := strings.ToLower(state)
	return strings.HasPrefix(s, "pending") || strings.HasPrefix(s, "warten")
}

// explain names the missing right that the server hides behind a fault.
func explain(err error, fields map[string]any) error {
	queue := fields["Queue"]
	if queue == nil {
		queue = fields["QueueID"]
	}
	if kindOf(err) == KindFault && queue != nil && strings.Contains(err.Error(), noMoveRight) {
		return fault.Permanentf("no move right on %v: give the agent the right move_into there: %w", queue, err)
	}
	return err
}

// afterError looks at the ticket after a failed write. It gives the ticket when all was done nevertheless, else the
// error, with what was done of it.
func (c *Client) afterError(ctx context.Context, id string, before wireTicket, changes ticket.Ticket, err error) (wireTicket, error) {
	if kind := kindOf(err); ctx.Err() != nil || kind == KindAuthFail || kind == KindInvalidParameter {
		return wireTicket{}, err
	}
	if !uncertain(err) && kindOf(err) == "" {
		return wireTicket{}, err // it never left
	}
	now, readErr := c.getOne(ctx, id)
	if readErr != nil {
		return wireTicket{}, err
	}
	asked, left := difference(before, changes), difference(now, changes)
	if len(left) == 0 {
		return now, nil
	}
	var done []string
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if _, open := left[name]; !open {
			done = append(done, name)
		}
	}
	if len(done) > 0 {
		return wireTicket{}, fmt.Errorf("%w; changed nevertheless: %s", err, strings.Join(done, ", "))
	}
	return wireTicket{}, err
}

// keepLock gives a locked ticket its lock and owner back, which a move takes. It needs a request of its own: sent with
// the move they are compared with the state before it and skipped. A failure is a warning only: the move was asked for
// and is done, and the owner may have no right in the new queue.
func (c *Client) keepLock(ctx context.Context, id string, before, after wireTicket, fields map[string]any) wireTicket {
	moved := before.QueueID != after.QueueID || before.Queue != after.Queue
	if c.c.DropLock || fields["Lock"] == ticket.Unlock || !moved || !locked(before) || locked(after) || after.StateType == "closed" {
		return after
	}
	back := map[string]any{"Lock": string(before.Lock)}
	owner := before.Owner
	if wanted, ok := fields["Owner"].(string); ok {
		owner = scalar(wanted)
	}
	if id, ok := fields["OwnerID"]; ok {
		back["OwnerID"] = id
	} else {
		back["Owner"] = string(owner)
	}
	restored, err := c.write(ctx, id, back)
	if err != nil {
		c.c.Log.Warn("a moved ticket lost its lock and owner", "ticket", id, "owner", string(owner), "error", err)
		return after
	}
	return restored
}

// Create adds a ticket with one article from the customer. OTOBO needs a customer; queue, state and priority default to
// Raw, new and 3 normal. With a key, tickets are searched for its marker first and after an uncertain outcome.
func (c *Client) Create(ctx context.Context, t ticket.Ticket) (ticket.Ticket, error) {
	made, err := c.create(ctx, t)
	if err != nil {
		return ticket.Ticket{}, fmt.Errorf("create ticket: %w", err)
	}
	for i, n := range t.Notes {
		if n.Key == "" && t.Key != "" {
			n.Key = fmt.Sprintf("%s/note %d", t.Key, i)
		}
		if err := c.AddNote(ctx, made, n); err != nil {
			return ticket.Ticket{}, fmt.Errorf("ticket %s is created, but note %d failed: %w", made, i+1, err)
		}
	}
	return c.Get(ctx, made)
}

func (c *Client) create(ctx context.Context, t ticket.Ticket) (string, error) {
	params, err := c.creation(t)
	if err != nil {
		return "", err
	}
	if t.Key != "" {
		if id, err := c.byMarker(ctx, t.Key); id != "" || err != nil {
			return id, err
		}
	}
	var reply writeReply
	err = c.call(ctx, opCreate, params, &reply)
	if uncertain(err) && fault.ClassOf(err) != fault.Cancelled {
		if t.Key == "" {
			return "", fault.Permanentf("it is not known whether the ticket was created; it has no key and is not sent again: %w", err)
		}
		if id, findErr := c.byMarker(ctx, t.Key); findErr == nil && id != "" {
			return id, nil
		}
		err = c.later(err)
	}
	if err == nil && reply.TicketID == "" {
		err = fault.Permanentf("the answer has no TicketID; check the mapping of the web service")
	}
	return string(reply.TicketID), err
}

func (c *Client) creation(t ticket.Ticket) (map[string]any, error) {
	if err := ticket.CheckFields(t.Fields); err != nil {
		return nil, err
	}
	subject, body := title(t.Subject), cutBytes(clean(t.Body), c.c.MaxBody)
	customer := t.Customer.Label()
	if customer == "" {
		customer = c.c.Customer
	}
	if subject == "" {
		subject = title(body)
	}
	switch {
	case subject == "":
		return nil, fault.Permanentf("a ticket needs a subject or a body")
	case customer == "":
		return nil, fault.Permanentf("a ticket needs a customer: give one, or set default_customer of the service")
	case body == "":
		body = subject
	}
	if t.Key != "" {
		body += "\n\n" + marker(t.Key)
	}
	fields := map[string]any{"Title": subject, "CustomerUser": customer}
	for _, f := range []struct {
		name, standard string
		want           *ticket.Entity
	}{{"Queue", "Raw", t.Queue}, {"State", "new", t.State}, {"Priority", "3 normal", t.Priority}} {
		switch {
		case f.want.IsZero():
			fields[f.name] = f.standard
		case f.want.Name != "":
			fields[f.name] = f.want.Name
		default:
			fields[f.name+"ID"] = f.want.ID
		}
	}
	if owner := t.Owner; !owner.IsZero() {
		if owner.Name != "" {
			fields["Owner"] = owner.Name
		} else {
			fields["OwnerID"] = owner.ID
		}
	}
	if pending(t.State.Label()) {
		fields["PendingTime"] = minutes(c.c.Pending)
	}
	for name, value := range t.Fields {
		if ticket.FieldText(value) != "" {
			fields[dynamic+name] = fieldValue(value)
		}
	}
	params := parts(fields)
	params["Article"] = map[string]any{
		"SenderType": "customer", "Subject": subject, "Body": body, "ContentType": "text/plain; charset=utf-8",
	}
	return params, nil
}

// byMarker finds the ticket that was created with the key, "" for none.
func (c *Client) byMarker(ctx context.Context, key string) (string, error) {
	var reply searchReply
	params := map[string]any{"MIMEBase_Body": "%" + marker(key) + "%", "SortBy": "TicketNumber", "OrderBy": "Up", "Limit": 2}
	if err := c.call(ctx, opSearch, params, &reply); err != nil {
		return "", err
	}
	if len(reply.TicketID) == 0 {
		return "", nil
	}
	found, err := c.get(ctx, reply.TicketID[:1], 1)
	switch {
	case err != nil:
		return "", err
	case len(found) == 1 && len(found[0].Article) > 0 && strings.Contains(string(found[0].Article[0].Body), marker(key)):
		return string(found[0].TicketID), nil
	}
	return "", fault.Permanentf("the search by text gives other tickets: creating without doubles is not possible here")
}
