package screen

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// runDiff is the run that a run is compared with.
type runDiff struct {
	chosen string // id; "" = the last good run before it
	of     string // id of what was read
	detail orchestrator.RunDetail
	err    string
}

// choose compares with another run; nil changes nothing.
func (d *runDiff) choose(run *orchestrator.Run) {
	if run != nil {
		d.chosen = run.ID
	}
}

func (d *runDiff) take(a Answer) {
	d.of, d.err = a.Run, ""
	if a.Err != nil {
		d.err = text.Line(a.Err.Error(), maxText)
		return
	}
	d.detail = safeDetail(a.Detail)
	byKind(d.detail.Steps)
}

// CompareWith chooses the run that this one is compared with, and opens the diff.
func (r *Run) CompareWith(id string) *Run {
	r.diff.chosen, r.pane = id, paneDiff
	return r
}

// otherID is the run that this one is compared with; "" = there is none.
func (r *Run) otherID() string {
	if r.diff.chosen != "" {
		return r.diff.chosen
	}
	if r.near.lastOK != nil {
		return r.near.lastOK.ID
	}
	return ""
}

func (r *Run) diffTitle() string {
	other := r.otherID()
	switch {
	case other == "":
		return "diff"
	case r.near.lastOK != nil && other == r.near.lastOK.ID:
		return "diff with the last good run " + ShortID(other)
	}
	return "diff with run " + ShortID(other)
}

// diffRow is one thing of two runs.
type diffRow struct {
	name       string
	this, that string
	note       string
	head       bool
	role       theme.Role
}

// diffLines are both runs side by side: what they worked with, their steps, and their errors.
func (r *Run) diffLines(env Env, w int) []footLine {
	other := r.otherID()
	switch {
	case r.near.err != "":
		return []footLine{{role: theme.Failed, s: r.near.err}}
	case other == "" && r.near.of == "":
		return []footLine{{role: theme.Muted, s: "reading" + theme.Ellipsis}}
	case other == "":
		return []footLine{{role: theme.Muted, s: "no good run before this one in the history: nothing to compare with"}}
	case r.diff.of == other && r.diff.err != "":
		return []footLine{{role: theme.Failed, s: "run " + ShortID(other) + " cannot be read: " + r.diff.err}}
	case r.diff.of != other:
		return []footLine{{role: theme.Muted, s: "reading" + theme.Ellipsis}}
	}
	this := orchestrator.RunDetail{Run: r.run, Steps: r.steps}
	return layDiff(diffRuns(&this, &r.diff.detail, env.Now), w)
}

// layDiff puts the rows into columns. On a narrow screen the note goes first.
func layDiff(rows []diffRow, w int) []footLine {
	nameW := min(max(w/4, 12), 26)
	noteW := 14
	if w < 64 {
		noteW = 0
	}
	colW := max((w-nameW-noteW-2)/2, 6)
	out := make([]footLine, 0, len(rows))
	cell := func(s string, n int) string {
		s = text.Truncate(part.Clean(s), n, theme.Ellipsis)
		return s + pad(n-text.Width(s))
	}
	for _, d := range rows {
		if d.head {
			out = append(out, footLine{role: theme.Faint, s: cell(d.name, nameW) + " " + cell(d.this, colW) + " " + cell(d.that, colW)})
			continue
		}
		s := cell(d.name, nameW) + " " + cell(d.this, colW) + " " + cell(d.that, colW)
		if noteW > 0 {
			s += " " + text.Truncate(d.note, noteW, theme.Ellipsis)
		}
		out = append(out, footLine{role: d.role, s: s})
	}
	return out
}

func pad(n int) string { return fmt.Sprintf("%*s", max(n, 0), "") }

// diffRuns compares two runs.
func diffRuns(this, that *orchestrator.RunDetail, now time.Time) []diffRow {
	a, b := &this.Run, &that.Run
	rows := []diffRow{{head: true, name: "RUN", this: ShortID(a.ID), that: ShortID(b.ID)}}
	add := func(name, x, y string) {
		d := diffRow{name: name, this: x, that: y, role: theme.Muted, note: "="}
		if x != y {
			d.note, d.role = "differs", theme.Plain
		}
		rows = append(rows, d)
	}
	ma, mb := runMark(a), runMark(b)
	add("state", ma.Glyph+" "+ma.Word, mb.Glyph+" "+mb.Word)
	rows = append(rows, durationRow("duration", a.Duration(now), b.Duration(now)))
	rows = append(rows, diffRow{
		name: "started", this: text.Moment(a.StartedAt, now), that: text.Moment(b.StartedAt, now), role: theme.Muted,
	})
	add("trigger", triggerWord(a), triggerWord(b))
	add("definition", shortHash(a.Definition), shortHash(b.Definition))
	keys := maps.Clone(a.Params)
	if keys == nil {
		keys = map[string]string{}
	}
	maps.Copy(keys, b.Params)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		add(k, paramWord(a.Params, k), paramWord(b.Params, k))
	}
	add("warnings", fmt.Sprint(a.Warnings), fmt.Sprint(b.Warnings))
	if a.Error != "" || b.Error != "" {
		add("error", dash(a.Error), dash(b.Error))
	}
	rows = append(rows, diffRow{head: true, name: "STEP"})
	return append(rows, diffSteps(this.Steps, that.Steps, now)...)
}

func paramWord(params map[string]string, key string) string {
	if v, ok := params[key]; ok {
		return v
	}
	return "-"
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// diffSteps pairs the steps by their path, in the order of this run; what only the other has comes last.
func diffSteps(this, that []orchestrator.Step, now time.Time) []diffRow {
	var rows []diffRow
	for i := range this {
		s := &this[i]
		j := slices.IndexFunc(that, func(o orchestrator.Step) bool { return o.Path == s.Path && o.Kind == s.Kind })
		if j < 0 {
			rows = append(rows, diffRow{name: indent(s), this: stepWord(s, now), that: "-", note: "only here", role: theme.Plain})
			continue
		}
		rows = append(rows, diffStep(s, &that[j], now))
	}
	for j := range that {
		o := &that[j]
		if !slices.ContainsFunc(this, func(s orchestrator.Step) bool { return s.Path == o.Path && s.Kind == o.Kind }) {
			rows = append(rows, diffRow{name: indent(o), this: "-", that: stepWord(o, now), note: "only there", role: theme.Muted})
		}
	}
	return rows
}

func indent(s *orchestrator.Step) string { return pad(min(s.Depth, 4)) + s.ID }

func stepWord(s *orchestrator.Step, now time.Time) string {
	m := stepMark(s)
	w := m.Glyph + " " + m.Word
	if s.StartedAt.IsZero() {
		return w
	}
	w += " " + stepDuration(s, now)
	if s.Attempt > 1 {
		w += " " + theme.Times + fmt.Sprint(s.Attempt)
	}
	return w
}

func diffStep(a, b *orchestrator.Step, now time.Time) diffRow {
	d := diffRow{name: indent(a), this: stepWord(a, now), that: stepWord(b, now), role: theme.Muted}
	switch {
	case failed(a.State) && !failed(b.State):
		d.role, d.note = theme.Failed, "failed here"
	case a.State != b.State:
		d.role, d.note = theme.Plain, "differs"
	case !a.StartedAt.IsZero() && !b.StartedAt.IsZero():
		n := durationRow("", stepTook(a, now), stepTook(b, now))
		d.note, d.role = n.note, n.role
	}
	return d
}

func stepTook(s *orchestrator.Step, now time.Time) time.Duration {
	if s.EndedAt.IsZero() {
		return now.Sub(s.StartedAt)
	}
	return s.EndedAt.Sub(s.StartedAt)
}

// durationRow compares two lengths of time; much longer is worth a look.
func durationRow(name string, a, b time.Duration) diffRow {
	d := diffRow{name: name, this: text.Duration(a), that: text.Duration(b), role: theme.Muted}
	switch {
	case d.this == d.that:
		d.note = "="
	case a > b:
		d.note = "+" + text.Duration(a-b)
	default:
		d.note = "-" + text.Duration(b-a)
	}
	if b > 0 && a > 2*b && a-b > time.Second {
		d.role = theme.Late
		d.note += fmt.Sprintf(" %s%.0f", theme.Times, float64(a)/float64(b))
	}
	return d
}
