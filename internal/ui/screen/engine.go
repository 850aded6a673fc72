package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// How often backfills are read while the engine is on show: one at work moves.
const (
	fillsBusy = 2 * time.Second
	fillsCalm = 10 * time.Second
)

// Engine is the screen of the engine itself: its health with every problem, its room, its configuration, what holds runs
// and what bounds them, and the backfills.
type Engine struct {
	w, h   int
	cursor string // key of the row
	top    int

	fills  []orchestrator.Backfill
	readAt time.Time // zero = not read yet
	err    string
}

// engineRow is one line of the screen.
type engineRow struct {
	key   string // identity, for the cursor; "" = the cursor cannot be there
	head  bool
	mark  Mark   // glyph and role; the zero value is none
	name  string // first column
	value string
	role  theme.Role // of the value

	scope  orchestrator.Scope // what p would pause; Kind "" = nothing
	held   bool               // scope is paused: p resumes it
	runner string
	fill   *orchestrator.Backfill
}

// NewEngine makes the screen.
func NewEngine() *Engine { return &Engine{} }

// Scopes are the action scopes of the screen.
func (e *Engine) Scopes() []string { return []string{"engine", "list", "open"} }

// Crumb names the screen.
func (e *Engine) Crumb(Env) string { return "Engine" }

// Resize takes the body's size.
func (e *Engine) Resize(w, h int) { e.w, e.h = w, h }

// Refresh keeps the cursor on its row.
func (e *Engine) Refresh(env Env) { e.fit(env) }

// Wants asks for the backfills.
func (e *Engine) Wants(env Env) []Want {
	every := fillsCalm
	if slices.ContainsFunc(e.fills, func(b orchestrator.Backfill) bool { return b.State == orchestrator.Running }) {
		every = fillsBusy
	}
	if !e.readAt.IsZero() && env.Now.Sub(e.readAt) < every {
		return nil
	}
	return []Want{{Key: fmt.Sprint("fills:", env.Now.Unix()), Kind: WantBackfills}}
}

// Again reads the backfills anew: one of them has been changed.
func (e *Engine) Again() { e.readAt = time.Time{} }

// Receive takes the backfills.
func (e *Engine) Receive(env Env, a Answer) {
	e.readAt, e.err = env.Now, ""
	if a.Err != nil {
		e.err = text.Line(a.Err.Error(), maxText)
		return
	}
	e.fills = e.fills[:0:0]
	for _, b := range a.Fills {
		b.Runner, b.Trigger, b.By = text.Line(b.Runner, maxText), text.Line(b.Trigger, maxText), text.Line(b.By, maxText)
		e.fills = append(e.fills, b)
	}
	e.fit(env)
}

// at is the row of the cursor among rows: the first one that it can be on, when its own is gone.
func (e *Engine) at(rows []engineRow) int {
	first := -1
	for i := range rows {
		if rows[i].key == "" {
			continue
		}
		if rows[i].key == e.cursor {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return max(first, 0)
}

func (e *Engine) fit(env Env) {
	rows := e.rows(env)
	at := e.at(rows)
	if e.cursor != "" {
		e.cursor = rows[at].key
	}
	e.top = part.Window(e.top, at, len(rows), e.listRows())
}

// listRows are the rows of the list: the screen without its rule and the note at its foot.
func (e *Engine) listRows() int { return max(e.h-1-e.noteRows(), 0) }

func (e *Engine) noteRows() int {
	switch {
	case e.h >= 28:
		return 4
	case e.h >= 12:
		return 3
	}
	return 0
}

// Move moves the cursor over the rows it can be on.
func (e *Engine) Move(env Env, n int) {
	rows := e.rows(env)
	i, step := e.at(rows), 1
	if n < 0 {
		n, step = -n, -1
	}
	for j := i + step; j >= 0 && j < len(rows) && n > 0; j += step {
		if rows[j].key != "" {
			i = j
			n--
		}
	}
	e.cursor = rows[i].key
	e.fit(env)
	if step < 0 && i == e.at(rows) && !slices.ContainsFunc(rows[:i], func(r engineRow) bool { return r.key != "" }) {
		e.top = 0 // the heading above the first row
	}
}

// Page moves by half pages.
func (e *Engine) Page(env Env, halves int) { e.Move(env, halves*max(e.listRows()/2, 1)) }

// Home goes to the first row.
func (e *Engine) Home(env Env) { e.Move(env, -len(e.rows(env))) }

// End goes to the last row.
func (e *Engine) End(env Env) { e.Move(env, len(e.rows(env))) }

func (e *Engine) row(env Env) engineRow {
	rows := e.rows(env)
	return rows[e.at(rows)]
}

// Scope is what the row under the cursor stands for; held says that it is paused. Kind "" = it cannot be paused.
func (e *Engine) Scope(env Env) (s orchestrator.Scope, held bool) {
	r := e.row(env)
	return r.scope, r.held
}

// Backfill is the backfill under the cursor; nil = none.
func (e *Engine) Backfill(env Env) *orchestrator.Backfill { return e.row(env).fill }

// Fills are the backfills as they were read last.
func (e *Engine) Fills() []orchestrator.Backfill { return e.fills }

// Target is the runner of the row under the cursor.
func (e *Engine) Target(env Env) (Target, bool) {
	r := e.row(env)
	return Target{Runner: r.runner}, r.runner != ""
}

// Draw draws the engine.
func (e *Engine) Draw(env Env, c part.Canvas) {
	d := &env.Data.Engine
	title := "engine"
	if d.Health != "" {
		title += theme.Sep + d.Health
	}
	if d.Version != "" {
		title += theme.Sep + "version " + d.Version
	}
	note := ""
	if !d.StartedAt.IsZero() {
		note = "up " + text.CalmAge(env.Now.Sub(d.StartedAt))
	}
	c.Rule(0, title, note)
	if !env.Data.Loaded {
		c.Text(1, 2, c.W-2, theme.Muted, "reading the engine's state"+theme.Ellipsis)
		return
	}
	rows := e.rows(env)
	at := e.at(rows)
	n := max(c.H-1-e.noteRows(), 0)
	top := part.Window(e.top, at, len(rows), n)
	nameW := min(max(c.W/4, 16), 34)
	for y := range n {
		if top+y >= len(rows) {
			break
		}
		rows[top+y].draw(c.Sub(0, 1+y, c.W, 1), nameW, top+y == at)
	}
	if e.noteRows() == 0 {
		return
	}
	y := c.H - e.noteRows()
	r := rows[at]
	c.Rule(y, strings.TrimSpace(r.name), r.hint())
	for i, l := range part.Wrap(r.value, c.W-2, e.noteRows()-1) {
		c.Put(1, y+1+i, r.role, l)
	}
}

func (r engineRow) draw(c part.Canvas, nameW int, current bool) {
	if r.head {
		c.Text(2, 0, c.W-2, theme.Faint, r.name)
		return
	}
	if current {
		c.Attr(0, 0, c.W, theme.Selected)
		c.Put(0, 0, theme.Accent, theme.Cursor)
	}
	c.Put(2, 0, r.mark.Role, r.mark.Glyph)
	x := c.Name(markCols, 0, nameW, theme.Plain, r.name)
	c.Text(x+1, 0, c.W-x-2, r.role, r.value)
}

// hint says which keys work on the row.
func (r engineRow) hint() string {
	switch {
	case r.fill != nil && r.fill.State == orchestrator.Running:
		return "x cancels"
	case r.held:
		return "p resumes"
	case r.scope.Kind == orchestrator.ScopeRunner:
		return "enter opens"
	case r.scope.Kind != "":
		return "p pauses"
	}
	return ""
}
