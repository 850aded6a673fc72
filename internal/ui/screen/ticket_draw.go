package screen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// besideCols is the width from which the texts stand beside the journal.
const besideCols = 130

// ticketLayout is where things are: the ticket above, its journal, the entry under the cursor below.
type ticketLayout struct {
	head   int // lines of the ticket with both rules
	rows   int // entries
	detail int // lines of the entry with its rule
}

func (s *Ticket) layout(_, h int) ticketLayout {
	l := ticketLayout{head: 6}
	switch {
	case h < 9:
		l.head = 3
	case h < 14:
		l.head = 4
	case h < 17:
		l.head = 5
	}
	room := max(h-l.head, 1)
	if room >= 8 {
		l.detail = min(room/2, 9)
	}
	l.rows = max(room-l.detail, 1)
	return l
}

// Draw draws the ticket.
func (s *Ticket) Draw(env Env, c part.Canvas) {
	l := s.layout(c.W, c.H)
	title := "ticket " + text.Line(s.ref.Ticket, 80)
	if s.known {
		title = s.live.Subject
	}
	note := ""
	if s.known {
		note = "as of " + text.Clock(s.live.ReadAt) + "Z"
	}
	c.Rule(0, title, note)
	s.drawHead(c.Sub(1, 1, c.W-2, max(l.head-2, 0)), env)
	y := l.head - 1
	if s.words {
		c.Rule(y, "texts"+theme.Sep+"newest note first", "tab journal")
		s.drawTexts(c.Sub(1, y+1, c.W-2, max(c.H-y-1, 0)))
		return
	}
	left := c
	if w := c.W * 11 / 20; c.W >= besideCols { // there is room for both
		left = c.Sub(0, 0, w, c.H)
		texts := c.Sub(w, y, c.W-w, max(c.H-y, 0))
		texts.Rule(0, "texts"+theme.Sep+"newest note first", "tab scrolls")
		s.drawTexts(texts.Sub(1, 1, texts.W-2, max(texts.H-1, 0)))
	}
	right := "tab texts"
	if len(s.log) > 0 {
		right = fmt.Sprintf("%d/%d%s%s", s.at()+1, len(s.log), theme.Sep, right)
	}
	left.Rule(y, "journal"+theme.Sep+"newest first", right)
	s.drawLog(env, left.Sub(0, y+1, left.W, l.rows))
	if e := s.Entry(); e != nil && l.detail > 0 {
		drawEntry(env, left.Sub(0, c.H-l.detail, left.W, l.detail), e, s.now(e))
	}
}

// now compares the ticket with how an entry left it; "" = nothing to say.
func (s *Ticket) now(e *orchestrator.TicketEntry) string {
	if !s.known || e.Kind != orchestrator.TicketUpdate || e.DryRun || e.Undoes != 0 || e.UndoneBy != 0 {
		return ""
	}
	is := map[string]string{
		"subject": s.live.Subject, "queue": s.live.Queue, "priority": s.live.Priority, "state": s.live.State, "owner": s.live.Owner,
		"customer": s.live.Customer,
	}
	for _, c := range e.Changes {
		if is[c.Field] != c.After {
			return c.Field + " is " + orDash(is[c.Field]) + " now, changed since"
		}
	}
	return "it still stands so" + theme.Sep + "U puts it back"
}

func (s *Ticket) drawHead(c part.Canvas, env Env) {
	switch {
	case s.err != "" && !s.known:
		for i, l := range part.Wrap("cannot be read: "+s.err, c.W, c.H) {
			c.Put(0, i, theme.Failed, l)
		}
		return
	case !s.known:
		c.Text(0, 0, c.W, theme.Muted, "reading"+theme.Ellipsis)
		return
	}
	t := &s.live
	first := "queue " + orDash(t.Queue) + theme.Sep + orDash(t.State) + theme.Sep + orDash(t.Priority)
	y := line(c, 0, theme.Plain, first)
	owner := "owner " + orDash(t.Owner)
	if t.Locked {
		owner += theme.Sep + "locked"
	}
	y = line(c, y, theme.Muted, owner+theme.Sep+"customer "+orDash(t.Customer)+theme.Sep+count(len(t.Notes), "note", "notes"))
	where := t.System
	if !t.UpdatedAt.IsZero() {
		where = "changed " + text.CalmAge(env.Now.Sub(t.UpdatedAt)) + " ago" + theme.Sep + where
	}
	y = line(c, y, theme.Muted, where)
	if s.err != "" {
		line(c, y, theme.Failed, "read again in vain: "+s.err)
	} else if n := len(t.Notes); n > 0 {
		last := t.Notes[n-1]
		line(c, y, theme.Muted, "newest note: "+orDash(last.Subject)+theme.Sep+orDash(last.Author))
	}
}

func (s *Ticket) drawTexts(c part.Canvas) {
	lines := s.texts(c.W + 2)
	if len(lines) == 0 {
		c.Text(0, 0, c.W, theme.Muted, "the ticket has no text that could be read")
		return
	}
	at := max(min(s.scroll, len(lines)-1), 0)
	for y := range c.H {
		if at+y >= len(lines) {
			return
		}
		role := theme.Plain
		if strings.HasPrefix(lines[at+y], theme.GlyphDisabled) {
			role = theme.Title
		}
		c.Text(0, y, c.W, role, lines[at+y])
	}
}

func (s *Ticket) drawLog(env Env, c part.Canvas) {
	switch {
	case s.logErr != "":
		c.Text(1, 0, c.W-2, theme.Failed, "the journal cannot be read: "+s.logErr)
		return
	case !s.logged:
		c.Text(1, 0, c.W-2, theme.Muted, "reading"+theme.Ellipsis)
		return
	case len(s.log) == 0:
		c.Text(1, 0, c.W-2, theme.Muted, "no pipe has touched this ticket, as far as the journal goes back")
		return
	}
	top := part.Window(s.top, s.at(), len(s.log), c.H)
	for y := range c.H {
		if top+y >= len(s.log) {
			return
		}
		e := &s.log[top+y]
		row := c.Sub(0, y, c.W, 1)
		if top+y == s.at() {
			row.Attr(0, 0, c.W, theme.Selected)
			row.Put(0, 0, theme.Accent, theme.Cursor)
		}
		m := entryMark(e)
		x := row.Put(2, 0, m.Role, m.Glyph) + 1
		x = row.Put(x, 0, theme.Muted, clockToday(e.At, env.Now)) + 1
		if c.W >= 70 {
			x = row.Name(x, 0, min(c.W/5, 22), theme.Plain, whoShort(e)) + 1
		}
		role := theme.Plain
		if !e.Kind.Write() {
			role = theme.Muted
		}
		row.Text(x, 0, c.W-x-1, role, entryWords(e))
	}
}

// whoShort is the pipe, or the person, behind an entry.
func whoShort(e *orchestrator.TicketEntry) string {
	if e.Run == "" {
		return e.By
	}
	return e.Runner
}

// drawEntry draws all that the journal has of an entry.
func drawEntry(env Env, c part.Canvas, e *orchestrator.TicketEntry, now string) {
	m := entryMark(e)
	c.Rule(0, fmt.Sprintf("#%d%s%s", e.ID, theme.Sep, m.Word), clockToday(e.At, env.Now)+"Z")
	in := c.Sub(1, 1, c.W-2, max(c.H-1, 0))
	y := line(in, 0, theme.Muted, whoOf(e))
	for _, f := range entryFacts(e) {
		for _, l := range part.Wrap(f.text, in.W, 2) {
			y = line(in, y, f.role, l)
		}
	}
	if now != "" {
		line(in, y, theme.Muted, now)
	}
}

// fact is a line with its role.
type fact struct {
	role theme.Role
	text string
}

// entryFacts are the lines that say what an entry is about.
func entryFacts(e *orchestrator.TicketEntry) []fact {
	var out []fact
	for i := range e.Changes {
		out = append(out, fact{theme.Plain, changeText(&e.Changes[i])})
	}
	if n := e.Note; n != nil {
		seen := "internal"
		if n.Visible {
			seen = "visible to the customer"
		}
		out = append(out, fact{theme.Plain, fmt.Sprintf("note %s%s%d bytes%s%s", orDash(n.Subject), theme.Sep, n.Length, theme.Sep, seen)})
		if n.Body != "" {
			out = append(out, fact{theme.Muted, n.Body})
		}
	}
	if e.Decision != nil || e.Text != "" || e.Kind == orchestrator.TicketRead {
		out = append(out, fact{theme.Plain, entryWords(e)})
	}
	switch {
	case e.Outcome == orchestrator.TicketUnknown:
		out = append(out, fact{theme.Late, "not known whether it was written: " + e.Error})
	case e.Error != "":
		out = append(out, fact{theme.Failed, e.Error})
	}
	if e.Undoes != 0 {
		out = append(out, fact{theme.Muted, fmt.Sprintf("puts back #%d", e.Undoes)})
	}
	if e.UndoneBy != 0 {
		out = append(out, fact{theme.Muted, fmt.Sprintf("was put back by #%d", e.UndoneBy)})
	}
	return slices.Clip(out)
}
