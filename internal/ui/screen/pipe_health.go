package screen

import (
	"cmp"
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

// What is read of a pipe's failures.
const (
	failureTime = 30 * 24 * time.Hour
	maxFailures = 200
	seenIn      = 12 // runs that "seen in" counts
)

// pipeHealth is what the history says of a pipe beyond its last runs.
type pipeHealth struct {
	of      string // newest ended run when it was read
	rates   []okRate
	ratesAt time.Time          // when they were counted
	failing []orchestrator.Run // failed runs of the last failureTime, newest first, at most maxFailures
	err     string
}

// okRate is the share of runs that went well in a window.
type okRate struct {
	window string // "24h"
	runs   int
	good   int
}

// wantHealth asks for the failures of a pipe when a run of it has ended since they were read.
func (p *Pipe) wantHealth(env Env, r *orchestrator.Runner) []Want {
	st := "none"
	if r.Last != nil {
		st = r.Last.ID
	}
	if p.health.of == st || !p.health.at.IsZero() && env.Now.Sub(p.health.at) < healthEvery {
		return nil
	}
	id, now := r.ID, env.Now
	known := p.health.rates
	if env.Now.Sub(p.health.ratesAt) >= ratesEvery {
		known = nil
	}
	return []Want{{
		Key: fmt.Sprintf("health:%p:%s:%s", p, id, st), Kind: WantOther, Runner: id, Run: st,
		Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) {
			return readHealth(ctx, o, id, now, known)
		},
	}}
}

// healthEvery is how often the failures of a pipe are read at most.
const healthEvery = 5 * time.Second

// ratesEvery is how often the rates are counted at most: they look at a month of history.
const ratesEvery = time.Minute

// readHealth reads the failures of a pipe, and its rates when none are known.
func readHealth(ctx context.Context, o orchestrator.Orchestrator, runner string, now time.Time, known []okRate) (pipeHealth, error) {
	h := pipeHealth{rates: known}
	var err error
	h.failing, err = o.Runs(ctx, orchestrator.RunFilter{
		Runner: runner, States: []orchestrator.State{orchestrator.Failed, orchestrator.Crashed}, Since: now.Add(-failureTime), Limit: maxFailures,
	})
	if err != nil || known != nil {
		return h, err
	}
	h.ratesAt = now
	for _, w := range []struct {
		name string
		long time.Duration
	}{{"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}, {"30d", failureTime}} {
		t, err := o.Trend(ctx, orchestrator.TrendRequest{Runner: runner, From: now.Add(-w.long), To: now, Buckets: 1})
		if err != nil {
			return h, err
		}
		r := okRate{window: w.name}
		for i := range t.Runs {
			r.runs, r.good = r.runs+t.Runs[i], r.good+t.Runs[i]-t.Failed[i]
		}
		h.rates = append(h.rates, r)
	}
	return h, nil
}

// healthAt is the health with the moment it was read, and its lines: a frame must not count again.
type healthAt struct {
	pipeHealth
	at    time.Time
	w     int           // of the lines
	lines [2][]footLine // the longer and the shorter ones
}

// lay makes the lines of the failures for a width.
func (h *healthAt) lay(w int) {
	if h.w != w {
		h.w = w
		h.lines = [2][]footLine{h.failureLines(w, 12), h.failureLines(w, 6)}
	}
}

// fitting are the longest lines that have room in n; nil = there is none.
func (h *healthAt) fitting(n int) []footLine {
	for _, l := range h.lines {
		if len(l) <= n {
			return l
		}
	}
	return nil
}

func (p *Pipe) takeHealth(env Env, a Answer) {
	h, _ := a.Value.(pipeHealth)
	h.of = a.Run
	if h.ratesAt.IsZero() {
		h.ratesAt = p.health.ratesAt
	}
	for i := range h.failing {
		h.failing[i] = SafeRun(h.failing[i])
	}
	if a.Err != nil {
		h.err = text.Line(a.Err.Error(), maxText)
	}
	p.health = healthAt{pipeHealth: h, at: env.Now}
}

// tally is how often something was the case.
type tally struct {
	name string
	n    int
}

// tallies counts what of makes of the failed runs, the most frequent first.
func (h *pipeHealth) tallies(of func(*orchestrator.Run) (key, name string)) []tally {
	places := map[string]int{}
	var out []tally
	for i := range h.failing {
		key, name := of(&h.failing[i])
		j, known := places[key]
		if !known {
			j = len(out)
			places[key] = j
			out = append(out, tally{name: name})
		}
		out[j].n++
	}
	slices.SortStableFunc(out, func(a, b tally) int { return cmp.Compare(b.n, a.n) })
	return out
}

func byStep(r *orchestrator.Run) (key, name string) {
	s := leaf(r.FailedStep)
	if s == "" {
		s = "the run itself"
	}
	return s, s
}

func byError(r *orchestrator.Run) (key, name string) { return text.Sameness(r.Error), r.Error }

// seenWord says in how many of the last runs the same error ended a run; "" = it is not known.
func (h *pipeHealth) seenWord(r *orchestrator.Runner, err string) string {
	last := r.Strip[max(len(r.Strip)-seenIn, 0):]
	if err == "" || len(h.failing) == 0 || len(last) < 2 {
		return ""
	}
	n := 0
	for _, o := range last {
		if slices.ContainsFunc(h.failing, func(f orchestrator.Run) bool { return f.ID == o.Run && text.Sameness(f.Error) == text.Sameness(err) }) {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("seen in %d of the last %d runs", n, len(last))
}

// rateWord are the rates in one line; "" = there are none.
func (h *pipeHealth) rateWord() string {
	var parts []string
	for _, r := range h.rates {
		if r.runs > 0 {
			parts = append(parts, fmt.Sprintf("%s %.1f%%", r.window, float64(1000*r.good/r.runs)/10))
		}
	}
	return strings.Join(parts, " ")
}

// failureLines are the failures by step and by error, in at most n lines with their heads.
func (h *pipeHealth) failureLines(w, n int) []footLine {
	if h.err != "" {
		return []footLine{{role: theme.Failed, s: "the failures cannot be read: " + h.err}}
	}
	if len(h.failing) == 0 || n < 3 {
		return nil
	}
	all := fmt.Sprint(len(h.failing))
	if len(h.failing) == maxFailures {
		all += "+"
	}
	each := max(min((n-2)/2, 4), 1)
	out := []footLine{{role: theme.Faint, s: "FAILURES BY STEP" + theme.Sep + all + " in 30 days"}}
	out = append(out, tallyLines(h.tallies(byStep), w, each)...)
	if len(out)+2 <= n {
		out = append(out, footLine{role: theme.Faint, s: "BY ERROR"})
		out = append(out, tallyLines(h.tallies(byError), w, min(each, n-len(out)))...)
	}
	return out
}

// tallyLines draw each tally with a bar and its number.
func tallyLines(ts []tally, w, n int) []footLine {
	const barW = 12
	var out []footLine
	for _, t := range ts[:min(len(ts), n)] {
		bars := max(barW*t.n/ts[0].n, 1)
		name := text.Truncate(part.Clean(t.name), max(w-barW-6, 4), theme.Ellipsis)
		name += pad(max(w-barW-6, 4) - text.Width(name))
		out = append(out, footLine{role: theme.Plain, s: name + " " + strings.Repeat(theme.BarOK, bars) + pad(barW-bars) + fmt.Sprintf(" %3d", t.n)})
	}
	return out
}
