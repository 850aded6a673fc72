package journal_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/journal"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/desk"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// book keeps entries in memory.
type book struct {
	mu      sync.Mutex
	entries []*journal.Entry
}

func (b *book) Open(_ context.Context, e *journal.Entry) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.Kind == orchestrator.TicketUpdate && len(e.Changes) == 0 {
		return false, nil
	}
	b.entries = append(b.entries, e)
	return true, nil
}

func (b *book) Settle(*journal.Entry) {}

func (b *book) Put(e *journal.Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, e)
}

func (b *book) log() []orchestrator.TicketEntry {
	var out []orchestrator.TicketEntry
	for _, e := range b.entries {
		out = append(out, e.TicketEntry)
	}
	return out
}

func clock() time.Time { return noon }

func scribe(b *book, dry bool) *journal.Scribe {
	return &journal.Scribe{
		Book: b, Base: orchestrator.TicketEntry{Run: "7", Runner: "r", Step: "r/s", Attempt: 1, DryRun: dry}, Clock: clock, Line: text.Line,
	}
}

func openDesk(t *testing.T, name string) *desk.Desk {
	t.Helper()
	d, err := desk.Open(t.Context(), filepath.Join(t.TempDir(), name), desk.Options{Author: "otai", Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// show prints a ticket without what only the real system can know: ids, numbers, authors.
func show(tickets ...ticket.Ticket) string {
	var b strings.Builder
	for _, t := range tickets {
		fmt.Fprintf(&b, "%s|%s|%s|%s|%s|%s|%v", t.Subject, t.Queue.Label(), t.Priority.Label(), t.State.Label(), t.Owner.Label(),
			t.Customer.Label(), t.CreatedAt.Unix())
		fmt.Fprintf(&b, "|locked %v", t.Locked)
		for _, name := range slices.Sorted(maps.Keys(t.Fields)) {
			if text := ticket.FieldText(t.Fields[name]); text != "" {
				fmt.Fprintf(&b, "|%s=%s", name, text)
			}
		}
		for _, n := range t.Notes {
			fmt.Fprintf(&b, "|%s:%s:%v:%s", n.Subject, n.Body, n.Visible, n.ContentType)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func pickOf(rng *rand.Rand, list ...string) string { return list[rng.IntN(len(list))] }

// same is both systems side by side: the desk that is really written and the one that a dry run looks at.
type both struct {
	t         *testing.T
	rng       *rand.Rand
	real, dry ticket.System
	ids       [][2]string // of the same ticket there and here
}

func (s *both) compare(what string, a, b string, errA, errB error) {
	s.t.Helper()
	if (errA == nil) != (errB == nil) {
		s.t.Fatalf("%s: really %v, dry %v", what, errA, errB)
	}
	if a != b {
		s.t.Fatalf("%s:\nreally %s\ndry    %s", what, a, b)
	}
}

func (s *both) named(options ...string) *ticket.Entity {
	return ticket.Named(pickOf(s.rng, options...))
}

var (
	queues     = []string{"Raw", "Billing", "Network", "Network::VPN", "Desk"}
	priorities = []string{"1 very low", "3 normal", "5 very high"}
	states     = []string{"new", "open", "closed successful", "pending reminder"}
)

func (s *both) act() {
	ctx, at := s.t.Context(), s.ids[s.rng.IntN(len(s.ids))]
	switch s.rng.IntN(7) {
	case 0, 1:
		c := ticket.Ticket{Queue: s.named(append(queues, "")...), Priority: s.named(append(priorities, "")...), State: s.named(append(states, "", "")...)}
		if s.rng.IntN(4) == 0 {
			c.Subject, c.Owner = pickOf(s.rng, "other", "  blanks "), s.named("kim", "")
		}
		if s.rng.IntN(3) == 0 {
			c.Lock = pickOf(s.rng, ticket.Lock, ticket.Unlock)
		}
		if s.rng.IntN(3) == 0 {
			c.Fields = map[string]any{pickOf(s.rng, "Done", "Label"): pickOf(s.rng, "1", "2", "")}
		}
		if s.rng.IntN(4) == 0 {
			c.Was = &ticket.Ticket{Queue: s.named(queues...), Priority: s.named(priorities...)}
		}
		a, errA := s.real.Update(ctx, at[0], c)
		b, errB := s.dry.Update(ctx, at[1], c)
		s.compare(fmt.Sprintf("update %v of %v", c, at), show(a), show(b), errA, errB)
	case 2:
		n := ticket.Note{Subject: pickOf(s.rng, "", "seen"), Body: pickOf(s.rng, "", "text", " text "), Key: pickOf(s.rng, "", "k1", "k2"), Visible: s.rng.IntN(2) == 0}
		errA, errB := s.real.AddNote(ctx, at[0], n), s.dry.AddNote(ctx, at[1], n)
		s.compare("note", "", "", errA, errB)
	case 3:
		c := ticket.Ticket{Subject: pickOf(s.rng, "", "made"), Queue: s.named("", "Raw", "Network::VPN"), Key: pickOf(s.rng, "", "c1")}
		a, errA := s.real.Create(ctx, c)
		b, errB := s.dry.Create(ctx, c)
		s.compare("create", show(a), show(b), errA, errB)
		if errA == nil {
			s.ids = append(s.ids, [2]string{a.ID, b.ID})
		}
	case 4:
		a, errA := s.real.Get(ctx, at[0])
		b, errB := s.dry.Get(ctx, at[1])
		s.compare("get", show(a), show(b), errA, errB)
	default:
		c := ticket.Criteria{
			Queue: s.named(append(queues, "")...), Limit: s.rng.IntN(6), Offset: s.rng.IntN(4), WithSubQueues: s.rng.IntN(2) == 0,
			OlderThan: time.Duration(s.rng.IntN(3)) * time.Hour,
		}
		if s.rng.IntN(3) == 0 {
			c.States = []string{pickOf(s.rng, states...), pickOf(s.rng, states...)}
		}
		if s.rng.IntN(3) == 0 {
			c.Priorities = []string{pickOf(s.rng, priorities...)}
		}
		if s.rng.IntN(3) == 0 {
			c.Fields = map[string]string{pickOf(s.rng, "Done", "Label"): pickOf(s.rng, "1", "2", "")}
		}
		c.WithNotes = s.rng.IntN(2) == 0
		a, errA := s.real.Find(ctx, c)
		b, errB := s.dry.Find(ctx, c)
		s.compare(fmt.Sprintf("find %+v", c), show(a...), show(b...), errA, errB)
	}
}

// TestADryRunSeesWhatARealOneWouldMake: random pipelines on two equal desks, one really written, one only looked at.
func TestADryRunSeesWhatARealOneWouldMake(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test's dice
			written, looked := openDesk(t, "written.db"), openDesk(t, "looked.db")
			b := &book{}
			over := journal.NewOverlay(clock)
			s := &both{t: t, rng: rng, real: written, dry: scribe(b, true).Dry(looked, over)}
			for i := range 12 {
				seedTicket := ticket.Ticket{
					Subject: fmt.Sprint("ticket ", i), Queue: s.named(queues...), Priority: s.named(priorities...), State: s.named(states...),
					CreatedAt: noon.Add(-time.Duration(rng.IntN(5)) * time.Hour),
				}
				a, errA := written.Create(t.Context(), seedTicket)
				c, errB := looked.Create(t.Context(), seedTicket)
				s.compare("seed", show(a), show(c), errA, errB)
				s.ids = append(s.ids, [2]string{a.ID, c.ID})
			}
			before := everything(t, looked)
			for range 250 {
				s.act()
			}
			if after := everything(t, looked); after != before {
				t.Errorf("the dry run wrote:\n%s\nwas\n%s", after, before)
			}
			replayed(t, b, over, looked, s)
		})
	}
}

// replayed: a later go at the run, which has only the journal, sees the same tickets.
func replayed(t *testing.T, b *book, over *journal.Overlay, looked ticket.System, s *both) {
	t.Helper()
	again := journal.NewOverlay(clock)
	again.Replay(b.log())
	first, second := scribe(&book{}, true).Dry(looked, over), scribe(&book{}, true).Dry(looked, again)
	for _, id := range s.ids {
		x, errX := first.Get(t.Context(), id[1])
		y, errY := second.Get(t.Context(), id[1])
		for i := range x.Notes { // the type of a note's text is not kept
			x.Notes[i].ContentType = ""
		}
		for i := range y.Notes {
			y.Notes[i].ContentType = ""
		}
		s.compare("replayed "+id[1], show(x), show(y), errX, errY)
	}
}

func everything(t *testing.T, d *desk.Desk) string {
	t.Helper()
	var b strings.Builder
	if _, err := d.Export(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
