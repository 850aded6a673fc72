package screen

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// The trend is of the last day, in parts of half an hour, and read again this often at most.
const (
	trendSpan    = 24 * time.Hour
	trendParts   = 48
	trendEvery   = 10 * time.Second
	settleFilter = 400 * time.Millisecond
)

// runsTrend is what a history knows of the last day as a whole.
type runsTrend struct {
	trend  orchestrator.Trend
	groups []orchestrator.ErrorGroup
	at     int // the group under the cursor
	readAt time.Time
	err    string

	count   int // runs that the filter selects in the whole history
	countAt time.Time
}

// trendAnswer is what one reading gives.
type trendAnswer struct {
	trend  orchestrator.Trend
	groups []orchestrator.ErrorGroup
}

func (t *runsTrend) move(rows int) { t.at = max(min(t.at+rows, len(t.groups)-1), 0) }

// question is what the history is asked for: as much of the filter as it can look for itself.
func (s *Runs) question(env Env) orchestrator.RunFilter {
	asked := parseFilter(s.asked)
	f := asked.widen(env, asked.narrow(orchestrator.RunFilter{Runner: s.runner, WithIdle: s.idle}))
	if s.group != "" {
		f.States = []orchestrator.State{orchestrator.Failed, orchestrator.Crashed}
	}
	return f
}

// settle asks the history anew when the filter has stood still for a moment, or was confirmed.
func (s *Runs) settle(env Env) {
	if s.asked == s.filter.query || !s.typedAt.IsZero() && env.Now.Sub(s.typedAt) < settleFilter {
		return
	}
	s.asked = s.filter.query
	s.again()
}

// passes says that a run is shown.
func (s *Runs) passes(r *orchestrator.Run) bool {
	if s.group != "" && (!failed(r.State) || orchestrator.ErrorKey(r.Error, r.ErrorClass) != s.group) {
		return false
	}
	if !s.idle && (r.Idle || r.State == orchestrator.Skipped) { // a filter by state selects them too
		return r.State == orchestrator.Skipped && s.filter.query != "" && s.filter.run(r)
	}
	return s.filter.run(r)
}

// trendWants asks for the trend, the groups, and the number of runs.
func (s *Runs) trendWants(env Env) []Want {
	var out []Want
	if s.all24.readAt.IsZero() || env.Now.Sub(s.all24.readAt) >= trendEvery {
		r := orchestrator.TrendRequest{Runner: s.runner, From: env.Now.Add(-trendSpan), To: env.Now, Buckets: trendParts}
		ask := func(ctx context.Context, o orchestrator.Orchestrator) (any, error) {
			t, err := o.Trend(ctx, r)
			if err != nil {
				return nil, err
			}
			groups, err := o.ErrorGroups(ctx, r)
			return trendAnswer{t, groups}, err
		}
		out = append(out, Want{Key: fmt.Sprintf("trend:%p", s), Kind: WantOther, Do: ask})
	}
	if s.loaded && !s.end && (s.all24.countAt.IsZero() || env.Now.Sub(s.all24.countAt) >= trendEvery) {
		f := s.question(env)
		key := fmt.Sprintf("count:%p:%d", s, s.serial)
		out = append(out, Want{Key: key, Kind: WantOther, N: s.serial, Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) {
			return o.CountRuns(ctx, f)
		}})
	}
	return out
}

// takeTrend takes the answers to trendWants.
func (s *Runs) takeTrend(env Env, a Answer) {
	t := &s.all24
	switch v := a.Value.(type) {
	case trendAnswer:
		t.readAt, t.err = env.Now, ""
		if a.Err == nil {
			key := t.key()
			t.trend, t.groups = v.trend, v.groups
			for i := range t.groups {
				g := &t.groups[i]
				g.Error, g.Where = text.Line(g.Error, maxText), safeList(g.Where)
			}
			t.at = max(slices.IndexFunc(t.groups, func(g orchestrator.ErrorGroup) bool { return g.Key == key }), 0)
		}
	case int:
		t.countAt = env.Now
		if a.N == s.serial {
			t.count = v
		}
	default:
		t.readAt, t.countAt = env.Now, env.Now
	}
	if a.Err != nil {
		t.err = text.Line(a.Err.Error(), maxText)
	}
}

// key is the group under the cursor; "" = none.
func (t *runsTrend) key() string {
	if t.at < len(t.groups) {
		return t.groups[t.at].Key
	}
	return ""
}

// ToggleErrors shows the groups of equal errors, or the runs again.
func (s *Runs) ToggleErrors(Env) { s.byError = !s.byError }

// ByError says that the list is of groups.
func (s *Runs) ByError() bool { return s.byError }

// OpenGroup shows only the runs of the group under the cursor.
func (s *Runs) OpenGroup(Env) {
	key := s.all24.key()
	if !s.byError || key == "" {
		return
	}
	s.byError, s.group = false, key
	s.again()
}

// drawTrend draws how the last day went.
func (s *Runs) drawTrend(env Env, c part.Canvas) {
	t := &s.all24
	if t.err != "" && len(t.trend.Runs) == 0 {
		c.Text(1, 0, c.W-2, theme.Failed, "the trend cannot be read: "+t.err)
		return
	}
	if len(t.trend.Runs) == 0 {
		return
	}
	runs, bad := total(t.trend.Runs), total(t.trend.Failed)
	if c.H < 4 {
		w := min(max((c.W-44)/2, 6), trendParts)
		x := c.Put(1, 0, theme.Muted, "24h ")
		x = drawSpark(c, x, 0, w, theme.Bar, t.trend.Runs)
		x = c.Put(x+1, 0, theme.Muted, count(runs, "run", "runs")+theme.Sep)
		x = drawSpark(c, x, 0, w, theme.Failed, t.trend.Failed)
		c.Put(x+1, 0, theme.Muted, fmt.Sprintf("%d failed%s%s", bad, theme.Sep, okWords(runs, bad)))
		return
	}
	w := min(c.W-40, trendParts)
	line := func(y int, name string, role theme.Role, values []int, note string) {
		c.Text(1, y, 18, theme.Muted, name)
		x := drawSpark(c, 20, y, w, role, values)
		c.Text(x+2, y, c.W-x-3, theme.Muted, note)
	}
	line(0, "runs per 30m", theme.Bar, t.trend.Runs, count(runs, "run", "runs")+" in 24h")
	line(1, "failed per 30m", theme.Failed, t.trend.Failed, fmt.Sprintf("%d failed%s%s", bad, theme.Sep, okWords(runs, bad)))
	waits := make([]int, len(t.trend.Wait))
	for i, d := range t.trend.Wait {
		waits[i] = int(max(d, 0) / time.Millisecond)
	}
	worst := time.Duration(slices.Max(waits)) * time.Millisecond
	line(2, "queue wait p95", theme.Late, waits, "at most "+text.Duration(worst))
	for i := range 5 {
		at := env.Now.Add(-trendSpan * time.Duration(4-i) / 4)
		label := clockMinute(at)
		if i == 4 {
			label = "now"
		}
		c.Text(20+min(w*i/4, max(w-len(label), 0)), 3, 6, theme.Faint, label)
	}
}

func total(ns []int) int {
	n := 0
	for _, v := range ns {
		n += v
	}
	return n
}

func okWords(runs, bad int) string {
	if runs == 0 {
		return "no run ended"
	}
	return fmt.Sprintf("%.1f %% ok", 100*float64(runs-bad)/float64(runs))
}

// drawSpark draws values as bars, several of them in one column where there is no room, and gives the column after them.
func drawSpark(c part.Canvas, x, y, w int, role theme.Role, values []int) int {
	if w <= 0 || len(values) == 0 {
		return x
	}
	w = min(w, len(values))
	cols := make([]int, w)
	for i, v := range values {
		cols[i*w/len(values)] += v
	}
	most := max(slices.Max(cols), 1)
	for i, v := range cols {
		if v == 0 {
			c.Put(x+i, y, theme.Faint, theme.Dot)
			continue
		}
		c.Put(x+i, y, role, theme.Spark[min(v*8/(most+1), 7)])
	}
	return x + w
}

// drawGroups draws the groups of equal errors: how often, what, where, and when.
func (s *Runs) drawGroups(c part.Canvas, whole bool) {
	t := &s.all24
	if len(t.groups) == 0 {
		c.Text(1, 0, c.W-2, theme.Muted, "no run failed in the last 24 hours")
		return
	}
	top := 0
	if whole {
		top = part.Window(0, t.at, len(t.groups), c.H-1)
	}
	whenW, sparkW := 0, 0
	if c.W >= 70 {
		whenW = 14
	}
	if c.W >= 110 {
		sparkW = 24
	}
	whereW := c.W / 4
	for y := 0; y < c.H && top+y < len(t.groups); y++ {
		g := &t.groups[top+y]
		if whole && y == c.H-1 {
			break
		}
		if whole && top+y == t.at {
			c.Attr(0, y, c.W, theme.Selected)
			c.Put(0, y, theme.Accent, theme.Cursor)
		}
		c.Right(1, y, 5, theme.Plain, fmt.Sprint(g.Count))
		c.Put(7, y, theme.Faint, theme.Times)
		errW := max(c.W-9-whereW-whenW-sparkW-3, 4)
		c.Text(9, y, errW, theme.Failed, g.Error)
		x := 10 + errW
		c.Name(x, y, whereW, theme.Muted, strings.Join(g.Where, theme.Sep))
		x += whereW + 1
		if whenW > 0 {
			c.Text(x, y, whenW, theme.Muted, clockMinute(g.First)+" "+theme.Arrow+" "+clockMinute(g.Last))
			x += whenW + 1
		}
		if sparkW > 0 {
			drawSpark(c, x, y, sparkW-1, theme.Failed, g.Trend)
		}
	}
	if whole {
		c.Text(1, c.H-1, c.W-2, theme.Muted, "enter shows the runs with this error"+theme.Sep+"E shows all runs")
	}
}
