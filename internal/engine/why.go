package engine

import (
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// maxForecast bounds how many holders a forecast looks at.
const maxForecast = 64

// holding is who holds a limit: it is kept until that changes.
type holding struct {
	first []orchestrator.Holder // the longest first, at most maxHolders
	all   int
	ends  []orchestrator.Holder // those of the first maxForecast with a forecast, the soonest first
}

// holderViews says who holds the limit.
func (m *limit) holderViews() *holding {
	if m.told != nil {
		return m.told
	}
	h := &holding{all: len(m.held)}
	for i, lv := range m.longest() {
		if i == maxForecast {
			break
		}
		v := lv.holderView()
		if i < maxHolders {
			h.first = append(h.first, v)
		}
		if !v.Ends.IsZero() {
			h.ends = append(h.ends, v)
		}
	}
	slices.SortStableFunc(h.ends, func(a, b orchestrator.Holder) int { return a.Ends.Compare(b.Ends) })
	m.told = h
	return h
}

// holderView is a run as one that holds something.
func (lv *live) holderView() orchestrator.Holder {
	h := orchestrator.Holder{Runner: lv.run.Runner, Run: lv.run.ID, Since: later(lv.gripped, lv.run.StartedAt)}
	if h.Since.IsZero() {
		h.Since = lv.run.CreatedAt
	}
	if p95 := lv.r.p95(); p95 > 0 {
		h.Ends = h.Since.Add(p95)
	}
	return h
}

// p95 is the length that 95 of 100 of the remembered runs did not exceed; 0 = too few have ended to say.
func (r *runner) p95() time.Duration {
	if r.slow != 0 {
		return max(r.slow, 0)
	}
	r.slow = -1
	took := make([]time.Duration, 0, len(r.recent))
	for _, o := range r.recent {
		if o.state == orchestrator.Completed || o.state == orchestrator.Failed {
			took = append(took, o.took)
		}
	}
	if len(took) < minForecast {
		return 0
	}
	slices.Sort(took)
	r.slow = percentile(took, 95)
	return max(r.slow, 0)
}

// minForecast is how many runs of a runner must have ended before their lengths say anything.
const minForecast = 3

// waitView says what a run waits for; nil = it waits for nothing but a pause, which is told apart.
func (l *loop) waitView(lv *live, now time.Time) *orchestrator.Wait {
	if lv == nil || lv.holdsSlot() {
		return nil
	}
	w := &orchestrator.Wait{Since: later(lv.since, lv.run.CreatedAt)}
	switch lv.run.State {
	case orchestrator.AwaitingRetry:
		w.For, w.Since, w.About, w.Because = "the next attempt", time.Time{}, lv.run.NextAt, "its backoff ends"
		if l.runHold(lv) != nil {
			w.About, w.Because = time.Time{}, "a pause holds it"
		}
		return w
	case orchestrator.Paused:
		w.For, w.Since, w.About, w.Because = "an answer", time.Time{}, lv.run.NextAt, "nobody has answered by then"
		return w
	case orchestrator.Pending:
	default:
		return nil
	}
	if other := lv.r.ahead(lv); other != nil {
		w.For = "run " + other.run.ID + " of this runner"
		h := other.holderView()
		forecast(w, &holding{first: []orchestrator.Holder{h}, all: 1, ends: []orchestrator.Holder{h}}, now)
		return w
	}
	if l.runHold(lv) != nil {
		return nil
	}
	m, _ := lv.r.peers.blocker(now)
	if m == nil {
		w.For, m = "a slot", l.slots
	} else if w.For = m.name; !m.opens(now).IsZero() { // its rate, its breaker, or the far side asked to wait
		w.About, w.Because = m.opens(now), "it lets runs through again"
		return w
	}
	forecast(w, m.holderViews(), now)
	return w
}

// forecast says who holds what is waited for, and when the first of them may end: when it has taken as long as 95 of 100 of its
// runner's runs. One that takes longer already says nothing.
func forecast(w *orchestrator.Wait, h *holding, now time.Time) {
	w.Holders, w.More = h.first, h.all-len(h.first)
	for _, e := range h.ends {
		if !e.Ends.IsZero() && e.Ends.After(now) {
			w.About, w.Because = e.Ends, "if "+e.Runner+" ends at its p95"
			return
		}
	}
	switch {
	case len(h.ends) > 0 && !h.ends[0].Ends.IsZero():
		w.Because = "its holders take longer than their p95"
	case len(h.first) > 0:
		w.Because = "too few runs of its holders have ended to say when"
	}
}

// aboutText is when what a run waits for may come, for its reason; "" = nobody can say.
func aboutText(w *orchestrator.Wait) string {
	if w == nil || w.About.IsZero() {
		return ""
	}
	return " · about " + clockText(w.About) + " " + w.Because
}

// holdView is the pause that holds a runner or its current run; nil = none.
func (l *loop) holdView(r *runner) *orchestrator.Hold {
	h := l.tickHold(r)
	if lv := r.current(); h == nil && lv != nil && (lv.held || lv.sleeps()) {
		h = l.runHold(lv)
	}
	if h == nil {
		return nil
	}
	c := *h
	return &c
}
