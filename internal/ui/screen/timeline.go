package screen

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
)

// Bounds of the timeline.
const (
	homeScale  = 3                // place of the scale it begins with
	calmRead   = 30 * time.Second // how often it is read at least, so that planned ticks follow
	quickRead  = time.Second      // and at most
	stretchMax = 4000             // busy stretches that folding looks at
)

// scales are the lengths of time that the whole width can show.
func scales() []time.Duration {
	const m, h = time.Minute, time.Hour
	return []time.Duration{15 * m, 30 * m, h, 2 * h, 4 * h, 8 * h, 24 * h, 72 * h, 168 * h}
}

// Timeline shows what ran when across all pipes, and what is planned: two thirds of the window are past, one third is to come.
type Timeline struct {
	w, h   int
	order  []string // ids as shown
	cursor string   // id under the cursor
	top    int
	moved  time.Time // when the cursor moved last
	// pending is how many rows wait for a re-sort.
	pending int
	filter  filter

	scale int
	shift time.Duration // of the window from now; 0 = it follows
	fold  bool          // stretches without anything are folded
	pick  string        // run chosen in the cursor's lane; "" = none

	lanes  map[string]lane
	from   time.Time // of the window that was read
	more   bool      // there were more runs: the oldest are left out
	asked  string    // what was read
	stamp  string    // of the shared data when it was read
	readAt time.Time
	err    string
}

// lane is one pipe's part of what was read.
type lane struct {
	runs    []orchestrator.Run // newest first
	tries   map[string][]orchestrator.TryAt
	planned []time.Time
	pauses  []orchestrator.PauseSpan
}

// NewTimeline makes a timeline.
func NewTimeline() *Timeline { return &Timeline{scale: homeScale} }

// Scopes are the action scopes of the timeline.
func (t *Timeline) Scopes() []string { return []string{"timeline", "list", "open", "item", "filter"} }

// Crumb names the screen.
func (t *Timeline) Crumb(Env) string { return "Timeline" }

// Resize takes the body's size.
func (t *Timeline) Resize(w, h int) {
	t.w, t.h = w, h
	t.fit()
}

// Refresh sorts the pipes as the dashboard does, with the same hold while the cursor moves.
func (t *Timeline) Refresh(env Env) {
	want := (&Pipes{filter: t.filter}).sorted(env)
	t.pending = 0
	if !t.moved.IsZero() && env.Now.Sub(t.moved) < hold && len(t.order) > 0 {
		held := keepOrder(t.order, want)
		t.pending, want = part.Moves(held, want), held
	}
	t.order = want
	t.fit()
}

func (t *Timeline) at() int { return slices.Index(t.order, t.cursor) }

func (t *Timeline) fit() {
	i := t.at()
	if i < 0 && len(t.order) > 0 {
		i = 0
		t.cursor, t.pick = t.order[0], ""
	}
	t.top = part.Window(t.top, max(i, 0), len(t.order), t.layout(t.w, t.h).rows)
}

// Move moves the cursor by rows.
func (t *Timeline) Move(env Env, rows int) {
	if len(t.order) == 0 {
		return
	}
	t.moved, t.pick = env.Now, ""
	t.cursor = t.order[min(max(t.at()+rows, 0), len(t.order)-1)]
	t.fit()
}

// Page moves by half pages.
func (t *Timeline) Page(env Env, halves int) {
	t.Move(env, halves*max(t.layout(t.w, t.h).rows/2, 1))
}

// Home goes to the first row.
func (t *Timeline) Home(env Env) { t.Move(env, -len(t.order)) }

// End goes to the last row.
func (t *Timeline) End(env Env) { t.Move(env, len(t.order)) }

// SetFilter shows only the pipes that the query lets through.
func (t *Timeline) SetFilter(env Env, q string) {
	t.filter, t.moved = parseFilter(q), time.Time{}
	t.Refresh(env)
}

// Filter is the query in force.
func (t *Timeline) Filter() string { return t.filter.query }

// Scale shows a longer (1) or shorter (-1) time.
func (t *Timeline) Scale(_ Env, by int) { t.scale = min(max(t.scale+by, 0), len(scales())-1) }

// Shift moves the window by quarters of its length, into the past with negative ones.
func (t *Timeline) Shift(_ Env, quarters int) {
	t.shift += time.Duration(quarters) * scales()[t.scale] / 4
}

// Pending is how many rows wait for a re-sort.
func (t *Timeline) Pending() int { return t.pending }

// Follow brings the window back to now, and sorts again.
func (t *Timeline) Follow(env Env) {
	t.shift, t.pick, t.moved = 0, "", time.Time{}
	t.Refresh(env)
}

// ToggleFold folds stretches in which nothing happens, or opens them.
func (t *Timeline) ToggleFold(Env) { t.fold = !t.fold }

// Pick chooses the older (-1) or newer (1) run of the lane under the cursor; beyond the newest it chooses none.
func (t *Timeline) Pick(env Env, by int) {
	runs := t.runsOf(env, t.cursor)
	t.moved = env.Now
	i := slices.IndexFunc(runs, func(r orchestrator.Run) bool { return r.ID == t.pick })
	if i -= by; i < 0 || len(runs) == 0 { // newest first
		t.pick = ""
		return
	}
	t.pick = runs[min(i, len(runs)-1)].ID
}

// Target is the run that is picked, else the pipe under the cursor.
func (t *Timeline) Target(env Env) (Target, bool) {
	if t.at() < 0 || env.Data.Runner(t.cursor) == nil {
		return Target{}, false
	}
	if r := t.picked(env); r != nil {
		return Target{Runner: t.cursor, Run: r}, true
	}
	return Target{Runner: t.cursor}, true
}

func (t *Timeline) picked(env Env) *orchestrator.Run {
	if t.pick == "" {
		return nil
	}
	for _, r := range t.runsOf(env, t.cursor) {
		if r.ID == t.pick {
			return &r
		}
	}
	return nil
}

// runsOf gives a lane's runs as they are now, newest first: those that were read, with what the shared data knows better.
func (t *Timeline) runsOf(env Env, id string) []orchestrator.Run {
	runs := slices.Clone(t.lanes[id].runs)
	r := env.Data.Runner(id)
	if r == nil {
		return runs
	}
	for _, fresh := range []*orchestrator.Run{r.Last, r.Current} {
		if fresh == nil || !fresh.EndedAt.IsZero() && fresh.EndedAt.Before(t.from) || fresh.Idle {
			continue
		}
		if i := slices.IndexFunc(runs, func(o orchestrator.Run) bool { return o.ID == fresh.ID }); i >= 0 {
			runs[i] = *fresh
		} else if len(runs) == 0 || fresh.CreatedAt.After(runs[0].CreatedAt) {
			runs = append([]orchestrator.Run{*fresh}, runs...)
		}
	}
	return runs
}

// window is the time on show. Its begin stands still for as long as a column is, so that the picture does.
func (t *Timeline) window(now time.Time, cols int) (from, to time.Time) {
	long := scales()[t.scale]
	cell := max(long/time.Duration(max(cols, 1)), time.Second)
	from = now.Add(t.shift - long*2/3).Truncate(cell).UTC()
	return from, from.Add(long)
}

// axis maps the window to columns.
func (t *Timeline) axis(env Env, cols int) part.Axis {
	from, to := t.window(env.Now, cols)
	a := part.NewAxis(from, to, cols)
	if !t.fold {
		return a
	}
	var busy []part.Stretch
	for _, id := range t.order {
		for _, r := range t.runsOf(env, id) {
			if f, e, ok := runStretch(&r, env.Now); ok && e.After(from) && f.Before(to) && len(busy) < stretchMax {
				busy = append(busy, part.Stretch{From: f, To: e})
			}
		}
		for _, at := range t.lanes[id].planned {
			if at.After(env.Now) && at.Before(to) && len(busy) < stretchMax {
				busy = append(busy, part.Stretch{From: at, To: at.Add(1)})
			}
		}
	}
	if now := env.Now; now.After(from) && now.Before(to) {
		busy = append(busy, part.Stretch{From: now, To: now.Add(1)})
	}
	return a.Fold(busy)
}

// Wants asks for the window again when it moved, when runs changed (at most as often as the picture can show it), and now and then.
func (t *Timeline) Wants(env Env) []Want {
	if !env.Data.Loaded || t.w == 0 || t.h == 0 {
		return nil
	}
	cols := t.layout(t.w, t.h).axis
	var r orchestrator.TimelineRequest
	r.From, r.To = t.window(env.Now, cols)
	asked := fmt.Sprint(r.From.Unix(), r.To.Sub(r.From))
	stamp := (&Runs{}).stampOf(env.Data)
	since := env.Now.Sub(t.readAt)
	pace := min(max(part.NewAxis(r.From, r.To, cols).Cell()/10, quickRead), calmRead)
	if asked == t.asked && since < calmRead && (stamp == t.stamp || since < pace) {
		return nil
	}
	key := fmt.Sprintf("timeline:%p", t) // one at a time: a window that has moved on asks once the answer is there
	return []Want{{Key: key, Kind: WantOther, Run: asked, Runner: stamp, Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) {
		return o.Timeline(ctx, r)
	}}}
}

// Receive takes the window.
func (t *Timeline) Receive(env Env, a Answer) {
	t.asked, t.stamp, t.readAt, t.err = a.Run, a.Runner, env.Now, ""
	got, ok := a.Value.(orchestrator.Timeline)
	if a.Err != nil || !ok {
		t.err = text.Line(fmt.Sprint(a.Err), maxText)
		return
	}
	t.from, t.more, t.lanes = got.From, got.More, make(map[string]lane, len(env.Data.Runners))
	for i := range env.Data.Runners {
		id := env.Data.Runners[i].ID
		l := lane{planned: got.Ticks[id], pauses: got.Pauses[id], tries: got.Tries}
		for j := range l.pauses {
			l.pauses[j].By = text.Line(l.pauses[j].By, maxText)
		}
		t.lanes[id] = l
	}
	for i := len(got.Runs) - 1; i >= 0; i-- {
		if l, known := t.lanes[got.Runs[i].Runner]; known {
			l.runs = append(l.runs, SafeRun(got.Runs[i]))
			t.lanes[got.Runs[i].Runner] = l
		}
	}
	for _, l := range t.lanes {
		slices.SortStableFunc(l.runs, func(a, b orchestrator.Run) int { return b.CreatedAt.Compare(a.CreatedAt) })
	}
}
