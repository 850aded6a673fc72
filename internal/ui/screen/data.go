package screen

import (
	"slices"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// Bounds of what the console keeps of the engine's state.
const (
	maxEvents = 500
	maxText   = 4 << 10 // bytes of one error or reason
	maxLog    = 8 << 10 // bytes of one log line
)

// Data is the shared picture of the engine. The console's event loop owns it. Foreign text in it is safe to draw.
type Data struct {
	Loaded  bool
	Runners []orchestrator.Runner // in configuration order
	Engine  orchestrator.Engine
	Events  []orchestrator.Event // newest first

	Approvals []orchestrator.Approval // steps that wait for an answer, oldest first, without those held back
	known     []orchestrator.Approval // as they were read
	held      map[string]bool         // answered here and not sent yet

	index map[string]int
}

// SetSnapshot replaces everything but the events.
func (d *Data) SetSnapshot(s orchestrator.Snapshot) {
	d.Loaded = true
	d.Runners = slices.Clone(s.Runners)
	d.index = make(map[string]int, len(d.Runners))
	for i := range d.Runners {
		d.Runners[i] = safeRunner(d.Runners[i])
		d.index[d.Runners[i].ID] = i
	}
	d.Engine = safeEngine(s.Engine)
}

// SetEvents replaces the events (newest first).
func (d *Data) SetEvents(es []orchestrator.Event) {
	d.Events = d.Events[:0:0]
	for _, e := range es[:min(len(es), maxEvents)] {
		d.Events = append(d.Events, safeEvent(e))
	}
}

// Apply takes a live update. Runners that are not known yet wait for the next snapshot.
func (d *Data) Apply(u orchestrator.Update) {
	for _, r := range u.Runners {
		if i, ok := d.index[r.ID]; ok {
			d.Runners[i] = safeRunner(r)
		}
	}
	if u.Engine != nil {
		d.Engine = safeEngine(*u.Engine)
	}
	if len(u.Events) == 0 {
		return
	}
	fresh := make([]orchestrator.Event, 0, len(u.Events)+len(d.Events))
	for _, e := range slices.Backward(u.Events) {
		if e.ID == 0 || !slices.ContainsFunc(d.Events, func(o orchestrator.Event) bool { return o.ID == e.ID }) {
			fresh = append(fresh, safeEvent(e))
		}
	}
	fresh = append(fresh, d.Events...)
	d.Events = fresh[:min(len(fresh), maxEvents)]
}

// Runner gives a runner by its id; nil = unknown.
func (d *Data) Runner(id string) *orchestrator.Runner {
	if i, ok := d.index[id]; ok {
		return &d.Runners[i]
	}
	return nil
}

// Live counts the runs that would be interrupted by stopping the engine.
func (d *Data) Live() int {
	n := 0
	for i := range d.Runners {
		n += LiveRuns(&d.Runners[i])
	}
	return n
}

// LiveRuns counts the live runs of a runner.
func LiveRuns(r *orchestrator.Runner) int {
	if r.Live > 0 {
		return r.Live
	}
	if r.Current != nil && r.Current.State.Live() {
		return 1
	}
	return 0
}

func safeRunner(r orchestrator.Runner) orchestrator.Runner {
	r.Description, r.Reason = text.Line(r.Description, maxText), text.Line(r.Reason, maxText)
	r.Schedule, r.Policy, r.Use = text.Line(r.Schedule, maxText), text.Line(r.Policy, maxText), text.Line(r.Use, maxText)
	if r.Current != nil {
		c := SafeRun(*r.Current)
		r.Current = &c
	}
	if r.Last != nil {
		l := SafeRun(*r.Last)
		r.Last = &l
	}
	if r.Pause != nil {
		p := safePause(*r.Pause)
		r.Pause = &p
	}
	r.Hold, r.Wait = safeHold(r.Hold), safeWait(r.Wait)
	r.HeldBy, r.Overlap = text.Line(r.HeldBy, maxText), text.Line(r.Overlap, maxText)
	r.Resources = safeList(r.Resources)
	return r
}

func safePause(p orchestrator.Pause) orchestrator.Pause {
	p.By, p.Reason = text.Line(p.By, maxText), text.Line(p.Reason, maxText)
	return p
}

// SafeRun makes a run's foreign text safe to draw.
func SafeRun(r orchestrator.Run) orchestrator.Run {
	r.Reason, r.Error = text.Line(r.Reason, maxText), text.Line(r.Error, maxText)
	r.ErrorClass, r.By = text.Line(r.ErrorClass, maxText), text.Line(r.By, maxText)
	r.Trigger, r.FailedStep = text.Line(r.Trigger, maxText), text.Line(r.FailedStep, maxText)
	r.Overlap, r.Definition = text.Line(r.Overlap, maxText), text.Line(r.Definition, maxText)
	if len(r.Params) > 0 {
		params := make(map[string]string, len(r.Params))
		for k, v := range r.Params {
			params[text.Line(k, maxText)] = text.Line(v, maxText)
		}
		r.Params = params
	}
	return r
}

func safeEngine(e orchestrator.Engine) orchestrator.Engine {
	e.Name, e.Version = text.Line(e.Name, 256), text.Line(e.Version, 64)
	e.Problems, e.Notices, e.Stuck = safeList(e.Problems), safeList(e.Notices), safeList(e.Stuck)
	e.StateDir, e.Config, e.ConfigError = text.Line(e.StateDir, maxText), text.Line(e.Config, maxText), text.Line(e.ConfigError, maxText)
	e.ConfigHash = text.Line(e.ConfigHash, 128)
	e.Services = safeServices(e.Services)
	e.Holders = slices.Clone(e.Holders)
	for i := range e.Holders {
		e.Holders[i].Runner = text.Line(e.Holders[i].Runner, maxText)
	}
	e.Limits, e.Holds = slices.Clone(e.Limits), slices.Clone(e.Holds)
	for i := range e.Limits {
		l := &e.Limits[i]
		l.Name, l.Rate, l.Breaker = text.Line(l.Name, maxText), text.Line(l.Rate, maxText), text.Line(l.Breaker, maxText)
		l.Holders = safeList(l.Holders)
	}
	for i := range e.Holds {
		h := &e.Holds[i]
		h.Scope.Kind, h.Scope.Name = text.Line(h.Scope.Kind, 64), text.Line(h.Scope.Name, maxText)
		h.Pause = safePause(h.Pause)
	}
	return e
}

// SetApprovals replaces the approvals (oldest first).
func (d *Data) SetApprovals(as []orchestrator.Approval) {
	d.known = d.known[:0:0]
	for _, a := range as {
		a.Question, a.Runner, a.Review = text.Line(a.Question, maxText), text.Line(a.Runner, maxText), safeReview(a.Review)
		d.known = append(d.known, a)
	}
	d.withoutHeld()
}

// Approval gives the approval that a step of a run waits for; step "" = any step. nil = none.
func (d *Data) Approval(run, step string) *orchestrator.Approval {
	for i := range d.Approvals {
		if a := &d.Approvals[i]; a.Run == run && (step == "" || a.Step == step) {
			return a
		}
	}
	return nil
}

func safeList(in []string) []string {
	out := make([]string, 0, len(in))
	for _, s := range in {
		out = append(out, text.Line(s, maxText))
	}
	return out
}

func safeEvent(e orchestrator.Event) orchestrator.Event {
	e.Text, e.By = text.Line(e.Text, maxText), text.Line(e.By, maxText)
	e.Kind, e.Via = text.Line(e.Kind, 64), text.Line(e.Via, 64)
	e.Before, e.After = text.Line(e.Before, maxText), text.Line(e.After, maxText)
	return e
}

// SafeLog makes a log line safe to draw.
func SafeLog(l orchestrator.LogLine) orchestrator.LogLine {
	l.Msg, l.Step, l.Runner = text.Line(l.Msg, maxLog), text.Line(l.Step, maxText), text.Line(l.Runner, maxText)
	return l
}

// safeDetail makes a run and its steps safe to draw.
func safeDetail(d orchestrator.RunDetail) orchestrator.RunDetail {
	d.Run = SafeRun(d.Run)
	d.Steps = slices.Clone(d.Steps)
	for i := range d.Steps {
		s := &d.Steps[i]
		s.Error, s.Reason, s.Message = text.Line(s.Error, maxText), text.Line(s.Reason, maxText), text.Line(s.Message, maxText)
		s.ID, s.Use = text.Line(s.ID, maxText), text.Line(s.Use, maxText)
		s.Attempts = slices.Clone(s.Attempts)
		for j := range s.Attempts {
			s.Attempts[j].Error = text.Line(s.Attempts[j].Error, maxText)
		}
	}
	return d
}
