package engine

import (
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/link"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// serviceHealth is how the remote services of the configuration in force do. It asks nobody, so the loop may call it.
func (l *loop) serviceHealth() []orchestrator.ServiceHealth {
	tells, ok := l.ed.services.(interface{ Health() []link.Named })
	if !ok {
		return nil
	}
	var out []orchestrator.ServiceHealth
	for _, h := range tells.Health() {
		out = append(out, orchestrator.ServiceHealth{
			ID: h.ID, Type: h.Type, Where: h.Where, State: h.State, Until: h.Until, InRow: h.InRow, Calls: h.Calls, Failed: h.Failed,
			Refused: h.Refused, RateWaits: h.RateWaits, InFlight: h.InFlight, Waiting: h.Waiting, P50: h.P50, P95: h.P95, LastOK: h.LastOK,
			LastError: l.e.secrets.line(h.LastError, maxError), ErrorAt: h.ErrorAt,
		})
	}
	return out
}

// checkServices makes a service that is left alone a problem of the engine for as long as that lasts, and shows viewers figures
// that have changed.
func (l *loop) checkServices() {
	now := l.serviceHealth()
	for _, h := range now {
		down := h.State == link.Open || h.State == link.HalfOpen
		l.judge("service "+h.ID, down, "service %s (%s) is not called: its circuit is %s after %d failures in a row; the latest: %s", h.ID, h.Type,
			h.State, h.InRow, h.LastError)
	}
	for key := range l.problems { // of services that a reload took away
		if id, is := serviceOf(key); is && !slices.ContainsFunc(now, func(h orchestrator.ServiceHealth) bool { return h.ID == id }) {
			l.clearProblem(key)
		}
	}
	if l.e.hub.Viewers() > 0 && !slices.Equal(now, l.services) {
		l.publishEngine()
	}
	l.services = now
}

func serviceOf(problem string) (id string, is bool) {
	const mark = "service "
	if len(problem) <= len(mark) || problem[:len(mark)] != mark {
		return "", false
	}
	return problem[len(mark):], true
}

// servicesEvery is how often the loop looks at the services.
const servicesEvery = 2 * time.Second

// watchServices lets the loop look at the services now and then, when they tell how they do.
func (l *loop) watchServices() {
	if _, tell := l.ed.services.(interface{ Health() []link.Named }); !tell {
		return
	}
	var it *item
	it = newItem(func(now time.Time) {
		l.timetable.set(it, now.Add(servicesEvery))
		l.checkServices()
	})
	l.timetable.set(it, l.e.clock().Add(servicesEvery))
}
