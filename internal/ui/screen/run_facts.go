package screen

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// origin says how the run came to be.
func (r *Run) origin() string {
	parts := []string{"trigger " + r.run.Trigger}
	if r.run.Parent != "" {
		parts = append(parts, "after run "+ShortID(r.run.Parent))
	}
	if r.run.Backfill != "" {
		parts = append(parts, "backfill "+r.run.Backfill)
	}
	if r.run.By != "" {
		parts = append(parts, "by "+r.run.By)
	}
	if !r.run.StartedAt.IsZero() {
		parts = append(parts, "started "+text.Clock(r.run.StartedAt)+"Z")
	}
	if !r.run.DueAt.IsZero() && r.run.StartedAt.After(r.run.DueAt) {
		parts = append(parts, "waited "+text.Duration(r.run.StartedAt.Sub(r.run.DueAt)))
	}
	if r.run.Attempt > 1 {
		parts = append(parts, fmt.Sprintf("run attempt %d", r.run.Attempt))
	}
	if r.run.Warnings > 0 {
		parts = append(parts, count(r.run.Warnings, "warning", "warnings"))
	}
	if p := r.run.Priority; p != 0 && p != normalPriority {
		parts = append(parts, fmt.Sprintf("priority %d", p))
	}
	if r.run.Overlap != "" {
		parts = append(parts, "overlap "+r.run.Overlap)
	}
	for _, k := range slices.Sorted(maps.Keys(r.run.Params)) {
		parts = append(parts, k+"="+r.run.Params[k])
	}
	if h := r.run.Definition; h != "" {
		parts = append(parts, "definition "+shortHash(h))
	}
	return strings.Join(parts, theme.Sep)
}

// nominalWord says which tick the run is for.
func nominalWord(env Env, run *orchestrator.Run) string {
	if run.Nominal.IsZero() {
		return "none: " + run.Trigger
	}
	return text.Moment(run.Nominal, env.Now) + " (" + text.Clock(run.Nominal) + "Z)"
}

// factLines are a name and a value, in lines of w columns.
func factLines(w int, role theme.Role, name, value string) []footLine {
	const nameW = 12
	var out []footLine
	for i, s := range part.Wrap(value, max(w-nameW, 8), 4) {
		if i > 0 {
			name = ""
		}
		out = append(out, footLine{role: role, s: fmt.Sprintf("%-*s%s", nameW, name, s)})
	}
	return out
}

// inputLines are what the run worked with, and what became of its steps.
func (r *Run) inputLines(env Env, w int) []footLine {
	run := &r.run
	out := []footLine{{role: theme.Faint, s: "INPUTS"}}
	add := func(name, value string) {
		if value != "" {
			out = append(out, factLines(w, theme.Plain, name, value)...)
		}
	}
	add("trigger", run.Trigger)
	add("tick", nominalWord(env, run))
	if run.By != "" {
		add("who", run.By)
	}
	keys := slices.Sorted(maps.Keys(run.Params))
	for _, k := range keys {
		add("parameter", k+"="+run.Params[k])
	}
	if len(keys) == 0 {
		add("parameters", "none of its own: those of the configuration")
	}
	add("definition", definitionWord(run, r.near.lastOK))
	if run.Parent != "" {
		add("after", "run "+ShortID(run.Parent))
	}
	add("backfill", run.Backfill)
	add("overlap", run.Overlap)
	if run.Priority != 0 {
		add("priority", fmt.Sprintf("%d of 5", run.Priority))
	}
	add("attempt", attemptWord(run))
	add("waited", text.Duration(r.queued()))
	if run.Down > 0 {
		add("down", "the engine was stopped for "+text.Duration(run.Down)+" in the middle of it; that does not count as its duration")
	}
	out = append(out, footLine{}, footLine{role: theme.Faint, s: "OUTPUTS"})
	return append(out, r.outputLines(w)...)
}

// definitionWord is the hash of the definition, and whether the last good run had the same.
func definitionWord(run, ok *orchestrator.Run) string {
	switch {
	case run.Definition == "":
		return ""
	case ok == nil || ok.Definition == "":
		return shortHash(run.Definition)
	case ok.Definition == run.Definition:
		return shortHash(run.Definition) + ", the same as in the last good run"
	}
	return shortHash(run.Definition) + ", the last good run had " + shortHash(ok.Definition)
}

func attemptWord(run *orchestrator.Run) string {
	s := fmt.Sprintf("%d of the run", max(run.Attempt, 1))
	if run.Attempts > 1 {
		s += fmt.Sprintf(", most tries of a step %d", run.Attempts)
	}
	return s
}

// outputLines are what the steps said at their end.
func (r *Run) outputLines(w int) []footLine {
	var out []footLine
	for i := range r.steps {
		s := &r.steps[i]
		role, said := theme.Plain, s.Message
		switch {
		case s.Error != "":
			role, said = theme.Failed, s.Error
		case said == "" && s.Reason != "":
			role, said = theme.Muted, s.Reason
		case said == "":
			continue
		}
		for j, l := range part.Wrap(said, max(w-26, 12), 3) {
			head := strings.Repeat(" ", 24)
			if j == 0 {
				head = fmt.Sprintf("%s %-22s", stepMark(s).Glyph, text.TruncateMiddle(part.Clean(s.ID), 22, theme.Ellipsis))
			}
			out = append(out, footLine{role: role, s: head + " " + l})
		}
	}
	if out == nil {
		return []footLine{{role: theme.Muted, s: "no step has said anything"}}
	}
	return out
}

// drawSide draws the facts at the right of the steps, and what was done to the run last.
func (r *Run) drawSide(c part.Canvas, l runLayout) {
	x := c.W - l.side
	for y := 1; y < l.logY; y++ {
		c.Put(x, y, theme.Faint, theme.VLine)
	}
	side := c.Sub(x+2, 1, l.side-3, l.logY-1)
	lines, acts := r.side.lines, r.side.acts
	for y, f := range lines {
		side.Text(0, y, side.W, f.role, f.s)
	}
	room := side.H - len(lines) - 2
	if len(acts) == 0 || room < 1 {
		return
	}
	y := len(lines) + 1
	side.Text(0, y, side.W, theme.Faint, "ACTIONS")
	for i, s := range acts[max(len(acts)-room, 0):] {
		side.Text(0, y+1+i, side.W, theme.Muted, s)
	}
}

// sideFacts are the facts at the right, kept until what they are made of changes: a frame must not make them again.
type sideFacts struct {
	key   sideKey
	lines []footLine
	acts  []string
}

type sideKey struct {
	of, near string
	logged   int64
	state, w int
	events   int
	read     int
	newest   int64
	second   int64
}

// actLines are the newest things that happened to the run, one a line.
func (r *Run) actLines(env Env) []string {
	const most = 20
	all := r.auditEvents(env)
	all = all[max(len(all)-most, 0):]
	out := make([]string, len(all))
	for i := range all {
		out[i] = text.Clock(all[i].At) + " " + auditWords(&all[i])
	}
	return out
}

// sideLines are the facts of the run in short.
func (r *Run) sideLines(env Env, w int) []footLine {
	run := &r.run
	var out []footLine
	add := func(role theme.Role, name, value string) {
		if value != "" {
			out = append(out, factLines(w, role, name, value)...)
		}
	}
	if !run.State.Terminal() {
		add(theme.Plain, "why", runWhy(run, env.Now))
		if rn := env.Data.Runner(r.runner); rn != nil && rn.Current != nil && rn.Current.ID == run.ID {
			for i, s := range holderLines(rn.Wait, env.Now) {
				add(theme.Muted, map[bool]string{true: "held by"}[i == 0], s)
			}
		}
	}
	add(theme.Plain, "trigger", causeWord(run))
	add(theme.Plain, "time", stretchWord(env, run))
	inputs := make([]string, 0, len(run.Params))
	for _, k := range slices.Sorted(maps.Keys(run.Params)) {
		inputs = append(inputs, k+"="+run.Params[k])
	}
	add(theme.Plain, "inputs", strings.Join(inputs, theme.Sep))
	add(theme.Muted, "definition", definitionWord(run, r.near.lastOK))
	add(theme.Muted, "rules", ruleWord(run))
	add(theme.Muted, "attempts", triesWord(run, r.steps))
	if d := r.queued(); d > 0 {
		add(theme.Muted, "queued", text.Duration(d))
	}
	if run.Down > 0 {
		add(theme.Late, "down", text.Duration(run.Down)+", the engine was stopped")
	}
	add(theme.Muted, "lines", r.logWord())
	if p := r.sibling(r.id, -1); p != nil {
		m := runMark(p)
		s := ShortID(p.ID) + " " + m.Glyph + " " + m.Word
		if run.Error != "" && p.Error == run.Error {
			s += ", the same error"
		}
		add(theme.Muted, "previous", s)
	}
	if ok := r.near.lastOK; ok != nil {
		add(theme.Muted, "last ok", ShortID(ok.ID)+" "+text.Moment(ok.EndedAt, env.Now)+" "+text.Duration(ok.Duration(env.Now)))
	} else if r.near.of != "" {
		add(theme.Muted, "last ok", "none before it in the history")
	}
	add(theme.Muted, "critical", strings.Join(longest(r.steps, env.Now), " "+theme.Arrow+" "))
	if run.Error != "" {
		out = append(out, footLine{})
		for _, l := range part.Wrap(run.Error, w, 4) {
			out = append(out, footLine{role: theme.Failed, s: l})
		}
	}
	return out
}

// causeWord says what made the run, in short.
func causeWord(run *orchestrator.Run) string {
	s := run.Trigger
	if run.By != "" {
		s += " by " + run.By
	}
	if run.Parent != "" {
		s += theme.Sep + "after run " + ShortID(run.Parent)
	}
	if run.Backfill != "" {
		s += theme.Sep + "backfill " + run.Backfill
	}
	return s
}

// ruleWord are the rules that were the run's own.
func ruleWord(run *orchestrator.Run) string {
	var parts []string
	if p := run.Priority; p != 0 && p != normalPriority {
		parts = append(parts, fmt.Sprintf("priority %d", p))
	}
	if run.Overlap != "" {
		parts = append(parts, "overlap "+run.Overlap)
	}
	return strings.Join(parts, theme.Sep)
}

// triesWord counts the attempts; "" = each step was tried once.
func triesWord(run *orchestrator.Run, steps []orchestrator.Step) string {
	tries, done := 0, leaves(steps)
	n := 0
	for _, s := range done {
		if s.Attempt > 0 {
			tries, n = tries+s.Attempt, n+1
		}
	}
	s := ""
	if tries > n {
		s = fmt.Sprintf("%d in %s", tries, count(n, "step", "steps"))
	}
	if run.Attempt > 1 {
		s = strings.TrimPrefix(s+fmt.Sprintf("%s%d of the run", theme.Sep, run.Attempt), theme.Sep)
	}
	return s
}

// stretchWord is from when to when the run went.
func stretchWord(env Env, run *orchestrator.Run) string {
	switch {
	case run.StartedAt.IsZero():
		return "not started"
	case run.EndedAt.IsZero():
		return "since " + text.Clock(run.StartedAt) + "Z"
	}
	return text.Moment(run.StartedAt, env.Now) + theme.Sep + text.Clock(run.StartedAt) + " " + theme.Arrow + " " + text.Clock(run.EndedAt) + "Z"
}

// logWord counts the lines of the run's log that are read.
func (r *Run) logWord() string {
	if r.logState != 1 {
		return ""
	}
	errs, warns := 0, 0
	for i := range r.logged {
		switch levelOf(r.logged[i].Level) {
		case 3:
			errs++
		case 2:
			warns++
		}
	}
	s := fmt.Sprint(len(r.logged))
	if len(r.logged) >= maxLines {
		s += "+"
	}
	return s + theme.Sep + count(errs, "error", "errors") + theme.Sep + count(warns, "warning", "warnings")
}
