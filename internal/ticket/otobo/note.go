package otobo

import (
	"context"
	"fmt"
	"hash/fnv"
	"html"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// defaultSubject of notes without one; OTOBO needs a subject.
const defaultSubject = "Open Ticket AI"

// AddNote adds an internal article, without a mail to the owner. A note with a key carries a marker as its last line;
// it is looked for first, and again after an answer that leaves open whether the note was stored. A note without a key
// is never sent twice: such an outcome is a permanent error then.
func (c *Client) AddNote(ctx context.Context, id string, n ticket.Note) error {
	if err := c.addNote(ctx, id, n); err != nil {
		return fmt.Errorf("add note to ticket %s: %w", id, err)
	}
	return nil
}

func (c *Client) addNote(ctx context.Context, id string, n ticket.Note) error {
	if err := checkID(ctx, id); err != nil {
		return err
	}
	article, err := c.article(n)
	if err != nil {
		return err
	}
	unlock, err := c.notes.lock(ctx, id)
	if err != nil {
		return err
	}
	defer unlock()
	there, err := c.hasNote(ctx, id, n.Key) // also tells an unknown ticket
	if err != nil || there {
		return err
	}
	var reply writeReply
	err = c.call(ctx, opUpdate, map[string]any{"TicketID": id, "Article": article}, &reply)
	if err == nil || !uncertain(err) || fault.ClassOf(err) == fault.Cancelled {
		return err
	}
	if n.Key == "" { // the end of the step's own time included: a retry would send it again
		return fault.Permanentf("it is not known whether the note was stored; it has no key and is not sent again: %w", err)
	}
	if there, lookErr := c.hasNote(ctx, id, n.Key); lookErr == nil && there {
		return nil
	}
	return c.later(err)
}

// later keeps a second try away for as long again when a write got no answer in time: the server may still be at it, and the
// look-up before the second try would come too early.
func (c *Client) later(err error) error {
	if fault.ClassOf(err) != fault.Timeout || fault.RetryAfterOf(err) >= c.c.Timeout {
		return err
	}
	return &fault.Error{Class: fault.Timeout, RetryAfter: c.c.Timeout, Err: err}
}

func (c *Client) hasNote(ctx context.Context, id, key string) (bool, error) {
	if key == "" {
		return false, nil
	}
	w, err := c.getOne(ctx, id)
	if err != nil {
		return false, err
	}
	for _, a := range w.Article {
		if strings.Contains(string(a.Body), marker(key)) {
			return true, nil
		}
	}
	return false, nil
}

// article makes the Article part: subject and body must not be empty, content type and visibility must be said.
func (c *Client) article(n ticket.Note) (map[string]any, error) {
	subject, body := strings.Join(strings.Fields(clean(n.Subject)), " "), cutBytes(clean(n.Body), c.c.MaxBody)
	switch {
	case subject == "" && body == "":
		return nil, fault.Permanentf("a note needs a subject or a body")
	case subject == "":
		subject = defaultSubject
	case body == "":
		body = subject
	}
	kind := "text/plain" // the server shows any other type but HTML raw
	if base, _, _ := strings.Cut(n.ContentType, ";"); strings.EqualFold(strings.TrimSpace(base), "text/html") {
		kind = "text/html"
	}
	switch {
	case n.Key == "":
	case kind == "text/html":
		body += "\n<p>" + html.EscapeString(marker(n.Key)) + "</p>"
	default:
		body += "\n\n" + marker(n.Key)
	}
	visible := 0
	if n.Visible {
		visible = 1
	}
	return map[string]any{
		"CommunicationChannel": "Internal", "SenderType": "agent", "IsVisibleForCustomer": visible, "NoAgentNotify": 1,
		"Subject": subject, "Body": body, "ContentType": kind + "; charset=utf-8",
	}, nil
}

// keyedLocks are locks by name, few and shared: two names may have the same one.
type keyedLocks struct{ slots [64]chan struct{} }

func newKeyedLocks() *keyedLocks {
	k := &keyedLocks{}
	for i := range k.slots {
		k.slots[i] = make(chan struct{}, 1)
	}
	return k
}

func (k *keyedLocks) lock(ctx context.Context, name string) (unlock func(), err error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	slot := k.slots[h.Sum32()%uint32(len(k.slots))]
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
