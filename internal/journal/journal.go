// Package journal stands between pipes and the services they are given, and writes down what they do to tickets: what was read,
// what a classifier decided, what was written, with the values before and after. In a dry run it keeps the writes to itself and
// lets later steps see what they would have made of the tickets.
package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// Entry is an entry on its way to the book.
type Entry struct {
	orchestrator.TicketEntry

	Op   int                      // its place among the entries of its kind in the step, from 1; 0 = of reads
	Seen *orchestrator.TicketSeen // how the ticket stands now; nil = not known
}

// Book is where entries are kept. It is safe for concurrent use.
type Book interface {
	// Open makes it durable that a write is about to be sent. It may fill in what an earlier attempt noted. It gives false when the
	// write was done by an earlier attempt and needs no entry of its own.
	Open(ctx context.Context, e *Entry) (bool, error)
	// Settle keeps what became of it, soon.
	Settle(e *Entry)
	// Put keeps an entry together with the end of the attempt.
	Put(e *Entry)
}

// MaxValue is how many bytes of a subject or a name are kept. A longer one is cut, and cannot be written back.
const MaxValue = 255

const (
	maxReads = 100  // tickets read by one attempt that are journalled
	maxError = 500  // bytes of a kept error
	dryText  = 1000 // bytes kept of a note that a dry run intends: that is what it is for
)

// Ref is the ticket that a step is about, as far as its place in the pipe says.
type Ref struct{ ID, Number, Subject string }

// Scribe writes down what one attempt of a step does. Create one per attempt with all fields set; it is safe for concurrent use.
type Scribe struct {
	Book    Book
	Base    orchestrator.TicketEntry // Run, Runner, Step, Attempt and DryRun
	About   Ref                      // zero = of no ticket
	Service string                   // id of the ticket system's service
	Clock   func() time.Time
	Line    func(s string, limit int) string // makes one safe line, without secrets
	Text    int                              // bytes of a written note's text that are kept; 0 = none

	mu    sync.Mutex
	ops   map[orchestrator.TicketKind]int
	reads map[string]*Entry
	order []string // of reads
	more  int      // reads that found no room
}

// entry begins an entry of a kind.
func (s *Scribe) entry(kind orchestrator.TicketKind, id string) *Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ops == nil {
		s.ops = map[orchestrator.TicketKind]int{}
	}
	e := &Entry{TicketEntry: s.Base}
	e.Kind, e.Ticket, e.Service, e.At = kind, id, s.Service, s.Clock()
	if id != "" && id == s.About.ID {
		e.Number = s.About.Number
	}
	if kind != orchestrator.TicketRead {
		s.ops[kind]++
		e.Op = s.ops[kind]
	}
	return e
}

// read notes that a ticket was read. Reads of one attempt are one entry a ticket.
func (s *Scribe) read(t *ticket.Ticket) {
	s.mu.Lock()
	known := s.reads[t.ID]
	if known != nil {
		known.Count++
	} else if len(s.reads) >= maxReads {
		s.more++
	}
	full := len(s.reads) >= maxReads
	s.mu.Unlock()
	if known != nil || full {
		return
	}
	e := s.entry(orchestrator.TicketRead, t.ID)
	e.Number, e.Outcome, e.EndedAt, e.Count = t.Number, orchestrator.TicketDone, e.At, 1
	e.Seen = s.seen(t, e)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reads == nil {
		s.reads = map[string]*Entry{}
	}
	s.reads[t.ID] = e
	s.order = append(s.order, t.ID)
}

// seen is how a ticket stands, for the list of tickets.
func (s *Scribe) seen(t *ticket.Ticket, e *Entry) *orchestrator.TicketSeen {
	return &orchestrator.TicketSeen{
		Service: e.Service, Ticket: t.ID, Number: t.Number, Subject: s.Line(t.Subject, MaxValue), Queue: s.Line(t.Queue.Label(), MaxValue),
		Priority: s.Line(t.Priority.Label(), MaxValue), State: s.Line(t.State.Label(), MaxValue), Runner: e.Runner, Run: e.Run, Kind: e.Kind,
		At: e.At,
	}
}

// touched is what is known of a ticket that was not read: that something was done with it.
func (s *Scribe) touched(e *Entry) *orchestrator.TicketSeen {
	if e.Ticket == "" || e.DryRun {
		return nil
	}
	return &orchestrator.TicketSeen{
		Service: e.Service, Ticket: e.Ticket, Number: e.Number, Runner: e.Runner, Run: e.Run, Kind: e.Kind, At: e.At,
	}
}

// Close hands over what was read. It gives how many tickets found no room. Call it once the attempt has ended, before its end is
// written.
func (s *Scribe) Close() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.order {
		s.Book.Put(s.reads[id])
	}
	s.reads, s.order = nil, nil
	return s.more
}

// Call notes what a dry run left out, such as "POST https://chat.example/hook".
func (s *Scribe) Call(text string) {
	e := s.entry(orchestrator.TicketCall, s.About.ID)
	e.Outcome, e.EndedAt, e.Text = orchestrator.TicketIntended, e.At, s.Line(text, maxError)
	s.Book.Put(e)
}

// note is what the journal keeps of a note: no more of its text than keep.
func (s *Scribe) note(n *ticket.Note, keep int) *orchestrator.TicketNote {
	sum := sha256.Sum256([]byte(n.Body))
	out := &orchestrator.TicketNote{
		Subject: s.Line(n.Subject, MaxValue), Visible: n.Visible, Length: len(n.Body), Hash: hex.EncodeToString(sum[:])[:12],
	}
	if keep > 0 {
		out.Body = s.Line(n.Body, keep)
	}
	return out
}
