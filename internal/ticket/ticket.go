// Package ticket is the contract between pipes and ticket systems, and the unified models both sides speak.
//
// The models are those of Open Ticket AI (unified_models.py): the same names reach templates.
package ticket

import (
	"context"
	"time"
)

// Entity is a queue, priority, state, customer or owner: known by id, by name or by both. The zero value is "not set".
type Entity struct {
	ID   string `json:"id,omitempty" param:"id" doc:"identifier in the ticket system"`
	Name string `json:"name,omitempty" param:"name,short" doc:"name as the ticket system shows it"`
}

// Note is one note or comment on a ticket. Notes are internal unless Visible says otherwise.
type Note struct {
	ID          string    `json:"id,omitempty" param:"id" doc:"identifier; set by the ticket system"`
	Subject     string    `json:"subject,omitempty" param:"subject" doc:"title of the note"`
	Body        string    `json:"body,omitempty" param:"body,short" doc:"text of the note"`
	ContentType string    `json:"content_type,omitempty" param:"content_type" default:"text/plain" doc:"MIME type of the body"`
	Visible     bool      `json:"visible,omitempty" param:"visible" doc:"true = the customer sees it"`
	Author      string    `json:"author,omitempty" param:"author" doc:"who wrote it; set by the ticket system"`
	CreatedAt   time.Time `json:"created_at,omitzero" param:"created_at" doc:"set by the ticket system"`
	// Key makes a note unique: adding a second note with the same key to a ticket changes nothing and succeeds.
	// "" = no such protection.
	Key string `json:"-"`
}

// Ticket is the unified ticket. In an update, nil and "" mean "leave as it is".
type Ticket struct {
	ID        string         `json:"id,omitempty" param:"id" doc:"identifier; set by the ticket system"`
	Number    string         `json:"number,omitempty" param:"number" doc:"number that people see; set by the ticket system"`
	Subject   string         `json:"subject,omitempty" param:"subject" alias:"title" doc:"title"`
	Body      string         `json:"body,omitempty" param:"body" doc:"first message; read only after creation"`
	Queue     *Entity        `json:"queue,omitempty" param:"queue" doc:"queue or group"`
	Priority  *Entity        `json:"priority,omitempty" param:"priority" doc:"priority"`
	State     *Entity        `json:"state,omitempty" param:"state" doc:"state"`
	Customer  *Entity        `json:"customer,omitempty" param:"customer" alias:"customer_user" doc:"who asked"`
	Owner     *Entity        `json:"owner,omitempty" param:"owner" doc:"who works on it"`
	Locked    bool           `json:"locked,omitempty" param:"locked" doc:"someone holds it; read only, see lock"`
	Lock      string         `json:"lock,omitempty" param:"lock" doc:"in an update: lock or unlock; not for Zammad, which has no locks"`
	Fields    map[string]any `json:"fields,omitempty" param:"fields" doc:"dynamic fields (OTOBO, Znuny) or custom attributes (Zammad) by name: a text, a number, true, false, or a list of texts; in an update an empty text clears, none leaves as it is"`
	Notes     []Note         `json:"notes,omitempty" param:"notes" doc:"notes to add"`
	CreatedAt time.Time      `json:"created_at,omitzero" param:"created_at" doc:"when it was created; set by the ticket system"`
	UpdatedAt time.Time      `json:"updated_at,omitzero" param:"updated_at" doc:"when it was changed last; set by the ticket system"`
	// Was, in an update, is what the change was decided on. When somebody has changed that since, nothing is written and the
	// error is ErrConflict; see Conflict. nil = the change is made in any case.
	Was *Ticket `json:"-"`
	// Key makes a created ticket unique where the system can do so: creating a second one with the same key gives the
	// first. "" = no such protection.
	Key string `json:"-"`
}

// Criteria selects tickets, oldest first. At least one filter must be set: an empty one is an error, never "all".
type Criteria struct {
	Queue         *Entity           `json:"queue,omitempty"`
	States        []string          `json:"states,omitempty"`     // empty = every state that is not closed
	Priorities    []string          `json:"priorities,omitempty"` // empty = any
	OlderThan     time.Duration     `json:"older_than,omitempty"` // created at least this long ago; 0 = any
	Fields        map[string]string `json:"fields,omitempty"`     // value by name, see Ticket.Fields; "" = has none. Not enough alone
	Limit         int               `json:"limit,omitempty"`      // 0 = 10, as upstream
	Offset        int               `json:"offset,omitempty"`
	WithSubQueues bool              `json:"with_sub_queues,omitempty"`
	WithNotes     bool              `json:"with_notes,omitempty"` // the tickets come with their notes
}

// DefaultLimit is the number of tickets a search returns when Criteria.Limit is 0 (upstream's default).
const DefaultLimit = 10

// System is one ticket system. Implementations are safe for concurrent use and return errors classed by package fault.
// The suite in package tickettest holds them to this contract.
type System interface {
	// Find gives matching tickets, oldest first, with their notes where the criteria ask for them.
	Find(ctx context.Context, c Criteria) ([]Ticket, error)
	// Get gives one ticket with its notes. An unknown id is a permanent error.
	Get(ctx context.Context, id string) (Ticket, error)
	// Create adds a ticket and gives it back with its id; see Ticket.Key for repeats.
	Create(ctx context.Context, t Ticket) (Ticket, error)
	// Update applies the set fields of changes (subject, queue, priority, state, owner, lock, fields) and gives the ticket after it. See
	// Ticket.Was for changes by others.
	Update(ctx context.Context, id string, changes Ticket) (Ticket, error)
	// AddNote adds one note; see Note.Key for repeats.
	AddNote(ctx context.Context, id string, n Note) error
	// Describe says in a few words which system this is, for screens: "embedded desk", "OTOBO https://…".
	Describe() string
}
