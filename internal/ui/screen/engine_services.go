package screen

import (
	"fmt"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// serviceRows are the remote services with what the engine's calls say of them.
func serviceRows(d *orchestrator.Engine, env Env) []engineRow {
	if len(d.Services) == 0 {
		return nil
	}
	out := []engineRow{heading("SERVICES")}
	for i := range d.Services {
		s := &d.Services[i]
		r := engineRow{key: "service:" + s.ID, mark: markOK, name: s.ID, role: theme.Plain}
		switch s.State {
		case "ok":
		case "unused":
			r.mark, r.role = markNone, theme.Muted
		case "open":
			r.mark, r.role = markBad, theme.Failed
		default:
			r.mark, r.role = markLate, theme.Late
		}
		r.value = serviceWords(s, env)
		out = append(out, r)
	}
	return out
}

func serviceWords(s *orchestrator.ServiceHealth, env Env) string {
	v := s.State
	switch {
	case s.State == "open":
		v += fmt.Sprintf(" after %d failures, tries again in %s", s.InRow, left(s, env))
	case s.State == "waiting":
		v += ": asked to, goes on in " + left(s, env)
	case s.InRow > 0:
		v += fmt.Sprintf(", %d failed in a row", s.InRow)
	}
	v += theme.Sep + count(int(s.Calls), "call", "calls")
	if s.Calls > 0 {
		v += " p50 " + text.Duration(s.P50) + " p95 " + text.Duration(s.P95)
	}
	for _, n := range []struct {
		n    int64
		what string
	}{
		{s.Failed, "failed"},
		{int64(s.InFlight), "in flight"},
		{int64(s.Waiting), "waiting"},
		{s.Refused, "held back"},
		{s.RateWaits, "waited for the rate"},
	} {
		if n.n > 0 {
			v += fmt.Sprintf("%s%d %s", theme.Sep, n.n, n.what)
		}
	}
	if s.LastError != "" {
		v += theme.Sep + "last error " + text.CalmAge(env.Now.Sub(s.ErrorAt)) + " ago: " + s.LastError
	}
	return v + theme.Sep + s.Where
}

func left(s *orchestrator.ServiceHealth, env Env) string {
	return text.Duration(max(s.Until.Sub(env.Now), 0))
}

func safeServices(list []orchestrator.ServiceHealth) []orchestrator.ServiceHealth {
	out := make([]orchestrator.ServiceHealth, len(list))
	for i, s := range list {
		s.ID, s.Type, s.Where = text.Line(s.ID, maxText), text.Line(s.Type, 64), text.Line(s.Where, maxText)
		s.State, s.LastError = text.Line(s.State, 64), text.Line(s.LastError, maxText)
		out[i] = s
	}
	return out
}
