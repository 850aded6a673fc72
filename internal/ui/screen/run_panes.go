package screen

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// The panes below the steps of a run.
const (
	paneLog = iota
	paneInputs
	paneDiff
	paneAudit
)

var paneNames = [...]string{"log", "inputs", "diff", "actions"}

// How many runs and events are read around a run.
const (
	nearOlder = 60
	nearNewer = 200
	maxAudit  = 200
)

// near are the runs of the same pipe around a run.
type near struct {
	of     string             // the run they are around of; "" = not read yet
	runs   []orchestrator.Run // newest first, the run itself among them
	lastOK *orchestrator.Run  // newest one before it that completed and did something; nil = none
	err    string
}

// audit is what happened to a run.
type audit struct {
	of     string // what it was read for: the run and its state
	events []orchestrator.Event
	err    string
}

// Show opens a pane below the steps, or the log again when it is open.
func (r *Run) Show(_ Env, pane int) {
	if r.pane == pane {
		pane = paneLog
	}
	r.pane, r.first = pane, 0
	r.fit()
}

// ShowInputs shows what the run worked with, and what its steps said.
func (r *Run) ShowInputs(env Env) { r.Show(env, paneInputs) }

// ShowDiff compares the run with the last good one before it, or with the one chosen by Sibling.
func (r *Run) ShowDiff(env Env) { r.Show(env, paneDiff) }

// ShowAudit shows what happened to the run and who did it.
func (r *Run) ShowAudit(env Env) { r.Show(env, paneAudit) }

// Sibling opens the older (-1) or newer (1) run of the pipe in place of this one; with the diff open it chooses the run that
// this one is compared with.
func (r *Run) Sibling(_ Env, by int) {
	if r.pane == paneDiff {
		r.diff.choose(r.sibling(r.otherID(), by))
		return
	}
	next := r.sibling(r.id, by)
	if next == nil {
		return
	}
	n := NewRun(*next)
	n.w, n.h, n.pane, n.full, n.fold, n.near = r.w, r.h, r.pane, r.full, r.fold, r.near
	n.near.of = ""
	*r = *n
	r.fit()
}

// sibling is the run before (-1) or after (1) another one of the same pipe; nil = there is none, or it is not read.
func (r *Run) sibling(id string, by int) *orchestrator.Run {
	i := slices.IndexFunc(r.near.runs, func(run orchestrator.Run) bool { return run.ID == id })
	if i -= by; id == "" || i < 0 || i >= len(r.near.runs) || i+by < 0 {
		return nil
	}
	return &r.near.runs[i]
}

// NoSibling says why there is no run to go to; "" = there is.
func (r *Run) NoSibling(by int) string {
	id := r.id
	if r.pane == paneDiff {
		id = r.otherID()
	}
	switch {
	case r.near.err != "":
		return r.near.err
	case r.near.of == "" && len(r.near.runs) == 0:
		return "the runs around it are being read"
	case r.sibling(id, by) != nil:
		return ""
	case by < 0:
		return "there is no older run of " + r.runner + " in the history"
	}
	return "it is the newest run of " + r.runner
}

// paneWants asks for the runs around this one, and for what its open pane shows.
func (r *Run) paneWants(env Env) []Want {
	var out []Want
	if r.near.of != r.id {
		run := r.run
		out = append(out, Want{
			Key: fmt.Sprintf("near:%p:%s", r, r.id), Kind: WantOther, Run: r.id,
			Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) { return readNear(ctx, o, run) },
		})
	}
	if st := r.id + r.stamp; (r.pane == paneAudit || r.layout(r.w, r.h).side > 0) && r.audit.of != st && r.readAt.Equal(env.Now) {
		out = append(out, r.wantAudit(st))
	} else if r.pane == paneAudit && r.audit.of == "" {
		out = append(out, r.wantAudit(st))
	}
	if other := r.otherID(); r.pane == paneDiff && other != "" && r.diff.of != other {
		out = append(out, Want{Key: fmt.Sprintf("diff:%p:%s", r, other), Kind: WantDetail, Run: other})
	}
	return out
}

func (r *Run) wantAudit(stamp string) Want {
	id := r.id
	return Want{
		Key: fmt.Sprintf("audit:%p:%s", r, stamp), Kind: WantOther, Run: id, Runner: stamp,
		Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) {
			return o.RunEvents(ctx, id, maxAudit)
		},
	}
}

// readNear reads the runs of the same pipe around a run.
func readNear(ctx context.Context, o orchestrator.Orchestrator, run orchestrator.Run) (near, error) {
	n := near{of: run.ID}
	newer, err := o.Runs(ctx, orchestrator.RunFilter{Runner: run.Runner, Since: run.DueAt, Limit: nearNewer})
	if err != nil {
		return n, err
	}
	if i := slices.IndexFunc(newer, func(x orchestrator.Run) bool { return x.ID == run.ID }); i >= 0 {
		n.runs = newer[:i]
	} else if len(newer) < nearNewer { // an idle run itself is not among them
		n.runs = slices.DeleteFunc(newer, func(x orchestrator.Run) bool { return x.CreatedAt.Before(run.CreatedAt) })
	}
	older, err := o.Runs(ctx, orchestrator.RunFilter{Runner: run.Runner, Before: run.ID, Limit: nearOlder})
	if err != nil {
		return n, err
	}
	n.runs = append(append(slices.Clone(n.runs), run), older...)
	good, err := o.Runs(ctx, orchestrator.RunFilter{
		Runner: run.Runner, Before: run.ID, States: []orchestrator.State{orchestrator.Completed}, Limit: nearOlder,
	})
	for i := range good {
		if !good[i].Idle {
			n.lastOK = &good[i]
			break
		}
	}
	return n, err
}

// takeOther takes the runs around this one, or its events.
func (r *Run) takeOther(a Answer) {
	if a.Run != r.id {
		return
	}
	switch v := a.Value.(type) {
	case near:
		for i := range v.runs {
			v.runs[i] = SafeRun(v.runs[i])
		}
		if v.lastOK != nil {
			ok := SafeRun(*v.lastOK)
			v.lastOK = &ok
		}
		r.near = v
		r.near.of = r.id
		if a.Err != nil {
			r.near.err = "the runs around it cannot be read: " + text.Line(a.Err.Error(), maxText)
		}
	case []orchestrator.Event:
		r.audit = audit{of: a.Runner}
		for _, e := range v {
			r.audit.events = append(r.audit.events, safeEvent(e))
		}
		if a.Err != nil {
			r.audit.err = text.Line(a.Err.Error(), maxText)
		}
	}
}

// scroll moves what a pane other than the log shows.
func (r *Run) scroll(env Env, n int) {
	l := r.layout(r.w, r.h)
	r.first = max(min(r.first+n, len(r.paneLines(env, r.w-2))-l.logH), 0)
}

// paneLines are the lines of a pane other than the log.
func (r *Run) paneLines(env Env, w int) []footLine {
	switch r.pane {
	case paneInputs:
		return r.inputLines(env, w)
	case paneDiff:
		return r.diffLines(env, w)
	case paneAudit:
		return r.auditLines(env, w)
	}
	return nil
}

// drawPane draws what is below the steps.
func (r *Run) drawPane(env Env, c part.Canvas, l runLayout) {
	if r.pane == paneLog {
		r.drawLog(env, c, l)
		return
	}
	title := map[int]string{
		paneInputs: "inputs and outputs of run " + ShortID(r.id), paneDiff: r.diffTitle(), paneAudit: "actions on run " + ShortID(r.id),
	}[r.pane]
	lines := r.paneLines(env, c.W-2)
	var notes []string
	first := max(min(r.first, len(lines)-l.logH), 0)
	if len(lines) > l.logH {
		notes = append(notes, fmt.Sprintf("%d-%d/%d", first+1, min(first+l.logH, len(lines)), len(lines)))
	}
	if r.pane == paneDiff {
		notes = append(notes, "[ ] other run")
	}
	if r.onLog {
		notes = append(notes, "tab steps")
	}
	r.rule(c, l, title, strings.Join(notes, theme.Sep))
	for y, line := range lines[first:] {
		if y >= l.logH {
			break
		}
		c.Text(1, l.logY+1+y, c.W-2, line.role, line.s)
	}
}

// auditLines are the events of the run, oldest first, with who did them and from where.
func (r *Run) auditLines(env Env, w int) []footLine {
	if r.audit.err != "" {
		return []footLine{{role: theme.Failed, s: "they cannot be read: " + r.audit.err}}
	}
	var out []footLine
	for _, e := range r.auditEvents(env) {
		for i, s := range part.Wrap(auditWords(&e), max(w-20, 20), 3) {
			at := strings.Repeat(" ", 9)
			if i == 0 {
				at = text.Clock(e.At) + " "
			}
			role := theme.Plain
			if m := StateMark(e.State); e.State != "" && failed(e.State) {
				role = m.Role
			}
			out = append(out, footLine{role: role, s: at + s})
		}
	}
	if out == nil && r.audit.of == "" {
		return []footLine{{role: theme.Muted, s: "reading" + theme.Ellipsis}}
	}
	if out == nil {
		return []footLine{{role: theme.Muted, s: "nothing but its schedule: " + triggerWord(&r.run)}}
	}
	return out
}

// auditWords are an event in one line: who, from where, what.
func auditWords(e *orchestrator.Event) string {
	who := e.By
	if who == "" {
		who = "engine"
	}
	if e.Via != "" {
		who += " over " + e.Via
	}
	return who + "  " + e.Text
}

// auditEvents are the events that were read, and those that came since.
func (r *Run) auditEvents(env Env) []orchestrator.Event {
	out := slices.Clone(r.audit.events)
	for _, e := range slices.Backward(env.Data.Events) {
		known := func(o orchestrator.Event) bool { return o.ID == e.ID && o.At.Equal(e.At) && o.Text == e.Text }
		if e.Run == r.id && !slices.ContainsFunc(out, known) {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b orchestrator.Event) int { return a.At.Compare(b.At) })
	return out
}
