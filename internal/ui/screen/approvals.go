package screen

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Approvals lists the steps that wait for a person's answer, the oldest first, with all that there is to decide by.
type Approvals struct {
	w, h   int
	cursor string // run and step of the row
	top    int
	row    int // where the cursor was, for when its row is gone

	review  bool // the cursor is on a decision of a classifier
	reading bool // its text has the room of the list
	scroll  int  // of the text, in lines
}

// NewApprovals makes the list.
func NewApprovals() *Approvals { return &Approvals{} }

// Scopes are the action scopes of the list.
func (s *Approvals) Scopes() []string {
	if s.review {
		return []string{"review", "list", "open", "item"}
	}
	return []string{"answer", "list", "open", "item"}
}

// Crumb names the screen.
func (s *Approvals) Crumb(Env) string { return "Approvals" }

// Resize takes the body's size.
func (s *Approvals) Resize(w, h int) { s.w, s.h = w, h }

// Refresh keeps the cursor on its approval.
func (s *Approvals) Refresh(env Env) { s.fit(env) }

func approvalKey(a *orchestrator.Approval) string { return a.Run + " " + a.Step }

// at is the row of the cursor; when its approval is gone, of the one that took its place.
func (s *Approvals) at(d *Data) int {
	i := slices.IndexFunc(d.Approvals, func(a orchestrator.Approval) bool { return approvalKey(&a) == s.cursor })
	if i < 0 {
		i = max(min(s.row, len(d.Approvals)-1), 0)
	}
	return i
}

func (s *Approvals) fit(env Env) {
	n := len(env.Data.Approvals)
	if n == 0 {
		s.cursor, s.row, s.top, s.review, s.reading = "", 0, 0, false, false
		return
	}
	s.row = s.at(env.Data)
	a := &env.Data.Approvals[s.row]
	if s.cursor != approvalKey(a) {
		s.cursor, s.scroll = approvalKey(a), 0
	}
	s.review = a.Review != nil
	s.top = part.Window(s.top, s.row, n, s.rows(s.h, n))
}

// rows are the rows of the list with n approvals: at most half of the screen.
func (s *Approvals) rows(h, n int) int {
	most := h/2 - 1
	if s.reading {
		most = 1
	}
	return max(min(n, most), min(n, 1))
}

// Move moves the cursor.
func (s *Approvals) Move(env Env, rows int) {
	if n := len(env.Data.Approvals); n > 0 {
		s.row = max(min(s.at(env.Data)+rows, n-1), 0)
		s.cursor, s.scroll = approvalKey(&env.Data.Approvals[s.row]), 0
		s.fit(env)
	}
}

// Page moves by half pages: the text while it is read, else the cursor.
func (s *Approvals) Page(env Env, halves int) {
	if a := s.Review(env.Data); a != nil && s.reading {
		s.scroll = max(min(s.scroll+halves*max(s.h/2, 1), len(wrapText(a.Review.Text, max(s.w/2, 1)))), 0)
		return
	}
	s.Move(env, halves*max(s.h/4, 1))
}

// Home goes to the oldest.
func (s *Approvals) Home(env Env) { s.Move(env, -len(env.Data.Approvals)) }

// End goes to the newest.
func (s *Approvals) End(env Env) { s.Move(env, len(env.Data.Approvals)) }

// Approval is the one under the cursor; nil = none.
func (s *Approvals) Approval(d *Data) *orchestrator.Approval {
	if len(d.Approvals) == 0 {
		return nil
	}
	return &d.Approvals[s.at(d)]
}

// Target is the run that waits.
func (s *Approvals) Target(env Env) (Target, bool) {
	a := s.Approval(env.Data)
	if a == nil {
		return Target{}, false
	}
	return Target{Runner: a.Runner, Run: &orchestrator.Run{ID: a.Run, Runner: a.Runner, State: orchestrator.Paused}}, true
}

// Wants nothing: approvals are part of the shared data.
func (s *Approvals) Wants(Env) []Want { return nil }

// Receive has nothing to take.
func (s *Approvals) Receive(Env, Answer) {}

// Draw draws the list, and below it what the one under the cursor is about.
func (s *Approvals) Draw(env Env, c part.Canvas) {
	as := env.Data.Approvals
	note := ""
	if n := len(as); n > 0 {
		note = fmt.Sprintf("%d/%d", s.at(env.Data)+1, n)
	}
	c.Rule(0, s.heading(env.Data), note)
	if len(as) == 0 {
		c.Text(1, 2, c.W-2, theme.Muted, "nobody has to be asked; runs that wait for an answer show up here")
		return
	}
	at := s.at(env.Data)
	n := s.rows(c.H, len(as))
	top := part.Window(s.top, at, len(as), n)
	nameW := min(max(c.W/5, 10), 26)
	for y := range n {
		a := &as[top+y]
		if top+y == at {
			c.Attr(0, 1+y, c.W, theme.Selected)
			c.Put(0, 1+y, theme.Accent, theme.Cursor)
		}
		c.Put(2, 1+y, theme.Late, theme.GlyphAsk)
		x := c.Name(markCols, 1+y, nameW, theme.Plain, a.Runner) + 1
		c.Right(x, 1+y, 4, theme.Muted, text.CalmAge(env.Now.Sub(a.At)))
		x += 6
		due := deadline(a, env)
		if a.Review != nil {
			drawReviewRow(c.Sub(x, 1+y, c.W-x-text.Width(due)-3, 1), min(max((c.W-x)/4, 6), 20), a.Review)
			c.Right(x, 1+y, max(c.W-x-1, 0), theme.Late, due)
			continue
		}
		c.Text(x, 1+y, c.W-x-text.Width(due)-3, theme.Plain, a.Question)
		c.Right(x, 1+y, max(c.W-x-1, 0), theme.Late, due)
	}
	if y := 1 + n; y < c.H {
		if in := c.Sub(0, y, c.W, c.H-y); as[at].Review != nil {
			s.drawReview(env, in, &as[at])
		} else {
			drawApproval(env, in, &as[at])
		}
	}
}

// heading counts what waits, by kind.
func (s *Approvals) heading(d *Data) string {
	reviews := 0
	for i := range d.Approvals {
		if d.Approvals[i].Review != nil {
			reviews++
		}
	}
	questions := len(d.Approvals) - reviews
	out := count(questions, "step waits", "steps wait") + " for an answer"
	switch {
	case reviews > 0 && questions > 0:
		out = count(reviews, "decision", "decisions") + " and " + count(questions, "question", "questions") + " wait"
	case reviews > 0:
		out = count(reviews, "decision waits", "decisions wait")
	}
	out += theme.Sep + "oldest first"
	if n := d.HeldBack(); n > 0 {
		out += theme.Sep + fmt.Sprintf("%d held back (u)", n)
	}
	return out
}

// deadline says how long there is to answer; "" = for ever.
func deadline(a *orchestrator.Approval, env Env) string {
	switch d := a.Until.Sub(env.Now); {
	case a.Until.IsZero():
		return ""
	case d <= 0:
		return "overdue"
	default:
		return text.Countdown(d) + " left"
	}
}

// drawApproval draws all that an answer can be decided by.
func drawApproval(env Env, c part.Canvas, a *orchestrator.Approval) {
	c.Rule(0, a.Runner+theme.Sep+"run "+ShortID(a.Run)+theme.Sep+leaf(a.Step), env.Key("answer.give", "A")+" answers")
	in := c.Sub(1, 1, c.W-2, c.H-1)
	y := 0
	for _, l := range part.Wrap(a.Question, in.W, 3) {
		y = line(in, y, theme.Title, l)
	}
	when := "asked " + clockToday(a.At, env.Now) + "Z"
	if a.Until.IsZero() {
		when += theme.Sep + "no deadline"
	} else {
		when += theme.Sep + "until " + clockToday(a.Until, env.Now) + "Z, then the step's own rule for silence counts"
	}
	y = line(in, y, theme.Muted, when)
	if len(a.Input) > 0 {
		y = line(in, y, theme.Muted, "also asked for: "+InputWords(a))
	}
	for _, s := range subjectLines(a, in.W) {
		y = line(in, y, theme.Plain, s)
	}
}

// InputWords are the values that may be answered besides yes and no.
func InputWords(a *orchestrator.Approval) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(a.Input)) {
		parts = append(parts, k+" ("+a.Input[k]+")")
	}
	return text.Line(strings.Join(parts, ", "), maxText)
}

// subjectLines print what it is about, one field a line, long ones wrapped.
func subjectLines(a *orchestrator.Approval, w int) []string {
	keys := slices.Sorted(maps.Keys(a.Subject))
	width := 0
	for _, k := range keys {
		width = max(width, min(text.Width(text.Line(k, 64)), 20))
	}
	var out []string
	for _, k := range keys {
		value, ok := a.Subject[k].(string)
		if b, err := json.Marshal(a.Subject[k]); !ok && err == nil {
			value = string(b)
		}
		name := text.Truncate(text.Line(k, 64), width, theme.Ellipsis)
		name += strings.Repeat(" ", width-text.Width(name)+2)
		for i, l := range part.Wrap(text.Line(value, maxText), w-width-2, 6) {
			if i > 0 {
				name = strings.Repeat(" ", width+2)
			}
			out = append(out, name+l)
		}
	}
	return out
}
