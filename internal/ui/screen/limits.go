package screen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// normalPriority is what a runner has when its configuration says nothing.
const normalPriority = 3

// rulesLine is what the policy does not say: priority, overlap and resources, where they are not the usual ones.
func rulesLine(r *orchestrator.Runner) string {
	var parts []string
	if r.Priority != 0 && r.Priority != normalPriority {
		parts = append(parts, fmt.Sprintf("priority %d of 5", r.Priority))
	}
	if r.Overlap != "" && r.Overlap != "skip" {
		parts = append(parts, "overlap "+r.Overlap)
	}
	if len(r.Resources) > 0 {
		parts = append(parts, "uses "+strings.Join(r.Resources, ", "))
	}
	return strings.Join(parts, theme.Sep)
}

// limitsOf are the limits that bound a runner.
func limitsOf(d *Data, r *orchestrator.Runner) []orchestrator.Limit {
	var out []orchestrator.Limit
	for _, l := range d.Engine.Limits {
		kind, name, _ := strings.Cut(l.Name, " ")
		switch kind {
		case orchestrator.ScopeTag:
			if !slices.Contains(r.Tags, name) {
				continue
			}
		case orchestrator.ScopeResource:
			if !slices.Contains(r.Resources, name) {
				continue
			}
		default:
			if name != r.ID {
				continue
			}
		}
		out = append(out, l)
	}
	return out
}

// limitUse is "3/3"; a limit that bounds only the rate has no number behind the slash.
func limitUse(l *orchestrator.Limit) string {
	if l.Max == 0 {
		return fmt.Sprint(l.Used)
	}
	return fmt.Sprintf("%d/%d", l.Used, l.Max)
}

// open says that the limit's circuit breaker lets nothing through.
func open(l *orchestrator.Limit) bool { return l.Breaker != "" && l.Breaker != "closed" }

func limitRole(l *orchestrator.Limit) theme.Role {
	switch {
	case open(l):
		return theme.Failed
	case l.Waiting > 0:
		return theme.Late
	}
	return theme.Muted
}

// limitNote is who holds a limit, its rate, and its breaker when that is not closed.
func limitNote(l *orchestrator.Limit) string {
	var parts []string
	if open(l) {
		parts = append(parts, "breaker "+l.Breaker)
	}
	if len(l.Holders) > 0 {
		parts = append(parts, "held by "+strings.Join(l.Holders, ", "))
	}
	if l.Rate != "" {
		parts = append(parts, "at most "+l.Rate)
	}
	return strings.Join(parts, theme.Sep)
}

// limitLine is a limit in one line.
func limitLine(l *orchestrator.Limit) string {
	s := l.Name + " " + limitUse(l)
	if l.Waiting > 0 {
		s += fmt.Sprintf(", %d wait", l.Waiting)
	}
	if n := limitNote(l); n != "" {
		s += theme.Sep + n
	}
	return s
}
