package screen

import (
	"fmt"
	"slices"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// pipeTicks is how many coming ticks a pipe shows at most.
const pipeTicks = 7

// Pipe is one runner in detail: the steps of a run with their attempts, health, schedule and policy, what comes next,
// and its last runs. The run is the live or last one, until another is chosen in the strip of last runs.
type Pipe struct {
	id   string
	w, h int

	chosen string // id of the run chosen in the strip; "" = the live or last one
	cursor int    // row of the steps
	top    int
	moved  bool // the cursor was moved: enter opens the run at its step

	detail  orchestrator.RunDetail
	of      string // run the detail is of
	readErr string // why that run cannot be shown
	rows    []pipeRow
	peek    peek // ticks, and when the steps were read
	health  healthAt
	graph   graphOf
}

// pipeRow is a step, one of its attempts, or the heading above it.
type pipeRow struct {
	head    string                // "" = not a heading
	step    *orchestrator.Step    // of a heading: the one below
	attempt *orchestrator.Attempt // nil = the step itself
}

// NewPipe makes the detail screen of a runner.
func NewPipe(id string) *Pipe { return &Pipe{id: id} }

// Scopes are the action scopes of a pipe.
func (p *Pipe) Scopes() []string { return []string{"pipe", "step", "answer", "list", "open", "item"} }

// Crumb names the pipe with its state.
func (p *Pipe) Crumb(env Env) string {
	r := env.Data.Runner(p.id)
	if r == nil {
		return p.id
	}
	m := RunnerMark(r, env.Now)
	s := p.id + theme.Sep + m.Glyph + " " + m.Word
	if r.DryRun {
		s += theme.Sep + "dry run"
	}
	return s
}

// Resize takes the body's size.
func (p *Pipe) Resize(w, h int) {
	p.w, p.h = w, h
	p.fit()
}

// Refresh lets go of a chosen run that has left the strip.
func (p *Pipe) Refresh(env Env) {
	if r := env.Data.Runner(p.id); p.chosen != "" && (r == nil || p.place(r) < 0) {
		p.choose("")
	}
	p.layOut(env)
}

// run is the run on show; nil = there was none yet. Of an older one only its id is known before it is read.
func (p *Pipe) run(r *orchestrator.Runner) *orchestrator.Run {
	if p.chosen == "" {
		return shownRun(r)
	}
	for _, run := range []*orchestrator.Run{r.Current, r.Last} {
		if run != nil && run.ID == p.chosen {
			return run
		}
	}
	if p.of == p.chosen && p.readErr == "" {
		return &p.detail.Run
	}
	i := p.place(r)
	if i < 0 {
		return nil
	}
	return &orchestrator.Run{ID: p.chosen, Runner: p.id, State: r.Strip[i].State}
}

// place is where the chosen run is in the strip; -1 = it is not there.
func (p *Pipe) place(r *orchestrator.Runner) int {
	return slices.IndexFunc(r.Strip, func(o orchestrator.Outcome) bool { return o.Run == p.chosen })
}

// Inspect chooses an older (-1) or newer (1) run of the strip. Beyond the newest one the pipe follows its live or last
// run again.
func (p *Pipe) Inspect(env Env, by int) {
	r := env.Data.Runner(p.id)
	if r == nil || len(r.Strip) == 0 {
		return
	}
	at := len(r.Strip)
	if p.chosen != "" {
		at = p.place(r)
	} else if r.Current == nil {
		at-- // the last run is on show already
	}
	if at = max(at+by, 0); at >= len(r.Strip) {
		p.choose("")
		return
	}
	p.choose(r.Strip[at].Run)
}

func (p *Pipe) choose(run string) {
	p.chosen, p.cursor, p.moved = run, 0, false
	p.fit()
}

// Sibling shows the runner before or after this one in the configuration.
func (p *Pipe) Sibling(env Env, by int) {
	rs := env.Data.Runners
	i := slices.IndexFunc(rs, func(r orchestrator.Runner) bool { return r.ID == p.id })
	if i < 0 || i+by < 0 || i+by >= len(rs) {
		return
	}
	w, h := p.w, p.h
	*p = Pipe{id: rs[i+by].ID, w: w, h: h}
}

// Wants asks for the steps of the run on show when it changed, at most once a second while it is live, and for the
// coming ticks.
func (p *Pipe) Wants(env Env) []Want {
	r := env.Data.Runner(p.id)
	if r == nil {
		return nil
	}
	var out []Want
	if run := p.run(r); run != nil {
		st := run.ID
		if run.ID != p.chosen || run == r.Current || run == r.Last {
			st = fmt.Sprint(run.ID, run.State, run.Attempts, run.EndedAt.Unix(), run.Handlers, r.StepsDone, r.StepsAll)
		}
		if p.of != run.ID || p.peek.stamp != st && env.Now.Sub(p.peek.at) >= refresh {
			out = append(out, Want{Key: "pipe:" + st, Kind: WantDetail, Run: run.ID, Runner: r.ID})
		}
	}
	if !r.NextAt.IsZero() && !p.peek.ticksAt.Equal(r.NextAt) {
		out = append(out, Want{Key: fmt.Sprint("pipeticks:", r.ID, r.NextAt.UnixNano()), Kind: WantTicks, Runner: r.ID, N: pipeTicks})
	}
	return append(out, p.wantHealth(env, r)...)
}

// Receive takes steps and ticks. Answers for a pipe or run that is no longer on show are dropped.
func (p *Pipe) Receive(env Env, a Answer) {
	r := env.Data.Runner(a.Runner)
	if r == nil || a.Runner != p.id {
		return
	}
	switch a.Kind {
	case WantDetail:
		p.takeDetail(env, r, a)
	case WantTicks:
		p.peek.ticks, p.peek.ticksAt = a.Ticks, r.NextAt
	case WantOther:
		p.takeHealth(env, a)
	}
}

func (p *Pipe) takeDetail(env Env, r *orchestrator.Runner, a Answer) {
	if run := p.run(r); run == nil || run.ID != a.Run {
		return
	}
	if p.of != a.Run {
		p.cursor, p.top, p.moved = 0, 0, false
	}
	p.of, p.peek.stamp, p.peek.at = a.Run, a.Key[len("pipe:"):], env.Now
	p.rows, p.readErr = nil, ""
	if a.Err != nil {
		p.readErr = part.Clean(a.Err.Error())
		return
	}
	p.detail = safeDetail(a.Detail)
	byKind(p.detail.Steps)
	for i := range p.detail.Steps {
		s := &p.detail.Steps[i]
		if h := headOf(p.detail.Steps, i); h != "" {
			p.rows = append(p.rows, pipeRow{head: h, step: s})
		}
		p.rows = append(p.rows, pipeRow{step: s})
		if len(s.Attempts) < 2 {
			continue
		}
		for j := range s.Attempts {
			p.rows = append(p.rows, pipeRow{step: s, attempt: &s.Attempts[j]})
		}
	}
	if !p.moved {
		p.cursor = max(slices.IndexFunc(p.rows, func(r pipeRow) bool {
			s := r.step
			return r.head == "" && !s.Composite && (failed(s.State) || s.State == orchestrator.AwaitingRetry || asks(s))
		}), 0)
	}
	p.fit()
}

func (p *Pipe) fit() {
	p.cursor = max(min(p.cursor, len(p.rows)-1), 0)
	p.top = part.Window(p.top, p.cursor, len(p.rows), p.layout(p.w, p.h).steps)
}

// Move moves the cursor over the steps.
func (p *Pipe) Move(_ Env, rows int) {
	p.cursor += rows
	p.moved = true
	p.fit()
	if len(p.rows) > 0 && p.rows[p.cursor].head != "" { // never the last row, and never the first
		p.cursor += map[bool]int{true: 1, false: -1}[rows > 0]
		p.fit()
	}
}

// Page moves by half pages.
func (p *Pipe) Page(env Env, halves int) { p.Move(env, halves*max(p.layout(p.w, p.h).steps/2, 1)) }

// Home goes to the first step.
func (p *Pipe) Home(env Env) { p.Move(env, -len(p.rows)) }

// End goes to the last step.
func (p *Pipe) End(env Env) { p.Move(env, len(p.rows)) }

// Target is the pipe, with the run that was chosen.
func (p *Pipe) Target(env Env) (Target, bool) {
	r := env.Data.Runner(p.id)
	if r == nil {
		return Target{}, false
	}
	t := Target{Runner: p.id}
	if p.chosen != "" {
		if run := p.run(r); run != nil {
			c := *run
			t.Run = &c
		}
	}
	return t, true
}

// StepAt is the step under the cursor.
func (p *Pipe) StepAt() *orchestrator.Step {
	if len(p.rows) == 0 {
		return nil
	}
	return p.rows[p.cursor].step
}

// Steps are the steps of the run on show.
func (p *Pipe) Steps() []orchestrator.Step { return p.detail.Steps }

// Step is the path of the step under the cursor when the user has moved it there; "" otherwise.
func (p *Pipe) Step() string {
	if !p.moved || len(p.rows) == 0 {
		return ""
	}
	return p.rows[p.cursor].step.Path
}
