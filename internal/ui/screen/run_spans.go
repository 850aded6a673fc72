package screen

import (
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// maxZoom bounds how much the time axis can be stretched: 2^maxZoom.
const maxZoom = 8

// scale is the time axis: the run's own length once it ended, a rounded one while it is live. Zoomed in it shows the
// surroundings of the step under the cursor; folded it leaves out where nothing happened.
func (r *Run) scale(now time.Time, w int) part.Scale {
	from, to := r.span(now)
	s := part.Scale{From: from, Len: max(to.Sub(from), time.Millisecond), W: w}
	if r.run.EndedAt.IsZero() {
		s.Len = part.NiceLen(s.Len)
	}
	if r.zoom > 0 {
		return r.zoomed(s, now)
	}
	if r.fold {
		s.Folds = part.Gaps(r.busy(now), s.Len/12)
	}
	return s
}

// span is the run's own stretch of time: from when it was due to its end, and to the next attempt when it waits for one.
func (r *Run) span(now time.Time) (from, to time.Time) {
	from, to = r.run.StartedAt, r.run.EndedAt
	if r.queued() > 0 {
		from = r.run.DueAt
	}
	for i := range r.steps { // a rerun keeps steps that are older than its start; handlers come after its end
		s := &r.steps[i]
		if !s.StartedAt.IsZero() && (from.IsZero() || s.StartedAt.Before(from)) {
			from = s.StartedAt
		}
		if !to.IsZero() && s.EndedAt.After(to) {
			to = s.EndedAt
		}
	}
	if from.IsZero() {
		from = r.run.DueAt
	}
	if r.run.EndedAt.IsZero() {
		to = now
		if r.run.NextAt.After(now) {
			to = r.run.NextAt
		}
	}
	return from, to
}

// queued is how long the run waited for its start. Of another go of a run only the first one's start is known.
func (r *Run) queued() time.Duration {
	if r.run.Attempt > 1 || r.run.DueAt.IsZero() || !r.run.StartedAt.After(r.run.DueAt) {
		return 0
	}
	return r.run.StartedAt.Sub(r.run.DueAt)
}

// zoomed is the part of the scale around the middle of the step under the cursor.
func (r *Run) zoomed(s part.Scale, now time.Time) part.Scale {
	all := s
	s.Len = max(all.Len>>r.zoom, time.Millisecond)
	middle := all.From.Add(all.Len / 2)
	if st := r.StepAt(); st != nil && !st.StartedAt.IsZero() {
		as := attemptsOf(st)
		p := attemptSpan(as[len(as)-1], now) // a wait alone would say nothing
		middle = p.From.Add(p.To.Sub(p.From) / 2)
	}
	s.From = middle.Add(-s.Len / 2)
	if last := all.From.Add(all.Len - s.Len); s.From.After(last) {
		s.From = last
	}
	if s.From.Before(all.From) {
		s.From = all.From
	}
	return s
}

// busy are the stretches in which a step was at work.
func (r *Run) busy(now time.Time) []part.Span {
	from, to := r.span(now)
	out := []part.Span{{From: from, To: from}, {From: to, To: to}}
	for i := range r.steps {
		s := &r.steps[i]
		if s.Composite {
			continue
		}
		for _, a := range attemptsOf(s) {
			end := a.EndedAt
			if end.IsZero() {
				end = now
			}
			if !a.StartedAt.IsZero() {
				out = append(out, part.Span{From: a.StartedAt, To: end})
			}
		}
	}
	return out
}

// attemptsOf are a step's attempts; one that has none on record counts as its own.
func attemptsOf(s *orchestrator.Step) []orchestrator.Attempt {
	if len(s.Attempts) > 0 {
		return s.Attempts
	}
	return []orchestrator.Attempt{{N: 1, State: s.State, StartedAt: s.StartedAt, EndedAt: s.EndedAt}}
}

// spans are a step's attempts in their order, with the waits between them.
func spans(s *orchestrator.Step, now time.Time) []part.Span {
	if s.StartedAt.IsZero() {
		return nil
	}
	end := s.EndedAt
	if end.IsZero() {
		end = now
	}
	if s.Composite {
		return []part.Span{{From: s.StartedAt, To: end, Glyph: theme.HLine, Role: theme.Muted}}
	}
	attempts := attemptsOf(s)
	var out []part.Span
	for i, a := range attempts {
		p := attemptSpan(a, now)
		out = append(out, p)
		switch {
		case i+1 < len(attempts):
			out = append(out, waitSpan(p.To, attempts[i+1].StartedAt))
		case s.State == orchestrator.AwaitingRetry && s.NextAt.After(now):
			wait := waitSpan(p.To, s.NextAt)
			wait.End = theme.GlyphQueued // the next attempt
			out = append(out, wait)
		case s.State == orchestrator.AwaitingRetry:
			out = append(out, waitSpan(p.To, now))
		}
	}
	return out
}

func attemptSpan(a orchestrator.Attempt, now time.Time) part.Span {
	p := part.Span{From: a.StartedAt, To: a.EndedAt}
	if p.To.IsZero() {
		p.To = now
	}
	m := StateMark(a.State)
	p.Role, p.Glyph = m.Role, theme.BarOK
	switch {
	case failed(a.State):
		p.Glyph, p.End = theme.BarFailed, theme.GlyphFailed
	case a.State == orchestrator.Running:
		p.Glyph = theme.GlyphRunning
	case a.State != orchestrator.Completed:
		p.Glyph = theme.BarFailed
	}
	return p
}

// waitSpan is the time between two attempts.
func waitSpan(from, to time.Time) part.Span {
	return part.Span{From: from, To: to, Glyph: theme.BarWait, Role: theme.Retry, Thin: true}
}

// runSpans are the run as a whole on its first row: queued, then its first step.
func (r *Run) runSpans(s *orchestrator.Step, now time.Time) []part.Span {
	out := spans(s, now)
	if r.queued() > 0 && s.Kind == "" {
		out = append([]part.Span{{From: r.run.DueAt, To: r.run.StartedAt, Glyph: theme.BarQueued, Role: theme.Late}}, out...)
	}
	return out
}

// lengthWord is how long the run took; time in which the engine was down is told apart.
func lengthWord(run *orchestrator.Run, now time.Time) string {
	d := run.Duration(now)
	if run.EndedAt.IsZero() {
		d = d.Truncate(time.Second)
	}
	if run.Down == 0 {
		return text.Duration(d)
	}
	return text.Duration(d) + " + " + text.Duration(run.Down) + " down"
}

// zero is the moment from which the time axis counts: the run's start.
func (r *Run) zero() time.Time {
	from, _ := r.span(r.run.EndedAt)
	return from
}
