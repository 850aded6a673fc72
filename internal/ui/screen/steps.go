package screen

import (
	"slices"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// kinds are the kinds of steps in the order they are shown, with the heading that sets them apart.
var kinds = [...]struct{ kind, head string }{
	{"", ""},
	{"handler", "handlers, after the run's end"},
	{"undo", "undo of completed steps"},
}

// byKind orders steps by their kind, and inside of it as they were.
func byKind(steps []orchestrator.Step) {
	slices.SortStableFunc(steps, func(a, b orchestrator.Step) int { return kindPlace(a.Kind) - kindPlace(b.Kind) })
}

func kindPlace(kind string) int {
	for i, k := range kinds {
		if k.kind == kind {
			return i
		}
	}
	return len(kinds)
}

// headOf is the heading above step i of steps ordered by kind; "" = none.
func headOf(steps []orchestrator.Step, i int) string {
	k := kindPlace(steps[i].Kind)
	switch {
	case i > 0 && kindPlace(steps[i-1].Kind) == k:
		return ""
	case k == len(kinds):
		return steps[i].Kind
	}
	return kinds[k].head
}

// stepLine is one line of a list of steps: a heading, or the step at place i.
type stepLine struct {
	head string
	i    int
}

func stepLines(steps []orchestrator.Step) []stepLine {
	out := make([]stepLine, 0, len(steps)+2)
	for i := range steps {
		if h := headOf(steps, i); h != "" {
			out = append(out, stepLine{head: h, i: i})
		}
		out = append(out, stepLine{i: i})
	}
	return out
}

// stepMark says how a step looks: one that waits for a person is not just paused.
func stepMark(s *orchestrator.Step) Mark {
	if s.State == orchestrator.Paused {
		return Mark{theme.GlyphAsk, "waits for an answer", theme.Late}
	}
	return StateMark(s.State)
}

// asks says that a step waits for a person's answer: the only thing that makes a step, and what it is part of, paused.
func asks(s *orchestrator.Step) bool { return s.State == orchestrator.Paused && !s.Composite }

// asking says that a run waits for an answer.
func asking(r *orchestrator.Run) bool { return r.State == orchestrator.Paused }

// runMark says how a run looks.
func runMark(r *orchestrator.Run) Mark {
	if asking(r) {
		return Mark{theme.GlyphAsk, "to answer", theme.Late}
	}
	return StateMark(r.State)
}
