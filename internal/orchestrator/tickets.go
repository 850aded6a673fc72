package orchestrator

import (
	"context"
	"errors"
	"time"
)

// ErrUnknownTicket is wrapped by questions about a ticket, or an entry of the journal, that is not known.
var ErrUnknownTicket = errors.New("no such ticket")

// Tickets is what the engine knows of tickets: what they look like now, what was read, decided and written, and the way back.
type Tickets interface {
	// TicketLog gives entries of the ticket journal, oldest first.
	TicketLog(ctx context.Context, f TicketLogFilter) ([]TicketEntry, error)
	// TicketsSeen gives the tickets of the journal, the one touched last first.
	TicketsSeen(ctx context.Context, f TicketFilter) ([]TicketSeen, error)
	// Ticket reads a ticket as it is now, by the configured service. ErrUnknownTicket when neither journal nor service has it.
	Ticket(ctx context.Context, ref TicketRef) (Ticket, error)
	// UndoTickets puts back what runs have written, as far as it still stands as they left it.
	UndoTickets(ctx context.Context, r TicketUndoRequest) (TicketUndo, error)
}

// TicketRef names a ticket. Service "" is the one that the journal knows it of, else the only configured one.
type TicketRef struct {
	Service string
	Ticket  string // its id, or the number that people see when the journal knows it
}

// Ticket is a ticket as its system shows it now. Entities are names, or ids where there is no name; "" = not set.
type Ticket struct {
	Service, System               string // id of the service ("" = the stand-in), and what it says it is
	ID, Number, Subject           string
	Queue, Priority, State, Owner string
	Customer                      string
	Locked                        bool
	Body                          string // first message, may hold line breaks
	Notes                         []TicketNote
	CreatedAt, UpdatedAt, ReadAt  time.Time
}

// TicketNote is a note: one of a ticket as it is now, or what the journal keeps of one that was written.
type TicketNote struct {
	Subject string
	Body    string // of the journal: its beginning, as far as the configuration says (of a dry run always), else ""
	Author  string
	Visible bool // to the customer
	At      time.Time
	Length  int    // of the body in bytes
	Hash    string // of the journal: SHA-256 of the body, its first 12 digits
}

// TicketKind is what an entry of the journal is about.
type TicketKind string

// The kinds.
const (
	TicketRead     TicketKind = "read"
	TicketDecision TicketKind = "decision" // a classifier's
	TicketUpdate   TicketKind = "update"
	TicketAddNote  TicketKind = "note"
	TicketCreate   TicketKind = "create"
	TicketCall     TicketKind = "call" // of a dry run: something outside that was left out
)

// Write says that the kind changes a ticket.
func (k TicketKind) Write() bool { return k == TicketUpdate || k == TicketAddNote || k == TicketCreate }

// TicketOutcome is what became of an entry of the journal.
type TicketOutcome string

// The outcomes. A write is journalled as open before it is sent; the end of the engine in between leaves it unknown.
const (
	TicketDone     TicketOutcome = "done"
	TicketOpen     TicketOutcome = "open"     // being written
	TicketUnknown  TicketOutcome = "unknown"  // sent, or about to be, and never heard of: look it up
	TicketFailed   TicketOutcome = "failed"   // refused: nothing was changed
	TicketIntended TicketOutcome = "intended" // of a dry run: nothing was written
)

// TicketChange is one field of an update: queue, priority, state, owner, customer or subject.
type TicketChange struct{ Field, Before, After string }

// TicketDecided is a classifier's answer.
type TicketDecided struct {
	Model, Label string
	Confidence   float64
	Uncalibrated bool // the confidence is a language model's own statement
	Length       int  // of the text, in bytes; the text itself is not kept
}

// TicketEntry is one entry of the journal. What it says is a record: it holds no bodies and no secrets.
type TicketEntry struct {
	ID      int64
	At      time.Time // of the intent
	Service string    // id of the ticket system's service; "" = the stand-in
	Ticket  string    // id; "" = of no ticket
	Number  string
	Run     string // "" = an operator's action
	Runner  string
	Step    string // path
	Attempt int
	Kind    TicketKind
	DryRun  bool
	Outcome TicketOutcome
	Error   string
	EndedAt time.Time // when the outcome was known; zero = it is not
	Count   int       // equal reads of the step that this entry stands for; 0 = 1

	Changes  []TicketChange // of an update and of a creation, whose before is ""
	Note     *TicketNote    // of a note
	Decision *TicketDecided
	Text     string // of a call: what would have been done

	By, Via  string // who undid
	Undoes   int64  // the entry that this one takes back; 0 = none
	UndoneBy int64  // the entry that took this one back; 0 = none
}

// TicketLogFilter selects entries of the journal. The zero value is the newest 1,000 of all.
type TicketLogFilter struct {
	Ticket  TicketRef // Ticket "" = any
	Run     string
	Entry   int64 // only this one; 0 = all
	Changes bool  // only writes, and what a dry run left out
	Limit   int   // the newest so many; 0 = 1,000
}

// TicketFilter selects tickets of the journal. Texts match a part, whatever the case. The zero value is the newest 200.
type TicketFilter struct {
	Text                 string // in number, id, subject, queue, label or runner
	Number, Queue, Label string
	Runner               string
	Limit                int // 0 = 200
}

// TicketSeen is a ticket of the journal, as a run saw or left it last.
type TicketSeen struct {
	Service, Ticket, Number, Subject string
	Queue, Priority, State           string
	Label                            string // of the latest decision
	Runner                           string // that touched it last; "" = an operator
	Run                              string
	Kind                             TicketKind // of the latest entry
	At                               time.Time
}

// TicketUndoRequest says what is to be put back: one entry, or every update of a run; of one ticket only when it is named.
type TicketUndoRequest struct {
	Ticket TicketRef
	Entry  int64  // 0 = Run decides; neither = the ticket's newest move
	Run    string // "" = Entry decides
	DryRun bool   // only say what would be done
	By     Actor
}

// TicketUndo is what an undo did, or would do.
type TicketUndo struct {
	Steps  []TicketUndoStep // in the order in which they are done: the newest write first
	DryRun bool
}

// TicketUndoStep is one entry that is put back, or why it is not.
type TicketUndoStep struct {
	Entry           int64
	Service, Ticket string
	Number, Runner  string
	Run             string
	Changes         []TicketChange // what is written: before is how it stands now
	Conflict        string         // why it cannot be put back; "" = it can
	Done            bool
	Error           string // why it was tried and failed
}

// Ready counts the steps that can be done.
func (u *TicketUndo) Ready() int {
	n := 0
	for i := range u.Steps {
		if u.Steps[i].Conflict == "" {
			n++
		}
	}
	return n
}
