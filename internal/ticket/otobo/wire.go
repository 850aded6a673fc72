package otobo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/ticket"
)

// scalar is a text that may come as a string, a number, a boolean or null.
type scalar string

// UnmarshalJSON takes any scalar.
func (s *scalar) UnmarshalJSON(data []byte) error {
	switch {
	case bytes.Equal(data, []byte("null")):
		*s = ""
	case len(data) > 0 && data[0] == '"':
		var v string
		if err := json.Unmarshal(data, &v); err != nil {
			return err
		}
		*s = scalar(v)
	case len(data) > 0 && (data[0] == '{' || data[0] == '['):
		return fmt.Errorf("want a text or a number, got %.20s", data)
	default:
		*s = scalar(data)
	}
	return nil
}

func (s scalar) yes() bool { return s == "1" || s == "true" }

// many is a list that may come as a single value, or as null.
type many[T any] []T

// UnmarshalJSON takes a list, one item or null.
func (m *many[T]) UnmarshalJSON(data []byte) error {
	switch {
	case bytes.Equal(data, []byte("null")):
		*m = nil
		return nil
	case len(data) > 0 && data[0] == '[':
		return json.Unmarshal(data, (*[]T)(m))
	}
	var one T
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	*m = many[T]{one}
	return nil
}

type wireTicket struct {
	TicketID, TicketNumber, Title        scalar
	Queue, QueueID, State, StateID       scalar
	StateType, Priority, PriorityID      scalar
	Lock, Owner, OwnerID, CustomerUserID scalar
	Created, Changed                     scalar
	Article                              many[wireArticle]
	DynamicField                         many[wireField]
}

// wireField is a dynamic field. Its value is null, a text, a number or a list of texts.
type wireField struct {
	Name  string
	Value any
}

// field gives a dynamic field's value; false = the ticket has no such field.
func (w wireTicket) field(name string) (any, bool) {
	for _, f := range w.DynamicField {
		if f.Name == name {
			return f.Value, true
		}
	}
	return nil, false
}

type wireArticle struct {
	ArticleID, SenderType, IsVisibleForCustomer scalar
	From, Subject, Body, ContentType            scalar
	CreateTime                                  scalar
}

type searchReply struct{ TicketID many[scalar] }

type getReply struct{ Ticket many[wireTicket] }

// writeReply answers update and create. The ticket is there only where the operation has IncludeTicketData.
type writeReply struct {
	TicketID, TicketNumber, ArticleID scalar
	Ticket                            many[wireTicket]
}

// ticket gives the unified ticket. Its body is the first article of a customer, else the first one. The notes are all
// articles, the first one included, as in Open Ticket AI.
func (c *Client) ticket(w wireTicket, withNotes bool) ticket.Ticket {
	t := ticket.Ticket{
		ID: string(w.TicketID), Number: string(w.TicketNumber), Subject: clean(string(w.Title)),
		Queue: entity(w.QueueID, w.Queue), Priority: entity(w.PriorityID, w.Priority), State: entity(w.StateID, w.State),
		Customer: entity(w.CustomerUserID, w.CustomerUserID), Owner: entity(w.OwnerID, w.Owner), Locked: locked(w),
		CreatedAt: c.time(w.Created), UpdatedAt: c.time(w.Changed),
	}
	for _, f := range w.DynamicField {
		if t.Fields == nil {
			t.Fields = map[string]any{}
		}
		t.Fields[f.Name] = f.Value
	}
	first := -1
	for i, a := range w.Article {
		if first < 0 && a.SenderType == "customer" {
			first = i
		}
		if !withNotes {
			continue
		}
		kind, _, _ := strings.Cut(string(a.ContentType), ";")
		t.Notes = append(t.Notes, ticket.Note{
			ID: string(a.ArticleID), Subject: clean(string(a.Subject)), Body: c.body(a), ContentType: kind,
			Visible: a.IsVisibleForCustomer.yes(), Author: clean(string(a.From)), CreatedAt: c.time(a.CreateTime),
		})
	}
	if len(w.Article) > 0 {
		t.Body = withoutLinks(c.body(w.Article[max(first, 0)]))
	}
	return t
}

func (c *Client) body(a wireArticle) string {
	return cutBytes(clean(withoutMarker(string(a.Body))), c.c.MaxBody)
}

func locked(w wireTicket) bool { return w.Lock != "" && w.Lock != "unlock" }

func entity(id, name scalar) *ticket.Entity {
	if id == "" && name == "" {
		return nil
	}
	return &ticket.Entity{ID: string(id), Name: string(name)}
}

// time reads a time without zone, which is the server's.
func (c *Client) time(s scalar) time.Time {
	at, err := time.ParseInLocation(time.DateTime, string(s), c.c.Timezone)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
