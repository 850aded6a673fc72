package screen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// SafeEntry makes an entry of the ticket journal safe to draw.
func SafeEntry(e orchestrator.TicketEntry) orchestrator.TicketEntry {
	line := func(s *string) { *s = text.Line(*s, maxText) }
	for _, s := range []*string{&e.Service, &e.Ticket, &e.Number, &e.Runner, &e.Step, &e.Error, &e.Text, &e.By, &e.Via} {
		line(s)
	}
	e.Kind, e.Outcome = orchestrator.TicketKind(text.Line(string(e.Kind), 64)), orchestrator.TicketOutcome(text.Line(string(e.Outcome), 64))
	e.Changes = slices.Clone(e.Changes)
	for i := range e.Changes {
		c := &e.Changes[i]
		line(&c.Field)
		line(&c.Before)
		line(&c.After)
	}
	if e.Note != nil {
		n := *e.Note
		line(&n.Subject)
		line(&n.Body)
		e.Note = &n
	}
	if e.Decision != nil {
		d := *e.Decision
		line(&d.Model)
		line(&d.Label)
		e.Decision = &d
	}
	return e
}

func safeEntries(es []orchestrator.TicketEntry) []orchestrator.TicketEntry {
	out := make([]orchestrator.TicketEntry, len(es))
	for i := range es {
		out[i] = SafeEntry(es[i])
	}
	return out
}

// safeSeen makes a ticket of the list safe to draw.
func safeSeen(t orchestrator.TicketSeen) orchestrator.TicketSeen {
	for _, s := range []*string{&t.Service, &t.Ticket, &t.Number, &t.Subject, &t.Queue, &t.Priority, &t.State, &t.Label, &t.Runner} {
		*s = text.Line(*s, maxText)
	}
	t.Kind = orchestrator.TicketKind(text.Line(string(t.Kind), 64))
	return t
}

// maxBodyLines bounds how much of one text of a ticket is shown.
const maxBodyLines = 400

// safeTicket makes a ticket safe to draw. Texts keep their line breaks: Body is drawn line by line.
func safeTicket(t orchestrator.Ticket) orchestrator.Ticket {
	for _, s := range []*string{
		&t.Service, &t.System, &t.ID, &t.Number, &t.Subject, &t.Queue, &t.Priority, &t.State, &t.Owner, &t.Customer,
	} {
		*s = text.Line(*s, maxText)
	}
	t.Body = safeBody(t.Body)
	t.Notes = slices.Clone(t.Notes)
	for i := range t.Notes {
		n := &t.Notes[i]
		n.Subject, n.Author, n.Body = text.Line(n.Subject, maxText), text.Line(n.Author, maxText), safeBody(n.Body)
	}
	return t
}

func safeBody(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	more := len(lines) - maxBodyLines
	lines = lines[:min(len(lines), maxBodyLines)]
	for i := range lines {
		lines[i] = text.Line(lines[i], maxText)
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("%s %d more lines", theme.Ellipsis, more))
	}
	return strings.Join(lines, "\n")
}

// entryMark is how an entry of the journal is marked.
func entryMark(e *orchestrator.TicketEntry) Mark {
	switch {
	case e.Outcome == orchestrator.TicketFailed:
		return Mark{theme.GlyphFailed, "refused", theme.Failed}
	case e.Outcome == orchestrator.TicketUnknown:
		return Mark{theme.GlyphLate, "unknown", theme.Late}
	case e.Outcome == orchestrator.TicketOpen:
		return Mark{theme.GlyphRunning, "writing", theme.Running}
	case e.DryRun && e.Kind != orchestrator.TicketRead:
		return Mark{theme.GlyphQueued, "intended", theme.Late}
	case e.Undoes != 0:
		return Mark{theme.GlyphRetry, "put back", theme.Accent}
	case e.UndoneBy != 0:
		return Mark{theme.GlyphSkipped, "was put back", theme.Muted}
	case e.Kind.Write():
		return Mark{theme.GlyphOK, string(e.Kind), theme.OK}
	}
	return Mark{theme.GlyphDisabled, string(e.Kind), theme.Muted}
}

// entryWords say in one line what an entry is about.
func entryWords(e *orchestrator.TicketEntry) string {
	switch e.Kind {
	case orchestrator.TicketDecision:
		d := e.Decision
		if d == nil {
			return "a decision"
		}
		s := fmt.Sprintf("%s %.2f", d.Label, d.Confidence)
		if d.Uncalibrated {
			s += " by its own estimate"
		}
		if d.Model != "" {
			s += theme.Sep + d.Model
		}
		return s
	case orchestrator.TicketAddNote:
		if e.Note == nil {
			return "a note"
		}
		return "note " + e.Note.Subject
	case orchestrator.TicketCall:
		return "would " + e.Text
	case orchestrator.TicketRead:
		if e.Count > 1 {
			return fmt.Sprintf("read %d times", e.Count)
		}
		return "read"
	}
	parts := make([]string, len(e.Changes))
	for i := range e.Changes {
		parts[i] = changeText(&e.Changes[i])
	}
	if e.Kind == orchestrator.TicketCreate {
		return "created: " + strings.Join(parts, ", ")
	}
	if len(parts) == 0 {
		return "nothing changed"
	}
	return strings.Join(parts, ", ")
}

func changeText(c *orchestrator.TicketChange) string {
	if c.Before == "" {
		return c.Field + " " + c.After
	}
	return c.Field + " " + c.Before + " " + theme.Arrow + " " + c.After
}

// whoOf says which step, or who, did what an entry tells of.
func whoOf(e *orchestrator.TicketEntry) string {
	if e.Run == "" {
		return "by " + e.By + " via " + e.Via
	}
	s := "run " + ShortID(e.Run) + theme.Sep + e.Step
	if e.Attempt > 1 {
		s += fmt.Sprintf("%sattempt %d", theme.Sep, e.Attempt)
	}
	if e.DryRun {
		s += theme.Sep + "dry run"
	}
	return s
}
