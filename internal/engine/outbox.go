package engine

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/notify"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// The kinds of the outbox's entries.
const (
	outboxAfter  = "after"  // the end of a run makes a run of another runner due
	outboxNotify = "notify" // a notification
)

// outlets say what an end or an event puts into the outbox, in the transaction that makes it true. The value is immutable;
// the engine swaps it as a whole. Its methods run on the writer's goroutine.
type outlets struct {
	e        *Engine
	engine   string                 // its name
	identity string                 // of this history: with a key it is unique everywhere
	after    map[string][]afterRule // by upstream runner
	notify   []outlet
}

// outlet is one notification with what it listens to.
type outlet struct {
	name    string
	on      map[string]bool
	runners map[string]bool // nil = all
	courier *courier
}

// hooks are what the engine adds to the transactions of its store.
func (e *Engine) hooks() store.Hooks {
	return store.Hooks{
		Ended: func(tx *store.Tx, r *orchestrator.Run) error {
			if o := e.outlets.Load(); o != nil {
				return o.ended(tx, r)
			}
			return nil
		},
		Event: func(tx *store.Tx, ev *orchestrator.Event) error {
			if o := e.outlets.Load(); o != nil {
				return o.event(tx, ev)
			}
			return nil
		},
	}
}

// openOutlets puts the triggers and notifications of a configuration in force; those of an earlier one end. The loop calls it,
// at the start before its goroutine runs.
func (l *loop) openOutlets(cfg *config.Config) {
	o := &outlets{e: l.e, engine: cfg.Engine.Name, identity: l.identity}
	if !l.e.o.RunOnly {
		o.after = afterRules(cfg.Runners)
	}
	couriers := l.hireCouriers(cfg.Notify)
	for i := range cfg.Notify {
		n := &cfg.Notify[i]
		to := outlet{name: n.Name, on: map[string]bool{}, courier: couriers[n.Name]}
		for _, kind := range n.On {
			to.on[kind] = true
		}
		if len(n.Runners)+len(n.Tags) > 0 {
			to.runners = map[string]bool{}
			for j := range cfg.Runners {
				to.runners[cfg.Runners[j].ID] = tells(n, &cfg.Runners[j])
			}
		}
		o.notify = append(o.notify, to)
	}
	l.e.outlets.Store(o)
}

// tells says that events of a runner are for a notification: it is named, or has one of the tags.
func tells(n *config.Notification, r *config.Runner) bool {
	return slices.Contains(n.Runners, r.ID) || slices.ContainsFunc(r.Tags, func(tag string) bool { return slices.Contains(n.Tags, tag) })
}

func (o *outlets) ended(tx *store.Tx, r *orchestrator.Run) error {
	if r.DryRun { // it makes nothing due and tells nobody
		return nil
	}
	for _, rule := range o.after[r.Runner] {
		if !rule.wants(r) {
			continue
		}
		if err := o.makeDue(tx, rule, r); err != nil {
			return err
		}
	}
	if len(o.notify) == 0 {
		return nil
	}
	attempt := max(r.Attempt, 1)
	reason := r.Reason
	if r.Count > 1 {
		reason += fmt.Sprintf(" (%d ticks)", r.Count)
	}
	return o.tell(tx, "run:"+r.ID+":"+strconv.Itoa(attempt), notify.Message{
		Kind: string(r.State), At: r.EndedAt, Runner: r.Runner, Run: r.ID, State: string(r.State), Reason: reason,
		Step: r.FailedStep, ErrorClass: r.ErrorClass, Attempt: attempt,
	})
}

// event tells what is not the end of a run: those have been told with their row.
func (o *outlets) event(tx *store.Tx, ev *orchestrator.Event) error {
	if len(o.notify) == 0 || orchestrator.State(ev.Kind).Terminal() {
		return nil
	}
	if ev.Run != "" {
		if dry, err := tx.DryRun(ev.Run); err != nil || dry {
			return err
		}
	}
	return o.tell(tx, "event:"+strconv.FormatInt(ev.ID, 10), notify.Message{
		Kind: ev.Kind, At: ev.At, Runner: ev.Runner, Run: ev.Run, State: string(ev.State), Reason: ev.Text,
	})
}

// tell adds the message for each notification that wants it.
func (o *outlets) tell(tx *store.Tx, key string, m notify.Message) error {
	m.Schema, m.Engine, m.At = notify.Schema, o.engine, m.At.UTC()
	m.Reason = o.e.secrets.line(m.Reason, maxError)
	for i := range o.notify {
		to := &o.notify[i]
		if !to.on[m.Kind] || to.runners != nil && m.Runner != "" && !to.runners[m.Runner] {
			continue
		}
		m.Notification, m.ID = to.name, o.identity+":"+to.name+":"+key
		body, err := m.Encode()
		if err != nil {
			return err
		}
		d := store.Delivery{Kind: outboxNotify, Target: to.name, Key: key, Payload: string(body), Created: m.At, Next: m.At}
		added, err := tx.AddOutbox(&d)
		if err != nil {
			return err
		}
		if !added { // it waits already; the others may not have it
			continue
		}
		if err := to.courier.added(tx); err != nil {
			return err
		}
	}
	return nil
}
