package screen

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// hold is how long the order of the rows stands still after the cursor moved.
const hold = 5 * time.Second

// Pipes is the dashboard: one row per runner, those that need attention first.
type Pipes struct {
	w, h    int
	order   []string // ids as shown
	pending int      // rows that wait for a re-sort
	cursor  string   // id under the cursor
	top     int
	moved   time.Time // when the cursor moved last
	filter  filter
	feed    *Events
	onFeed  bool // the event pane has the focus
	peek    peek
	marks   marks
	by      string // how the rows are sorted; "" = attention first
	reverse bool
	hide    []string // columns that are left out
	fresh   fresh
}

// NewPipes makes the dashboard.
func NewPipes() *Pipes { return &Pipes{feed: &Events{pane: true}} }

// Scopes are the action scopes of the dashboard.
func (p *Pipes) Scopes() []string {
	return []string{"pipes", "list", "open", "item", "filter", "marks", "sort"}
}

// Crumb names the screen.
func (p *Pipes) Crumb(Env) string { return "Pipes" }

// Resize takes the body's size.
func (p *Pipes) Resize(w, h int) {
	p.w, p.h = w, h
	l := p.layout(w, h)
	p.feed.Resize(w, l.feed)
	if l.feed == 0 {
		p.onFeed = false
	}
}

// Refresh sorts again, unless the order is held, and keeps the cursor on its runner.
func (p *Pipes) Refresh(env Env) {
	want := p.sorted(env)
	p.marks.keep(func(id string) bool { return env.Data.Runner(id) != nil || !env.Data.Loaded })
	held := (!p.moved.IsZero() && env.Now.Sub(p.moved) < hold || p.marks.any()) && len(p.order) > 0
	if held {
		p.order = keepOrder(p.order, want)
		p.pending = part.Moves(p.order, want)
	} else {
		p.order, p.pending = want, 0
	}
	p.fit()
	p.fresh.follow(env)
	p.feed.Refresh(env)
}

// keepOrder is the old order without what is gone, and with what is new at its end.
func keepOrder(old, want []string) []string {
	known := make(map[string]bool, len(want))
	for _, id := range want {
		known[id] = true
	}
	out := make([]string, 0, len(want))
	for _, id := range old {
		if known[id] {
			out = append(out, id)
			delete(known, id)
		}
	}
	for _, id := range want {
		if known[id] {
			out = append(out, id)
		}
	}
	return out
}

// Resort applies the moves that wait.
func (p *Pipes) Resort(env Env) {
	p.moved = time.Time{}
	p.Refresh(env)
}

// Pending is how many rows wait for a re-sort.
func (p *Pipes) Pending() int { return p.pending }

func (p *Pipes) sorted(env Env) []string {
	type key struct {
		id   string
		rank Rank
		next time.Time
		r    *orchestrator.Runner
	}
	keys := make([]key, 0, len(env.Data.Runners))
	for i := range env.Data.Runners {
		r := &env.Data.Runners[i]
		if !p.filter.runner(r, env.Now) {
			continue
		}
		k := key{id: r.ID, rank: RankOf(r, env.Now), next: r.NextAt, r: r}
		if k.rank != RankCalm && k.rank != RankFailed {
			k.next = time.Time{} // configuration order inside the group
		}
		keys = append(keys, k)
	}
	slices.SortStableFunc(keys, func(a, b key) int {
		if p.by != "" {
			return p.compare(env, a.r, b.r)
		}
		if c := cmp.Compare(a.rank, b.rank); c != 0 {
			return c
		}
		if a.next.IsZero() != b.next.IsZero() { // without a next run: last
			if a.next.IsZero() {
				return 1
			}
			return -1
		}
		return a.next.Compare(b.next)
	})
	if p.reverse {
		slices.Reverse(keys)
	}
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.id
	}
	return out
}

func (p *Pipes) at() int { return slices.Index(p.order, p.cursor) }

func (p *Pipes) fit() {
	i := p.at()
	if i < 0 && len(p.order) > 0 {
		i = 0
		p.cursor = p.order[0]
	}
	p.top = part.Window(p.top, max(i, 0), len(p.order), p.layout(p.w, p.h).rows)
}

// Move moves the cursor by rows.
func (p *Pipes) Move(env Env, rows int) {
	if p.onFeed {
		p.feed.Move(env, rows)
		return
	}
	if len(p.order) == 0 {
		return
	}
	p.moved = env.Now
	p.cursor = p.order[min(max(p.at()+rows, 0), len(p.order)-1)]
	p.fit()
}

// Page moves by half pages.
func (p *Pipes) Page(env Env, halves int) {
	if p.onFeed {
		p.feed.Page(env, halves)
		return
	}
	p.Move(env, halves*max(p.layout(p.w, p.h).rows/2, 1))
}

// Home goes to the first row.
func (p *Pipes) Home(env Env) {
	if p.onFeed {
		p.feed.Home(env)
		return
	}
	p.Move(env, -len(p.order))
}

// End goes to the last row.
func (p *Pipes) End(env Env) {
	if p.onFeed {
		p.feed.End(env)
		return
	}
	p.Move(env, len(p.order))
}

// Hold stops the event pane and goes on.
func (p *Pipes) Hold(env Env) { p.feed.Hold(env) }

// HasFeed says that the event pane is there.
func (p *Pipes) HasFeed() bool { return p.layout(p.w, p.h).feed > 0 }

// NextPane moves the focus between the list and the event pane.
func (p *Pipes) NextPane(Env) { p.onFeed = !p.onFeed && p.HasFeed() }

// SetFilter shows only what the query lets through.
func (p *Pipes) SetFilter(env Env, q string) {
	p.filter = parseFilter(q)
	p.moved = time.Time{}
	p.Refresh(env)
}

// Filter is the query in force; "" = none.
func (p *Pipes) Filter() string { return p.filter.query }

// Target is the runner under the cursor.
func (p *Pipes) Target(env Env) (Target, bool) {
	if p.onFeed {
		return p.feed.Target(env)
	}
	if p.cursor == "" || env.Data.Runner(p.cursor) == nil || p.at() < 0 {
		return Target{}, false
	}
	return Target{Runner: p.cursor}, true
}

// pipesLayout is where things are on the dashboard.
type pipesLayout struct {
	heads   bool // column heads
	rows    int  // rows of the list
	listW   int
	preview int // rows of the preview under the list with its rule; 0 = none
	side    int // columns of the preview at the right; 0 = none
	feed    int // rows of the event pane with its rule; 0 = none
}

func (p *Pipes) layout(w, h int) pipesLayout {
	l := pipesLayout{listW: w, heads: h >= 16}
	switch {
	case w >= 110 && h >= 27: // a terminal of 110 by 32
		l.side = min(max(w/3, 47), 64)
		l.listW = w - l.side - 1
		l.feed = max(7, h/5)
	case h >= 16:
		l.preview = 4
	case h >= 9:
		l.preview = 3
	}
	l.rows = h - 1 - l.preview - l.feed
	if l.heads {
		l.rows--
	}
	l.rows = max(l.rows, 0)
	return l
}

// Draw draws the dashboard.
func (p *Pipes) Draw(env Env, c part.Canvas) {
	l := p.layout(c.W, c.H)
	p.drawRule(env, c, l)
	if !env.Data.Loaded {
		c.Text(1, 2, c.W-2, theme.Muted, "reading the engine's state"+theme.Ellipsis)
		return
	}
	if len(p.order) == 0 {
		p.drawNothing(env, c)
	}
	cols := pipeColumns(l.listW, p.hide...)
	y := 1
	list := c.Sub(0, 0, l.listW, c.H)
	if l.heads {
		cols.heads(list, y)
		y++
	}
	top := part.Window(p.top, max(p.at(), 0), len(p.order), l.rows)
	for i := range l.rows {
		if top+i >= len(p.order) {
			break
		}
		if r := env.Data.Runner(p.order[top+i]); r != nil {
			cols.row(list, y+i, r, env.Now, r.ID == p.cursor && !p.onFeed)
			if p.marks.on[r.ID] {
				list.Put(1, y+i, theme.Accent, theme.GlyphMark)
			}
			p.fresh.draw(list, y+i, r.ID, cols, env.Now)
		}
	}
	y += l.rows
	r := env.Data.Runner(p.cursor)
	if l.preview > 0 && r != nil {
		p.drawPreview(env, c.Sub(0, y, c.W, l.preview), r)
	}
	if l.side > 0 {
		p.drawSide(env, c, l, y, r)
	}
}

func (p *Pipes) drawRule(env Env, c part.Canvas, l pipesLayout) {
	title := fmt.Sprintf("%d pipes%s%s", len(env.Data.Runners), theme.Sep, p.orderWords())
	if p.filter.query != "" {
		title = fmt.Sprintf("%d of %d pipes%s/%s", len(p.order), len(env.Data.Runners), theme.Sep, p.filter.query)
		if p.by != "" || p.reverse {
			title += theme.Sep + p.orderWords()
		}
	}
	note := ""
	if n := len(p.marks.on); n > 0 {
		title += fmt.Sprintf("%s%d marked", theme.Sep, n)
	}
	if n := len(p.order); n > 0 && l.rows > 0 {
		top := part.Window(p.top, max(p.at(), 0), n, l.rows)
		note = fmt.Sprintf("%d-%d/%d", top+1, min(top+l.rows, n), n)
	}
	c.Sub(0, 0, l.listW, 1).Rule(0, title, note)
}

func (p *Pipes) drawNothing(env Env, c part.Canvas) {
	s := "no pipes: the configuration has no runners under orchestrator.runners"
	if len(env.Data.Runners) > 0 {
		s = "no pipe passes the filter (esc clears it)"
	}
	for i, line := range part.Wrap(s, p.layout(c.W, c.H).listW-4, 3) {
		c.Put(2, 3+i, theme.Muted, line)
	}
}

// drawSide draws the preview at the right and the event pane at the bottom.
func (p *Pipes) drawSide(env Env, c part.Canvas, l pipesLayout, y int, r *orchestrator.Runner) {
	c.Put(l.listW, 0, theme.Faint, theme.TeeDown)
	side := c.Sub(l.listW+1, 0, l.side, y)
	title := ""
	if r != nil {
		title = r.ID
	}
	side.Rule(0, title, "")
	for i := 1; i < y; i++ {
		c.Put(l.listW, i, theme.Faint, theme.VLine)
	}
	if r != nil {
		p.drawPeek(env, side.Sub(1, 1, l.side-2, y-1), r)
	}
	title = "events" + theme.Sep + "live"
	if p.feed.held {
		title = "events" + theme.Sep + "held"
	}
	c.Rule(y, title, p.feed.note(env))
	c.Put(l.listW, y, theme.Faint, theme.TeeUp)
	p.feed.rows(env, c.Sub(0, y+1, c.W, l.feed-1), p.onFeed)
}
