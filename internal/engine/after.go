package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// The ends that a trigger after another runner listens to (config.After.On).
const (
	afterCompleted = "completed" // the default
	afterFailed    = "failed"
	afterAny       = "any"
)

// afterRule is one trigger "after", as its upstream's end sees it.
type afterRule struct{ runner, trigger, on string }

func afterRules(runners []config.Runner) map[string][]afterRule {
	out := map[string][]afterRule{}
	for i := range runners {
		r := &runners[i]
		if !r.Enabled {
			continue
		}
		for _, t := range r.Triggers {
			if t.Kind == config.TriggerAfter {
				out[t.After.Runner] = append(out[t.After.Runner], afterRule{runner: r.ID, trigger: t.Name, on: t.After.On})
			}
		}
	}
	return out
}

// wants says that a run's end makes the trigger due. Only runs end: ticks that were skipped, missed or dropped were none. A
// poll that found nothing to do has not completed anything, and a cancelled run is neither: both are for "any" alone.
func (a afterRule) wants(r *orchestrator.Run) bool {
	switch r.State {
	case orchestrator.Completed:
		return a.on == afterAny || !r.Idle && (a.on == "" || a.on == afterCompleted)
	case orchestrator.Failed, orchestrator.Crashed:
		return a.on == afterAny || a.on == afterFailed
	case orchestrator.Cancelled:
		return a.on == afterAny
	default:
		return false
	}
}

// finished is what the outbox keeps of an upstream run's end.
type finished struct {
	Runner  string    `json:"runner"` // of the trigger that is due
	Trigger string    `json:"trigger"`
	Run     string    `json:"run"` // upstream
	Attempt int       `json:"attempt"`
	At      time.Time `json:"at"`
}

// key is the identity of the run that this end makes: there is never a second one.
func (f finished) key() string {
	return "after:" + f.Trigger + ":" + f.Run + ":" + strconv.Itoa(f.Attempt)
}

// makeDue writes, with the upstream's end, that the trigger is due.
func (o *outlets) makeDue(tx *store.Tx, rule afterRule, r *orchestrator.Run) error {
	f := finished{Runner: rule.runner, Trigger: rule.trigger, Run: r.ID, Attempt: r.Attempt, At: r.EndedAt}
	payload, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("after run %s: %w", r.ID, err)
	}
	d := store.Delivery{
		Kind: outboxAfter, Target: rule.runner, Key: f.key(), Payload: string(payload), Created: r.EndedAt, Next: r.EndedAt,
	}
	added, err := tx.AddOutbox(&d)
	if err == nil && added {
		tx.OnCommit(func() { o.e.box.post(func() { o.e.loop.takeUp(&d) }) })
	}
	return err
}

// loadAfter takes up what an earlier life was told and had not acted upon.
func (l *loop) loadAfter(ctx context.Context) error {
	open, err := l.e.store.Outbox(ctx, outboxAfter, maxBacklog)
	if err != nil {
		return err
	}
	for i := range open {
		l.takeUp(&open[i])
	}
	return nil
}

// takeUp lets an upstream's end take its turn among the ticks. An engine that stops takes up no more: the next one does.
func (l *loop) takeUp(d *store.Delivery) {
	l.timetable.set(newItem(func(now time.Time) { l.follow(d, now) }), l.e.clock())
}

// follow claims the run that an upstream's end makes due: its row and the end of the delivery are one transaction.
func (l *loop) follow(d *store.Delivery, now time.Time) {
	l.e.failAt(failAfter)
	var f finished
	t := (*trigger)(nil)
	err := json.Unmarshal([]byte(d.Payload), &f)
	if err == nil {
		t = l.triggerOf(f.Runner, f.Trigger)
	}
	drop := func(tx *store.Tx) error {
		_, err := tx.DropOutbox(d.ID)
		return err
	}
	switch {
	case t == nil:
		ev := orchestrator.Event{
			At: now, Kind: "dropped", Runner: d.Target, By: "engine",
			Text: "the end of run " + f.Run + " made it due, but its trigger " + f.Trigger + " is no longer in the configuration",
		}
		l.write(func(tx *store.Tx) error {
			if err := drop(tx); err != nil {
				return err
			}
			return tx.AddEvent(&ev)
		}, func() { l.e.hub.Event(ev) })
	case t.exhausted():
		l.write(drop, nil)
	default:
		l.occur(t, occasion{due: f.At, key: f.key(), parent: f.Run, also: drop}, now)
	}
}

// triggerOf finds a trigger; nil = there is none in force.
func (l *loop) triggerOf(runnerID, name string) *trigger {
	r, ok := l.runners[runnerID]
	if !ok || r.cfg.ID != runnerID {
		return nil
	}
	for _, t := range r.triggers {
		if t.cfg.Name == name {
			return t
		}
	}
	return nil
}
