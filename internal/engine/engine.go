// Package engine schedules pipes, runs them, retries them and remembers what happened: the local orchestrator.
//
// Ownership: the loop (loop.go) is the one goroutine that owns runners, timetable, queue and limits; everything else talks
// to it through its mailbox. Each run executes in a goroutine of its own (walk.go), which owns that run's steps. The
// store's writer owns the file. The hub never waits for a viewer.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/feed"
	"github.com/openticketai/otai-tui/internal/notify"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/store"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// Services are what pipes are given. An id of "" asks for the default.
type Services interface {
	Ticket(id string) (ticket.System, error)
	Classifier(id string) (classify.Classifier, error)
}

// Renderer evaluates templates.
type Renderer interface {
	Render(ctx context.Context, template string, s render.Scope) (render.Value, error)
}

// Options of New. Config, Pipes, Services, Renderer and StateDir are required.
type Options struct {
	Config   *config.Config
	Pipes    *pipe.Registry
	Services Services
	Renderer Renderer
	Env      func(name string) (string, bool) // environment that templates see; nil = empty
	StateDir string
	Version  string
	Notices  []string         // shown once, such as "the embedded desk is used"
	Secrets  []string         // values that never reach history, screens or logs
	Log      *slog.Logger     // nil = none
	Clock    func() time.Time // wall clock; nil = time.Now
	// Fail breaks the engine and its history at named points, in tests; nil = never. See internal/failpoint.
	Fail func(point string) error
	// Deliver hands one notification over; nil = by HTTP or a command. For tests: a simulated clock stands still while a socket waits.
	Deliver func(ctx context.Context, to notify.Receiver, m notify.Message) error
	// PollFiles looks at the files of triggers by the clock alone, for file systems without notices, and for tests with a clock
	// of their own.
	PollFiles bool
	measure   func(dir string) (orchestrator.Disk, int64, error) // the disk, and its size; nil = measureDisk
	// RunOnly is for one-shot commands: triggers stay still, only fired runs happen.
	RunOnly bool

	// Load reads the configuration again for a reload, checks all of it and opens its services. nil = no reload.
	Load func(ctx context.Context) (*Loaded, error)
	// Close closes Services when a reload has replaced them and no run uses them any more, or after Stop. nil = the caller does.
	Close func()
}

// Engine is the local orchestrator. Create it with New.
type Engine struct {
	o       Options // from Start on Config, Notices and Services are the loop's: a reload changes them
	hub     *feed.Hub
	outlets atomic.Pointer[outlets] // the loop swaps it, the store's writer reads it
	log     *slog.Logger
	clock   func() time.Time

	secrets   vault
	deliver   func(ctx context.Context, to notify.Receiver, m notify.Message) error
	reloading chan struct{}  // holds one token while a reload is on its way
	closing   sync.WaitGroup // services that are being closed
	undoing   chan struct{}  // holds one token while tickets are being put back

	mu      sync.Mutex // guards the life cycle below
	state   lifecycle
	store   *store.Store
	lock    *store.Lock // nil = it is only looked at
	nowhere string      // temporary directory of an empty history that is looked at; "" = none
	box     *mailbox
	loop    *loop
	stopped chan struct{}
}

type lifecycle int

const (
	created lifecycle = iota
	started
	stopping
	stopped
)

var _ orchestrator.Orchestrator = (*Engine)(nil)

// ErrStopped is what commands and queries get from an engine that is not running.
var ErrStopped = errors.New("the engine is not running")

// New makes an engine; nothing happens before Start.
func New(o Options) *Engine {
	if o.Clock == nil {
		o.Clock = time.Now //nolint:forbidigo // the one place the wall clock comes in
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Env == nil {
		o.Env = func(string) (string, bool) { return "", false }
	}
	if o.measure == nil {
		o.measure = measureDisk
	}
	if o.Deliver == nil {
		o.Deliver = func(ctx context.Context, to notify.Receiver, m notify.Message) error { return to.Deliver(ctx, m) }
	}
	clock := o.Clock
	e := &Engine{
		o: o, hub: feed.NewHub(feed.Options{}), log: o.Log, stopped: make(chan struct{}), reloading: make(chan struct{}, 1),
		deliver: o.Deliver, undoing: make(chan struct{}, 1),
		clock: func() time.Time { return clock().Round(0).UTC() },
	}
	e.secrets.add(o.Secrets)
	return e
}

// Start takes the state directory, recovers what an earlier life left behind and begins to claim ticks.
func (e *Engine) Start(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != created {
		return errors.New("start engine: it was started before")
	}
	lock, err := store.TakeLock(e.o.StateDir)
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, e.o.StateDir, store.Options{
		LogBytesPerRun: e.o.Config.Engine.LogBytesPerRun, Now: e.clock, Fail: e.o.Fail, Hooks: e.hooks(),
	})
	if err != nil {
		return errors.Join(err, lock.Release())
	}
	e.lock, e.store, e.box = lock, st, newMailbox()
	e.loop = newLoop(ctx, e)
	if err := e.loop.load(ctx); err != nil {
		return errors.Join(fmt.Errorf("recover history: %w", err), st.Close(), lock.Release())
	}
	e.state = started
	e.loop.startCouriers()
	e.loop.startWatches()
	e.loop.postSentry()
	go e.loop.run() //nolint:contextcheck // runs end with Stop, not with the context of Start
	return nil
}

// Run is Start, then waiting until ctx ends, then Stop.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return e.Stop(context.WithoutCancel(ctx))
}

// Stop stops claiming, waits for running runs up to the drain timeout, then interrupts them and writes everything down.
// When ctx ends, or is cancelled, it does not wait for the drain. A second Stop waits for the first.
func (e *Engine) Stop(ctx context.Context) error {
	e.mu.Lock()
	switch e.state {
	case created:
		e.state = stopped
		close(e.stopped)
		e.hub.Close()
		e.mu.Unlock()
		return nil
	case stopping, stopped:
		e.mu.Unlock()
		<-e.stopped
		return nil
	case started:
		e.state = stopping
	}
	e.mu.Unlock()

	e.box.post(func() { e.loop.drain() })
	stop := context.AfterFunc(ctx, func() { e.box.post(func() { e.loop.interruptAll() }) })
	<-e.loop.done
	stop()
	err := e.dismiss()
	e.hub.Close()
	e.mu.Lock()
	e.state = stopped
	e.mu.Unlock()
	close(e.stopped)
	return err
}

// dismiss ends what works beside the loop, and closes the history.
func (e *Engine) dismiss() error {
	if e.lock == nil { // it was only looked at
		return errors.Join(e.store.Close(), e.forget())
	}
	e.loop.endWatches()
	e.loop.sentry.dismiss()
	e.loop.dismissCouriers()
	e.loop.closeEditions()
	e.closing.Wait()
	return errors.Join(e.store.Close(), e.lock.Release())
}

// Subscribe opens a live view.
func (e *Engine) Subscribe() orchestrator.Subscription { return e.hub.Subscribe() }

// ask runs f on the loop and waits for its answer.
func ask[T any](ctx context.Context, e *Engine, f func(l *loop) (T, error)) (T, error) {
	var zero T
	e.mu.Lock()
	running := e.state == started || e.state == stopping
	e.mu.Unlock()
	if !running {
		return zero, ErrStopped
	}
	type answer struct {
		v   T
		err error
	}
	reply := make(chan answer, 1)
	e.box.post(func() {
		v, err := f(e.loop)
		reply <- answer{v, err}
	})
	select {
	case a := <-reply:
		return a.v, a.err
	case <-e.loop.done:
		return zero, ErrStopped
	case <-ctx.Done():
		return zero, context.Cause(ctx)
	}
}

// slots is how many runs may run at once.
func (e *Engine) slots() int {
	if n := e.o.Config.Engine.MaxParallelRuns; n > 0 {
		return n
	}
	return 2 * runtime.NumCPU()
}
