package ui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// ticketed is a screen with a ticket under its cursor; nil = there is none.
type ticketed interface {
	Ticket() *orchestrator.TicketRef
}

// ticketActions are about tickets: their journal, how they are now, and the way back.
func ticketActions() []act {
	return []act{
		{
			ID: "ticket.open", Scope: "tickets", Keys: []string{"enter"}, Group: "see", Foot: 9,
			Title: "the ticket as it is now, and who did what to it", Short: "open", Why: (*App).whyTicket, Do: (*App).openTicket,
		},
		{
			ID: "changes.open", Scope: "changes", Keys: []string{"enter"}, Group: "see", Foot: 9,
			Title: "the ticket under the cursor", Short: "ticket", Why: (*App).whyTicket, Do: (*App).openTicket,
		},
		{
			ID: "changes.undo", Scope: "changes", Keys: []string{"U"}, Group: "act", Foot: 7, Tier: action.Dialog,
			Title: "put back what this run wrote", Short: "undo run", Tip: "tickets that were changed since are left alone; asks first",
			Why: (*App).whyUndoRun, Do: (*App).undoRun,
		},
		{
			ID: "ticket.run", Scope: "ticket", Keys: []string{"enter"}, Group: "see", Foot: 8,
			Title: "the run and step of this entry", Short: "run", Why: (*App).whyItem, Do: (*App).openEntryRun,
		},
		{
			ID: "ticket.undo", Scope: "ticket", Keys: []string{"U"}, Group: "act", Foot: 9, Tier: action.Dialog,
			Title: "put back what this entry wrote", Short: "put back", Tip: "only while the ticket still stands as the entry left it; asks first",
			Why: (*App).whyUndoEntry, Do: (*App).undoEntry,
		},
		{
			ID: "ticket.texts", Scope: "ticket", Keys: []string{"tab", "shift+tab"}, Group: "move", Foot: 6,
			Title: "journal, or the ticket's texts", Short: "texts", Do: on(func(s *screen.Ticket, e screen.Env) { s.NextPane(e) }),
		},
		{
			ID: "ticket.again", Scope: "ticket", Keys: []string{"."}, Group: "see", Foot: 4,
			Title: "read the ticket again", Short: "again", Do: on(func(s *screen.Ticket, _ screen.Env) { s.Again() }),
		},
		{
			ID: "item.ticket", Scope: "item", Keys: []string{"o"}, Group: "see", Foot: 3,
			Title: "the ticket of this step, question or run", Short: "ticket", Tip: "as it is now, with its journal",
			Why: (*App).whyRunTickets, Do: (*App).openRunTickets,
		},
		{
			ID: "item.changes", Scope: "item", Keys: []string{"c"}, Group: "see", Foot: 3,
			Title: "what this run changed, or a dry run would have", Short: "changes", Tip: "a diff per ticket",
			Why: (*App).whyRunTickets, Do: (*App).openChanges,
		},
		{
			ID: "ticket.named", Scope: action.Command, Group: "see", Short: "ticket", Args: "NUMBER",
			Title: "a ticket by its number or id", Do: typeOn("ticket"), Offer: ticketOffers,
		},
	}
}

func ticketOffers(_ *App, rest string) []action.Offer[*App] {
	id := strings.TrimSpace(rest)
	if id == "" {
		return nil
	}
	return []action.Offer[*App]{{
		Line: join("ticket", id), Title: "as it is now, and who did what to it",
		Do: func(a *App) { a.open(screen.NewTicket(orchestrator.TicketRef{Ticket: id})) },
	}}
}

func (a *App) whyTicket() string {
	if t, ok := a.top().(ticketed); !ok || t.Ticket() == nil {
		return "no ticket is selected"
	}
	return ""
}

func (a *App) openTicket() {
	if t, ok := a.top().(ticketed); ok && t.Ticket() != nil {
		a.open(screen.NewTicket(*t.Ticket()))
	}
}

// openEntryRun opens the run of the journal's entry, at its step.
func (a *App) openEntryRun() {
	s, ok := a.top().(*screen.Ticket)
	if !ok || s.Entry() == nil || s.Entry().Run == "" {
		return
	}
	e := s.Entry()
	a.open(screen.NewRun(orchestrator.Run{ID: e.Run, Runner: e.Runner, DryRun: e.DryRun}).At(e.Step))
}

// whyRunTickets says why there is no run whose tickets could be shown.
func (a *App) whyRunTickets() string {
	if t, ok := a.top().(ticketed); ok && t.Ticket() != nil {
		return ""
	}
	if _, run := a.chosen(); run == nil {
		return "no run is selected"
	}
	return ""
}

func (a *App) openChanges() {
	_, run := a.chosen()
	if run == nil { // a ticket that an operator has touched last
		return
	}
	a.open(screen.NewChanges(*run, ""))
}

// ticketsMsg is the journal of a run, read to find the ticket of a step.
type ticketsMsg struct {
	run  orchestrator.Run
	step string
	log  []orchestrator.TicketEntry
	err  error
}

// openRunTickets opens the ticket that the step under the cursor is about; of several, their list.
func (a *App) openRunTickets() {
	if t, ok := a.top().(ticketed); ok && t.Ticket() != nil {
		a.openTicket()
		return
	}
	_, run := a.chosen()
	m := ticketsMsg{run: *run, step: run.Runner}
	if st, _ := a.chosenStep(); st != nil && a.ofChosen(st) {
		m.step = st.Path
	}
	if s, ok := a.top().(*screen.Approvals); ok {
		if q := s.Approval(&a.data); q != nil {
			m.step = q.Step
			if id := ticketInSubject(q.Subject); id != "" { // the question itself names it
				a.open(screen.NewTicket(orchestrator.TicketRef{Ticket: id}))
				return
			}
		}
	}
	o := a.o
	a.off(func(ctx context.Context) tea.Msg {
		m.log, m.err = o.TicketLog(ctx, orchestrator.TicketLogFilter{Run: m.run.ID, Limit: 5000})
		return m
	})
}

// ticketInSubject gives the ticket that a question names in its subject: its id before its number; "" = none.
func ticketInSubject(subject map[string]any) string {
	for _, key := range []string{"ticket_id", "ticket", "ticket_number", "number"} {
		switch v := subject[key].(type) {
		case map[string]any:
			if id := ticketInSubject(map[string]any{"ticket_id": v["id"]}); id != "" {
				return id
			}
		case nil, []any, bool:
		default:
			if id := strings.TrimSpace(fmt.Sprint(v)); id != "" {
				return text.Line(id, 200)
			}
		}
	}
	return ""
}

// foundTickets opens what was found.
func (a *App) foundTickets(m ticketsMsg) {
	if m.err != nil {
		a.notes.say(a.now, theme.Failed, theme.GlyphFailed+" the ticket journal cannot be read: "+text.Line(m.err.Error(), 400))
		return
	}
	step, refs := ticketsOfStep(m.log, m.step)
	switch len(refs) {
	case 0:
		a.notes.say(a.now, theme.Muted, "the journal knows no ticket of "+text.Line(m.step, 100))
	case 1:
		a.open(screen.NewTicket(refs[0]))
	default:
		a.open(screen.NewChanges(m.run, step))
	}
}

// ticketsOfStep gives the tickets of a step: those that it, or a step under it, has touched; else those of the item it is in.
func ticketsOfStep(log []orchestrator.TicketEntry, step string) (at string, refs []orchestrator.TicketRef) {
	for at = step; at != ""; at = parentPath(at) {
		seen := map[orchestrator.TicketRef]bool{}
		for i := range log {
			e := &log[i]
			ref := orchestrator.TicketRef{Service: e.Service, Ticket: e.Ticket}
			inside := e.Step == at || strings.HasPrefix(e.Step, at+"/")
			if !inside || e.Ticket == "" || seen[ref] || strings.HasPrefix(e.Ticket, "dry-") {
				continue
			}
			seen[ref] = true
			refs = append(refs, ref)
		}
		if len(refs) > 0 {
			return at, refs
		}
	}
	return step, nil
}

func parentPath(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return ""
	}
	return path[:i]
}

// planMsg is what an undo would do.
type planMsg struct {
	title string
	req   orchestrator.TicketUndoRequest
	plan  orchestrator.TicketUndo
	err   error
}

// planUndo asks what an undo would do; the answer opens the form.
func (a *App) planUndo(title string, req orchestrator.TicketUndoRequest) {
	req.By, req.DryRun = a.opts.Actor, true
	o := a.o
	a.off(func(ctx context.Context) tea.Msg {
		m := planMsg{title: title, req: req}
		m.plan, m.err = o.UndoTickets(ctx, req)
		return m
	})
}

func (a *App) whyUndoEntry() string {
	s, ok := a.top().(*screen.Ticket)
	if !ok || s.Entry() == nil {
		return "no entry of the journal is selected"
	}
	switch e := s.Entry(); {
	case e.DryRun:
		return "it was a dry run: nothing was written"
	case e.UndoneBy != 0:
		return fmt.Sprintf("it was put back already, by #%d", e.UndoneBy)
	case e.Kind == orchestrator.TicketAddNote || e.Kind == orchestrator.TicketCreate:
		return "notes and created tickets stay: ticket systems do not take them back"
	case e.Kind != orchestrator.TicketUpdate || e.Outcome == orchestrator.TicketFailed:
		return "it changed nothing"
	}
	return ""
}

func (a *App) undoEntry() {
	if s, ok := a.top().(*screen.Ticket); ok && s.Entry() != nil {
		e := s.Entry()
		a.planUndo(fmt.Sprintf("put back #%d", e.ID), orchestrator.TicketUndoRequest{Ticket: s.Ref(), Entry: e.ID})
	}
}

func (a *App) whyUndoRun() string {
	s, ok := a.top().(*screen.Changes)
	switch {
	case !ok:
		return "no run is selected"
	case s.Run().DryRun:
		return "it was a dry run: nothing was written"
	}
	return ""
}

func (a *App) undoRun() {
	if s, ok := a.top().(*screen.Changes); ok {
		a.planUndo("undo run "+screen.ShortID(s.Run().ID), orchestrator.TicketUndoRequest{Run: s.Run().ID})
	}
}

// undoPlanned opens the form that says what an undo would do. One that touches several tickets asks for a phrase.
func (a *App) undoPlanned(m planMsg) {
	if m.err != nil {
		a.notes.say(a.now, theme.Muted, text.Line(m.err.Error(), 400))
		return
	}
	plan := m.plan
	ready := plan.Ready()
	f := &form{title: m.title, verb: "put back"}
	f.facts = func(a *App, _ *form) facts {
		out := facts{lines: undoFacts(&plan)}
		if ready == 0 {
			out.why = "nothing can be put back: " + firstConflict(&plan)
		}
		out.lines = append(out.lines, fact{theme.Muted, "notes stay" + theme.Sep + a.recorded()})
		return out
	}
	if ready > 1 {
		f.phrase = func(*App, *form) string { return fmt.Sprintf("undo %d", ready) }
	}
	f.submit = func(a *App, f *form) {
		req, o := m.req, a.o
		req.DryRun = false
		a.send(f, m.title, func(ctx context.Context) (string, error) {
			done, err := o.UndoTickets(ctx, req)
			return undoneWords(&done), err
		}, nil)
	}
	a.openForm(f)
}

func firstConflict(u *orchestrator.TicketUndo) string {
	for i := range u.Steps {
		if c := u.Steps[i].Conflict; c != "" {
			return text.Line(c, 300)
		}
	}
	return "there is nothing"
}

// maxUndoFacts bounds how many tickets a form lists.
const maxUndoFacts = 12

// undoFacts say what would be written to which ticket, and what is left alone.
func undoFacts(u *orchestrator.TicketUndo) []fact {
	var out []fact
	for i := range u.Steps {
		s := &u.Steps[i]
		if i == maxUndoFacts {
			return append(out, fact{theme.Muted, fmt.Sprintf("%s and %d more", theme.Ellipsis, len(u.Steps)-i)})
		}
		name := "ticket " + text.Line(s.Number, 80)
		if s.Number == "" {
			name = "ticket " + text.Line(s.Ticket, 80)
		}
		if s.Conflict != "" {
			out = append(out, fact{theme.Late, name + " is left alone: " + text.Line(s.Conflict, 300)})
			continue
		}
		var parts []string
		for _, c := range s.Changes {
			parts = append(parts, fmt.Sprintf("%s %s %s %s", text.Line(c.Field, 40), text.Line(c.Before, 120), theme.Arrow, text.Line(c.After, 120)))
		}
		out = append(out, fact{theme.Plain, name + theme.Sep + strings.Join(parts, ", ")})
	}
	return out
}

// undoneWords say what an undo did.
func undoneWords(u *orchestrator.TicketUndo) string {
	done, left := 0, 0
	for i := range u.Steps {
		if u.Steps[i].Done {
			done++
		} else {
			left++
		}
	}
	s := plural(done, "change") + " put back"
	if left > 0 {
		s += fmt.Sprintf("%s%d left alone", theme.Sep, left)
	}
	return s
}

// dryPipes counts the pipes that the configuration holds dry.
func (a *App) dryPipes() int {
	n := 0
	for i := range a.data.Runners {
		if a.data.Runners[i].DryRun {
			n++
		}
	}
	return n
}
