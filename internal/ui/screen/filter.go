package screen

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// filter is a parsed filter line: words that all have to hold. "state:failed,late", "tag:x" and "use:x" look at fields, of
// events "kind:paused,fired", "by:kim" and "via:ssh"; any other word is looked for in names, reasons and errors; "!" before
// a word turns it round.
type filter struct {
	query string
	terms []term
}

type term struct {
	not   bool
	field string // "" or one of fields
	value string // lower case
}

// isField says that "name:value" looks at a field.
func isField(name string) bool {
	return slices.Contains([]string{"state", "tag", "use", "kind", "by", "via", "error", "step", "trigger", "since"}, name)
}

func parseFilter(q string) filter {
	f := filter{query: strings.TrimSpace(q)}
	for w := range strings.FieldsSeq(strings.ToLower(q)) {
		var t term
		t.value, t.not = strings.CutPrefix(w, "!")
		if k, v, ok := strings.Cut(t.value, ":"); ok && isField(k) {
			t.field, t.value = k, v
		}
		if t.value != "" {
			f.terms = append(f.terms, t)
		}
	}
	return f
}

// runner says that a runner passes.
func (f filter) runner(r *orchestrator.Runner, now time.Time) bool {
	for _, t := range f.terms {
		if t.runner(r, now) == t.not {
			return false
		}
	}
	return true
}

func (t term) runner(r *orchestrator.Runner, now time.Time) bool {
	switch t.field {
	case "state":
		word, _, _ := strings.Cut(RunnerMark(r, now).Word, " ")
		return t.state(word, r.State)
	case "tag":
		return slices.ContainsFunc(r.Tags, func(tag string) bool { return strings.EqualFold(tag, t.value) })
	case "use":
		return strings.Contains(strings.ToLower(r.Use), t.value)
	}
	if contains(t.value, r.ID, r.Description, r.Reason) {
		return true
	}
	return r.Last != nil && contains(t.value, r.Last.Error)
}

// run says that a run passes.
func (f filter) run(r *orchestrator.Run) bool {
	for _, t := range f.terms {
		var ok bool
		switch t.field {
		case "state":
			ok = t.state(StateMark(r.State).Word, r.State)
		case "":
			ok = contains(t.value, r.Runner, r.ID, r.Trigger, r.Error, r.Reason, r.FailedStep, r.By)
		case "by":
			ok = t.begins(r.By)
		case "error":
			ok = contains(t.value, r.Error)
		case "step":
			ok = contains(t.value, r.FailedStep)
		case "trigger":
			ok = t.begins(triggerWord(r)) || t.begins(r.Trigger)
		default: // runs have no such field, or the history looks for it: tag, use, since
			continue
		}
		if ok == t.not {
			return false
		}
	}
	return true
}

// event says that an event passes.
func (f filter) event(e *orchestrator.Event) bool {
	for _, t := range f.terms {
		var ok bool
		switch t.field {
		case "state":
			ok = t.state(StateMark(e.State).Word, e.State)
		case "kind":
			ok = t.begins(e.Kind)
		case "by":
			ok = t.begins(e.By)
		case "via":
			ok = t.begins(e.Via)
		case "":
			ok = contains(t.value, e.Runner, e.Run, e.Kind, e.Text, e.By, e.Before, e.After)
		default: // events have no such field
			continue
		}
		if ok == t.not {
			return false
		}
	}
	return true
}

// begins says that a word begins with one of the values.
func (t term) begins(word string) bool {
	for v := range strings.SplitSeq(t.value, ",") {
		if v != "" && strings.HasPrefix(strings.ToLower(word), v) {
			return true
		}
	}
	return false
}

// state compares with the word on the screen and with the state's own name; commas separate alternatives.
func (t term) state(word string, s orchestrator.State) bool {
	for v := range strings.SplitSeq(t.value, ",") {
		if v != "" && (strings.HasPrefix(word, v) || strings.HasPrefix(string(s), v)) {
			return true
		}
	}
	return false
}

func contains(value string, in ...string) bool {
	for _, s := range in {
		if strings.Contains(strings.ToLower(s), value) {
			return true
		}
	}
	return false
}

// runStates are the states a run can be in.
var runStates = [...]orchestrator.State{
	orchestrator.Late, orchestrator.Pending, orchestrator.Running, orchestrator.AwaitingRetry, orchestrator.Paused, orchestrator.Cancelling,
	orchestrator.Completed, orchestrator.Failed, orchestrator.Crashed, orchestrator.Cancelled, orchestrator.Skipped, orchestrator.Missed,
	orchestrator.Dropped, orchestrator.Interrupted,
}

// narrow gives the history as much of the filter as it can look for itself: never more than the filter means, so that what it
// gives still has to pass the filter.
func (f filter) narrow(q orchestrator.RunFilter) orchestrator.RunFilter {
	for _, t := range f.terms {
		switch {
		case t.not:
		case t.field == "state" && len(q.States) == 0:
			for _, s := range runStates {
				if t.state(StateMark(s).Word, s) {
					q.States = append(q.States, s)
				}
			}
		case t.field == "by" && isASCII(t.value) && !strings.Contains(t.value, ","):
			q.By = t.value
		case (t.field == "" || t.field == "error" || t.field == "step") && isASCII(t.value): // it folds the case of ASCII letters only
			q.Text = append(q.Text, t.value)
		}
	}
	return q
}

// widen gives the history what only it can look for: the time, and what the configuration says of the runners.
func (f filter) widen(env Env, q orchestrator.RunFilter) orchestrator.RunFilter {
	asked := false
	for _, t := range f.terms {
		switch t.field {
		case "since":
			if d, ok := sinceOf(t.value); ok {
				q.Since = env.Now.Add(-d).Truncate(time.Minute)
			}
		case "tag", "use":
			asked = true
		}
	}
	if !asked {
		return q
	}
	for i := range env.Data.Runners {
		r := &env.Data.Runners[i]
		if !slices.ContainsFunc(f.terms, func(t term) bool {
			return (t.field == "tag" || t.field == "use") && t.runner(r, env.Now) == t.not
		}) {
			q.Runners = append(q.Runners, r.ID)
		}
	}
	if len(q.Runners) == 0 {
		q.Runners = []string{""} // none is so: no run
	}
	return q
}

// sinceOf reads "30m", "24h", "7d".
func sinceOf(s string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err == nil && n > 0 && n < 10_000
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}

// problem says what in the filter line has no meaning for runs; "" = all has one.
func (f filter) problem() string {
	for _, t := range f.terms {
		if _, ok := sinceOf(t.value); t.field == "since" && (!ok || t.not) {
			return "since: wants a length of time such as since:30m, since:24h or since:7d"
		}
	}
	return ""
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
