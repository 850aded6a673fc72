package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// errHasRun says that a request's key has its row already.
var errHasRun = errors.New("the request has its run already")

// Trigger makes a webhook trigger due and gives the number of the row it made: a run, or a row that says why not (the runner is
// paused, or busy and its overlap policy is skip). Requests with the same key make one row for ever: the later ones get its
// number, whatever became of it.
func (e *Engine) Trigger(ctx context.Context, runnerID string, w orchestrator.Webhook) (string, error) {
	if err := e.checkParams(w.Params); err != nil {
		return "", err
	}
	var id, runner, key string
	//nolint:contextcheck // a run lives longer than the request that made it
	err := e.submitAndWait(ctx, func(l *loop, done func(error)) error {
		t, err := l.webhookOf(runnerID, w.Trigger)
		if err != nil {
			return err
		}
		runner = t.r.cfg.ID
		if w.Key != "" {
			key = "webhook:" + t.cfg.Name + ":" + w.Key
		}
		id, err = l.request(ctx, t, key, w, done)
		return err
	})
	if errors.Is(err, errHasRun) { // another request with this key was on its way
		run, err := e.store.RunByKey(ctx, runner, key)
		return run.ID, err
	}
	return id, err
}

// checkParams refuses parameters that must not be kept in history.
func (e *Engine) checkParams(params map[string]string) error {
	if err := refuseSecrets(params); err != nil {
		return err
	}
	for k, v := range params {
		if e.secrets.holds(v) {
			return fault.Permanentf("parameter %s holds a secret of the configuration: parameters are kept in history", k)
		}
	}
	return nil
}

// webhookOf finds a runner's webhook trigger by its name; "" = its only one.
func (l *loop) webhookOf(runnerID, name string) (*trigger, error) {
	r, err := l.find(runnerID)
	if err != nil {
		return nil, err
	}
	var found *trigger
	var names []string
	for _, t := range r.triggers {
		if t.cfg.Kind != config.TriggerWebhook {
			continue
		}
		names = append(names, t.cfg.Name)
		if name == "" || name == t.cfg.Name {
			found = t
		}
	}
	switch {
	case len(names) == 0 && !r.cfg.Enabled:
		return nil, notNow("%s is disabled in the configuration", r.cfg.ID)
	case len(names) == 0:
		return nil, notNow("%s has no webhook trigger", r.cfg.ID)
	case name == "" && len(names) > 1:
		return nil, notNow("%s has several webhook triggers: name one of %s", r.cfg.ID, strings.Join(names, ", "))
	case found == nil:
		return nil, notNow("%s has no webhook trigger %q (there are: %s)", r.cfg.ID, name, strings.Join(names, ", "))
	}
	return found, nil
}

// request claims a request's row at once, so that its answer is durable.
func (l *loop) request(ctx context.Context, t *trigger, key string, w orchestrator.Webhook, done func(error)) (string, error) {
	if id, err := l.runOfKey(ctx, t.r, key); err != nil || id != "" {
		if err == nil {
			l.write(func(*store.Tx) error { return nil }, func() { done(nil) }) // the first request may still be on its way
		}
		return id, err
	}
	switch {
	case l.draining:
		return "", notNow("the engine is stopping")
	case t.exhausted():
		return "", notNow("trigger %s of %s is %s", t.cfg.Name, t.r.cfg.ID, t.doneText())
	}
	if _, err := l.e.definitionFor(t.r.cfg.Pipe, w.Params); err != nil {
		return "", err
	}
	now, mark, before := l.e.clock(), len(l.claims), l.stands(t.r)
	l.occur(t, occasion{due: now, key: key, params: w.Params, by: w.By.Name}, now)
	c := l.claims[len(l.claims)-1]
	l.claims = l.claims[:mark]
	ev := l.audit(action{
		kind: "fired", runner: t.r.cfg.ID, run: c.run.ID, state: c.run.State, by: w.By,
		text:   "run " + c.run.ID + " made due by " + t.cfg.Name + " for " + actorText(w.By),
		before: before, after: stateWords(c.run.State) + ", run " + c.run.ID,
	})
	epoch, taken := l.epoch, false
	l.write(func(tx *store.Tx) error {
		var err error
		if taken, err = insertClaim(tx, &c, epoch); err != nil || !taken {
			return err
		}
		return tx.AddEvent(&ev)
	}, func() {
		if taken {
			l.e.hub.Event(ev)
			done(nil)
		} else {
			done(errHasRun)
		}
		if c.live != nil {
			l.claimed(c.live, taken)
		}
	})
	return c.run.ID, nil
}
