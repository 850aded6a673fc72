package zammad

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/ticket"
)

// nobody is the owner of tickets without one.
const nobody = 1

// wireTicket is a ticket as ?expand=true gives it: ids, and names beside them.
type wireTicket struct {
	ID         int64     `json:"id"`
	Number     string    `json:"number"`
	Title      string    `json:"title"`
	Group      string    `json:"group"`
	GroupID    int64     `json:"group_id"`
	State      string    `json:"state"`
	StateID    int64     `json:"state_id"`
	Priority   string    `json:"priority"`
	PriorityID int64     `json:"priority_id"`
	Owner      string    `json:"owner"`
	OwnerID    int64     `json:"owner_id"`
	Customer   string    `json:"customer"`
	CustomerID int64     `json:"customer_id"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`

	Custom map[string]any `json:"-"` // the attributes that are not Zammad's own
}

// UnmarshalJSON keeps the custom attributes, which stand beside Zammad's own.
func (w *wireTicket) UnmarshalJSON(data []byte) error {
	type plain wireTicket
	if err := json.Unmarshal(data, (*plain)(w)); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &w.Custom); err != nil {
		return err
	}
	for name := range w.Custom {
		if ownAttribute(name) {
			delete(w.Custom, name)
		}
	}
	return nil
}

// ownAttributes are the names that a ticket's JSON has in every Zammad, besides those that end in _id, _ids, _at and _in_min.
var ownAttributes = []string{
	"id", "number", "title", "group", "state", "priority", "owner", "customer", "organization", "note", "type", "preferences",
	"pending_time", "created_by", "updated_by", "articles", "article_count", "checklist", "external_sync", "time_unit", "time_units_per_type",
	"referencing_checklists", "ticket_time_accounting", "mentions", "create_article_type", "create_article_sender", "tags", "links",
	"last_owner_update", "article",
}

func ownAttribute(name string) bool {
	for _, end := range []string{"_id", "_ids", "_at", "_in_min"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return slices.Contains(ownAttributes, name)
}

type wireArticle struct {
	ID          int64     `json:"id"`
	Subject     string    `json:"subject"`
	Body        string    `json:"body"`
	ContentType string    `json:"content_type"`
	Internal    bool      `json:"internal"`
	From        string    `json:"from"`
	CreatedBy   string    `json:"created_by"`
	CreatedAt   time.Time `json:"created_at"`
}

func (w wireTicket) unified(articles []wireArticle) ticket.Ticket {
	t := ticket.Ticket{
		ID: strconv.FormatInt(w.ID, 10), Number: w.Number, Subject: w.Title, Queue: entity(w.GroupID, w.Group), State: entity(w.StateID, w.State),
		Priority: entity(w.PriorityID, w.Priority), Customer: entity(w.CustomerID, w.Customer), CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt,
	}
	if len(w.Custom) > 0 {
		t.Fields = w.Custom
	}
	if w.OwnerID != nobody {
		t.Owner = entity(w.OwnerID, w.Owner)
	}
	for i, a := range articles {
		if i == 0 {
			t.Body = a.text()
			continue
		}
		t.Notes = append(t.Notes, a.note())
	}
	return t
}

func (a wireArticle) text() string {
	body := a.Body
	if strings.HasPrefix(a.ContentType, "text/html") {
		body = plainText(body)
	}
	return cutBytes(clean(withoutMarker(body)))
}

func (a wireArticle) note() ticket.Note {
	author := a.From
	if author == "" {
		author = a.CreatedBy
	}
	return ticket.Note{
		ID: strconv.FormatInt(a.ID, 10), Subject: a.Subject, Body: a.text(), ContentType: "text/plain", Visible: !a.Internal, Author: author,
		CreatedAt: a.CreatedAt,
	}
}

func entity(id int64, name string) *ticket.Entity {
	if id == 0 && name == "" {
		return nil
	}
	e := &ticket.Entity{Name: name}
	if id != 0 {
		e.ID = strconv.FormatInt(id, 10)
	}
	return e
}

// hits are the ids of a search's reply. Its shape depends on version and flags: a list of tickets; {"tickets":[ids]};
// {"record_ids":[ids]}; {"records":[tickets]}.
type hits []int64

// UnmarshalJSON reads any of the shapes.
func (h *hits) UnmarshalJSON(data []byte) error {
	*h = nil
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		return h.add(data)
	}
	var reply struct {
		Tickets json.RawMessage `json:"tickets"`
		IDs     json.RawMessage `json:"record_ids"`
		Records json.RawMessage `json:"records"`
	}
	if err := json.Unmarshal(data, &reply); err != nil {
		return err
	}
	for _, list := range []json.RawMessage{reply.Tickets, reply.IDs, reply.Records} {
		if list != nil {
			return h.add(list)
		}
	}
	return errors.New("no list of tickets")
}

// add takes a list of ids or of tickets.
func (h *hits) add(data []byte) error {
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return err
	}
	for _, item := range items {
		var id int64
		if json.Unmarshal(item, &id) != nil {
			var t wireTicket
			if err := json.Unmarshal(item, &t); err != nil {
				return err
			}
			id = t.ID
		}
		if id <= 0 {
			return errors.New("a ticket without an id")
		}
		*h = append(*h, id)
	}
	return nil
}
