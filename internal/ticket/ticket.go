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
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Note is one note or comment on a ticket. Notes are internal unless Visible says otherwise.
type Note struct {
	ID          string    `json:"id,omitempty"`
	Subject     string    `json:"subject,omitempty"`
	Body        string    `json:"body,omitempty"`
	ContentType string    `json:"content_type,omitempty"` // MIME type; "" = text/plain
	Visible     bool      `json:"visible,omitempty"`      // true = the customer sees it
	Author      string    `json:"author,omitempty"`
	CreatedAt   time.Time `json:"created_at,omitzero"`
	// Key makes a note unique: adding a second note with the same key to a ticket changes nothing and succeeds.
	// "" = no such protection.
	Key string `json:"-"`
}

// Ticket is the unified ticket. In an update, nil and "" mean "leave as it is".
type Ticket struct {
	ID        string    `json:"id,omitempty"`
	Number    string    `json:"number,omitempty"`
	Subject   string    `json:"subject,omitempty"`
	Body      string    `json:"body,omitempty"`
	Queue     *Entity   `json:"queue,omitempty"`
	Priority  *Entity   `json:"priority,omitempty"`
	State     *Entity   `json:"state,omitempty"`
	Customer  *Entity   `json:"customer,omitempty"`
	Owner     *Entity   `json:"owner,omitempty"`
	Locked    bool      `json:"locked,omitempty"`
	Notes     []Note    `json:"notes,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// Criteria selects tickets, oldest first. At least one filter must be set: an empty one is an error, never "all".
type Criteria struct {
	Queue         *Entity       `json:"queue,omitempty"`
	States        []string      `json:"states,omitempty"`     // empty = every state that is not closed
	Priorities    []string      `json:"priorities,omitempty"` // empty = any
	OlderThan     time.Duration `json:"older_than,omitempty"` // created at least this long ago; 0 = any
	Limit         int           `json:"limit,omitempty"`      // 0 = 10, as upstream
	Offset        int           `json:"offset,omitempty"`
	WithSubQueues bool          `json:"with_sub_queues,omitempty"`
}

// DefaultLimit is the number of tickets a search returns when Criteria.Limit is 0 (upstream's default).
const DefaultLimit = 10

// System is one ticket system. Implementations are safe for concurrent use and return errors classed by package fault.
type System interface {
	// Find gives matching tickets, oldest first, without notes.
	Find(ctx context.Context, c Criteria) ([]Ticket, error)
	// Get gives one ticket with its notes. An unknown id is a permanent error.
	Get(ctx context.Context, id string) (Ticket, error)
	// Create adds a ticket and gives it back with its id.
	Create(ctx context.Context, t Ticket) (Ticket, error)
	// Update applies the set fields of changes (subject, queue, priority, state, owner) and gives the ticket after it.
	Update(ctx context.Context, id string, changes Ticket) (Ticket, error)
	// AddNote adds one note; see Note.Key for repeats.
	AddNote(ctx context.Context, id string, n Note) error
	// Describe says in a few words which system this is, for screens: "embedded desk", "OTOBO https://…".
	Describe() string
}
