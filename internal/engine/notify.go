package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/notify"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

const (
	notifyFor    = 24 * time.Hour // then a message is given up
	notifyLate   = time.Hour      // an older message that waits is a problem
	notifyMax    = 10_000         // messages that may wait for one notification; the oldest ones go
	notifySlack  = notifyMax / 10 // more than that, before they go together
	notifyFlush  = time.Second    // at the engine's end, for what waits; the rest is delivered by the next start
	notifyWrites = time.Second    // pause before a failed look at the outbox, or a write to it, is tried again
)

// notifyRetry says when a message is tried again.
var notifyRetry = pipe.Retry{Delay: time.Second, MaxDelay: 5 * time.Minute}

// courier delivers the messages of one notification, in order, each at least once. Its goroutine owns nothing but the delivery
// that is going on; what waits is in the outbox. The receiver may be slow or dead: nobody waits for the courier.
type courier struct {
	e      *Engine
	cfg    config.Notification
	wake   chan struct{} // something was added
	leave  chan struct{} // closed: deliver what is due, then end
	done   chan struct{} // closed when the goroutine has ended
	ctx    context.Context
	cancel context.CancelFunc
	open   atomic.Int64 // messages that wait
}

// hireCouriers gives each notification its courier. One whose notification is as it was stays; the others end with the delivery
// they are at, and their successors begin after that.
func (l *loop) hireCouriers(notifications []config.Notification) map[string]*courier {
	before := l.couriers
	l.couriers = make(map[string]*courier, len(notifications))
	for i := range notifications {
		n := notifications[i]
		old := before[n.Name]
		if old != nil && sameReceiver(&old.cfg, &n) {
			l.couriers[n.Name] = old
			delete(before, n.Name)
			continue
		}
		c := &courier{
			e: l.e, cfg: n, wake: make(chan struct{}, 1), leave: make(chan struct{}), done: make(chan struct{}),
		}
		c.ctx, c.cancel = context.WithCancel(l.ctx)
		l.couriers[n.Name] = c
		if l.couriersRun {
			c.start(old)
		}
	}
	for name, c := range before {
		c.cancel()
		l.clearProblem("notify:" + name)
	}
	return l.couriers
}

// dropOrphans gives up the messages of notifications that the configuration no longer has.
func (l *loop) dropOrphans(ctx context.Context) error {
	counts, err := l.e.store.OutboxCounts(ctx, outboxNotify)
	if err != nil {
		return err
	}
	for name, n := range counts {
		if l.couriers[name] != nil {
			continue
		}
		gone := courier{e: l.e, cfg: config.Notification{Name: name}}
		err := l.e.store.Write(ctx, func(tx *store.Tx) error {
			if _, err := tx.TrimOutbox(outboxNotify, name, 0); err != nil {
				return err
			}
			return gone.giveUp(tx, fmt.Sprintf("%d messages were dropped: it is no longer in the configuration", n))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// startCouriers lets the first couriers go, once nothing can go wrong with the start any more.
func (l *loop) startCouriers() {
	l.couriersRun = true
	for _, c := range l.couriers {
		c.start(nil)
	}
}

// dismissCouriers ends the couriers: what is due has notifyFlush for its way, the rest stays in the outbox.
func (l *loop) dismissCouriers() {
	if !l.couriersRun {
		return
	}
	for _, c := range l.couriers {
		close(c.leave)
	}
	t := time.NewTimer(notifyFlush)
	defer t.Stop()
	for _, c := range l.couriers {
		select {
		case <-c.done:
		case <-t.C:
			for _, c := range l.couriers {
				c.cancel()
			}
		}
		<-c.done
	}
}

func sameReceiver(a, b *config.Notification) bool {
	return a.URL == b.URL && fmt.Sprint(a.Headers, a.Command, a.Timeout) == fmt.Sprint(b.Headers, b.Command, b.Timeout)
}

// added notes a new message of the transaction. When too many wait, the oldest ones are given up, and counted in an event.
func (c *courier) added(tx *store.Tx) error {
	tx.OnCommit(func() {
		c.open.Add(1)
		select {
		case c.wake <- struct{}{}:
		default:
		}
	})
	if c.open.Load() < notifyMax+notifySlack {
		return nil
	}
	gone, err := tx.TrimOutbox(outboxNotify, c.cfg.Name, notifyMax)
	if err != nil || gone == 0 {
		return err
	}
	tx.OnCommit(func() { c.open.Add(-int64(gone)) })
	return c.giveUp(tx, fmt.Sprintf("the oldest %d messages were dropped: more than %d wait for their delivery", gone, notifyMax))
}

// giveUp tells that messages will not be delivered.
func (c *courier) giveUp(tx *store.Tx, text string) error {
	ev := orchestrator.Event{At: c.e.clock(), Kind: "undelivered", By: "engine", Text: "notification " + c.cfg.Name + ": " + text}
	tx.OnCommit(func() { c.e.hub.Event(ev) })
	return tx.AddEvent(&ev)
}

func (c *courier) start(after *courier) {
	go func() {
		defer close(c.done)
		if after != nil {
			<-after.done
		}
		c.count()
		for c.next() {
		}
	}()
}

// count looks how much waits already. It does so among the writes: what is added before is in the count, what comes later adds to it.
func (c *courier) count() {
	err := c.e.store.Write(c.ctx, func(tx *store.Tx) error {
		n, err := tx.CountOutbox(outboxNotify, c.cfg.Name)
		if err == nil {
			tx.OnCommit(func() { c.open.Store(int64(n)) })
		}
		return err
	})
	if err != nil && c.ctx.Err() == nil {
		c.e.log.Error("count outbox", "notification", c.cfg.Name, "error", err)
	}
}

// next delivers the oldest message, or waits until there is something to do. It reports false at the end.
func (c *courier) next() bool {
	open, err := c.e.store.OutboxOf(c.ctx, outboxNotify, c.cfg.Name, 1)
	switch {
	case c.ctx.Err() != nil:
		return false
	case err != nil:
		select {
		case <-c.e.loop.done: // the history is closed
			return false
		default:
		}
		c.e.log.Error("read outbox", "notification", c.cfg.Name, "error", err)
		return c.rest(notifyWrites, nil)
	case len(open) == 0:
		c.open.Store(0)
		return c.rest(0, c.wake)
	}
	d := &open[0]
	if wait := d.Next.Sub(c.e.clock()); wait > 0 {
		return c.rest(min(wait, maxWait), nil) // in order: what was added meanwhile waits behind it
	}
	m, err := notify.Decode([]byte(d.Payload))
	if err == nil {
		err = c.e.deliver(c.ctx, receiver(&c.cfg), m)
	} else {
		err = fault.NewPermanent(err)
	}
	if c.ctx.Err() != nil && err != nil {
		return false // the next start tries it again
	}
	return c.settle(d, m, err)
}

func receiver(n *config.Notification) notify.Receiver {
	return notify.Receiver{URL: n.URL, Headers: n.Headers, Command: n.Command, Timeout: n.Timeout}
}

// rest waits for wake, at most for d (0 = without an end). It reports false when the engine ends.
func (c *courier) rest(d time.Duration, wake <-chan struct{}) bool {
	var timer <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-timer:
	case <-wake:
	case <-c.leave:
		return false
	case <-c.ctx.Done():
		return false
	}
	return true
}

// settle writes down what became of a delivery.
func (c *courier) settle(d *store.Delivery, m notify.Message, failed error) bool {
	now := c.e.clock()
	cause := ""
	if failed != nil {
		cause = c.e.secrets.line(failed.Error(), maxError)
	}
	what := fmt.Sprintf("message %q of %s was given up after %d attempts: %s", m.Kind, subject(m), d.Attempts+1, cause)
	over := fault.ClassOf(failed) == fault.Permanent || now.Sub(d.Created) >= notifyFor
	ended := failed == nil || over
	gone := false
	write := func(tx *store.Tx) error {
		if !ended {
			next := now.Add(backoff(notifyRetry, d.Attempts+1, d.Key, failed))
			_, err := tx.RetryOutbox(d.ID, next, cause)
			return err
		}
		var err error
		if gone, err = tx.DropOutbox(d.ID); err != nil || !gone || failed == nil {
			return err
		}
		return c.giveUp(tx, what)
	}
	for {
		err := c.e.store.Write(c.ctx, write)
		if err == nil {
			break
		}
		if errors.Is(err, store.ErrClosed) || c.ctx.Err() != nil || !c.rest(notifyWrites, nil) {
			return false
		}
	}
	if gone {
		c.open.Add(-1)
	}
	c.judge(d, now, failed, ended)
	if failed != nil {
		c.e.log.Warn("notification not delivered", "notification", c.cfg.Name, "attempt", d.Attempts+1, "error", cause, "given_up", over)
	}
	return true
}

// subject says what a message is about.
func subject(m notify.Message) string {
	switch {
	case m.Run != "":
		return "run " + m.Run + " of " + m.Runner
	case m.Runner != "":
		return m.Runner
	default:
		return "the engine"
	}
}

// judge tells the loop whether messages wait too long.
func (c *courier) judge(d *store.Delivery, now time.Time, failed error, ended bool) {
	key := "notify:" + c.cfg.Name
	if !ended && now.Sub(d.Created) > notifyLate {
		text := fmt.Sprintf("notification %s could not be delivered since %s: %s", c.cfg.Name, d.Created.Format(time.RFC3339),
			c.e.secrets.line(failed.Error(), maxError))
		c.e.box.post(func() { c.e.loop.problem(key, text) })
		return
	}
	if ended {
		c.e.box.post(func() { c.e.loop.clearProblem(key) })
	}
}

// undelivered counts the messages that wait.
func (l *loop) undelivered() int {
	n := int64(0)
	for _, c := range l.couriers {
		n += max(c.open.Load(), 0)
	}
	return int(n)
}
