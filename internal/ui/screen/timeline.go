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

// spansOf are the lengths of the window that can be chosen, shortest first.
var spansOf = [...]time.Duration{
	15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 3 * 24 * time.Hour,
	7 * 24 * time.Hour,
}

// Timeline shows what ran when across all pipes, and what is planned: one row for each pipe, now at two thirds of the window.
// Moved, the window stands still in time.
type Timeline struct {
	w, h   int
	list   *Pipes    // the order, the cursor and the filter are those of the list of pipes
	length int       // in spansOf
	end    time.Time // of the window; zero = it follows the clock

	got    orchestrator.Timeline
	bars   map[string][]orchestrator.Run // of got, by runner
	stamp  string                        // of the shared data and window when got was asked for
	readAt time.Time
	err    string
}

// NewTimeline makes a timeline of two hours.
func NewTimeline() *Timeline { return &Timeline{length: 3, list: NewPipes()} }

// Scopes are the action scopes of the timeline.
func (t *Timeline) Scopes() []string { return []string{"timeline", "list", "open", "item", "filter"} }

// Crumb names the screen.
func (t *Timeline) Crumb(Env) string { return "Timeline" }

// rowsOf are the rows of the list in a body of this height, and whether the foot has room.
func (t *Timeline) rowsOf(h int) (rows, foot int) {
	foot = 5
	if h < 16 {
		foot = 2
	}
	return max(h-4-foot, 1), foot // rule, labels, marks, slots
}

// Resize takes the body's size.
func (t *Timeline) Resize(w, h int) {
	t.w, t.h = w, h
	rows, _ := t.rowsOf(h)
	t.list.w, t.list.h = w, rows+2
	t.fit()
}

// fit keeps the cursor in the window of rows, which is not that of the dashboard.
func (t *Timeline) fit() {
	rows, _ := t.rowsOf(t.h)
	if i := t.list.at(); i >= 0 {
		t.list.top = part.Window(t.list.top, i, len(t.list.order), rows)
	}
}

// Refresh sorts as the dashboard does.
func (t *Timeline) Refresh(env Env) {
	t.list.Refresh(env)
	t.fit()
}

// Pending is how many rows wait for a re-sort.
func (t *Timeline) Pending() int { return t.list.Pending() }

// Resort applies the moves that wait, and goes back to now.
func (t *Timeline) Resort(env Env) {
	t.end = time.Time{}
	t.list.Resort(env)
	t.fit()
}

// Move moves the cursor by rows.
func (t *Timeline) Move(env Env, rows int) { t.list.Move(env, rows); t.fit() }

// Page moves by half pages.
func (t *Timeline) Page(env Env, halves int) {
	rows, _ := t.rowsOf(t.h)
	t.Move(env, halves*max(rows/2, 1))
}

// Home goes to the first row.
func (t *Timeline) Home(env Env) { t.Move(env, -len(t.list.order)) }

// End goes to the last row.
func (t *Timeline) End(env Env) { t.Move(env, len(t.list.order)) }

// SetFilter shows only what the query lets through.
func (t *Timeline) SetFilter(env Env, q string) { t.list.SetFilter(env, q); t.fit() }

// Filter is the query in force; "" = none.
func (t *Timeline) Filter() string { return t.list.Filter() }

// Target is the runner under the cursor.
func (t *Timeline) Target(env Env) (Target, bool) { return t.list.Target(env) }

// Scale shows a longer (1) or shorter (-1) window around the same place.
func (t *Timeline) Scale(env Env, by int) {
	old := t.window(env.Now)
	t.readAt = time.Time{} // a key is answered at once
	t.length = min(max(t.length+by, 0), len(spansOf)-1)
	if !t.end.IsZero() {
		middle := old.From.Add(old.Len / 2)
		t.end = middle.Add(spansOf[t.length] / 2)
	}
}

// Shift moves the window by quarters of its length: back (-1) or forward (1). It goes no further ahead than half its length.
func (t *Timeline) Shift(env Env, by int) {
	w := t.window(env.Now)
	t.readAt = time.Time{}
	end := w.From.Add(w.Len).Add(time.Duration(by) * w.Len / 4)
	most := env.Now.Add(w.Len / 2)
	if end.After(most) {
		end = most
	}
	t.end = end
}

// window is what the columns stand for. It moves in whole steps of a column, so that bars do not shimmer.
func (t *Timeline) window(now time.Time) part.Scale {
	s := part.Scale{Len: spansOf[t.length], W: max(t.w-t.nameW()-2, 1)}
	end := t.end
	if end.IsZero() {
		end = now.Add(s.Len / 3)
	}
	if step := s.Len / time.Duration(s.W); step > 0 {
		end = end.Truncate(step).Add(step)
	}
	s.From = end.Add(-s.Len)
	return s
}

func (t *Timeline) nameW() int { return min(max(t.w/5, 10), 28) + 3 }

// stampOf changes when a run began or ended, and when the window moved.
func (t *Timeline) stampOf(env Env) string {
	n, s := 0, t.window(env.Now)
	for i := range env.Data.Runners {
		r := &env.Data.Runners[i]
		n = 31*n + r.Live
		for _, run := range []*orchestrator.Run{r.Current, r.Last} {
			if run != nil {
				for _, c := range run.ID + string(run.State) {
					n = 31*n + int(c)
				}
			}
		}
	}
	return fmt.Sprint(n, s.From.Unix(), s.Len)
}

// Wants asks for the window when something in it changed, at most once a second.
func (t *Timeline) Wants(env Env) []Want {
	st := t.stampOf(env)
	if !env.Data.Loaded || st == t.stamp || !t.readAt.IsZero() && env.Now.Sub(t.readAt) < refresh {
		return nil
	}
	s := t.window(env.Now)
	r := orchestrator.TimelineRequest{From: s.From, To: s.From.Add(s.Len)}
	ask := func(ctx context.Context, o orchestrator.Orchestrator) (any, error) { return o.Timeline(ctx, r) }
	return []Want{{Key: fmt.Sprintf("timeline:%p:%s", t, st), Kind: WantOther, Runner: st, Do: ask}}
}

// Receive takes the window.
func (t *Timeline) Receive(env Env, a Answer) {
	t.stamp, t.readAt = a.Runner, env.Now
	if a.Err != nil {
		t.err = text.Line(a.Err.Error(), maxText)
		return
	}
	t.err = ""
	got, ok := a.Value.(orchestrator.Timeline)
	if !ok {
		return
	}
	t.got, t.bars = got, map[string][]orchestrator.Run{}
	for i := range got.Runs {
		got.Runs[i] = SafeRun(got.Runs[i])
		t.bars[got.Runs[i].Runner] = append(t.bars[got.Runs[i].Runner], got.Runs[i])
	}
	for id := range t.bars {
		slices.SortStableFunc(t.bars[id], func(a, b orchestrator.Run) int { return began(&a).Compare(began(&b)) })
	}
}

// began is when a run starts to be seen: when it was due, at the latest when it started.
func began(r *orchestrator.Run) time.Time {
	if at := r.DueAt; !at.IsZero() && (r.StartedAt.IsZero() || at.Before(r.StartedAt)) {
		return at
	}
	return r.StartedAt
}
