// Package pool keeps a few models loaded: it loads them when they are asked for, one at a time, unloads those that nobody
// has asked for lately, and the one used longest ago when another needs its place.
package pool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Model is what a pool keeps.
type Model interface{ Close() error }

// ErrUnknown says that there is no such model.
var ErrUnknown = errors.New("no such model")

// ErrBusy says that all places are taken by models in use.
var ErrBusy = errors.New("all places are taken by other models that are in use")

// Pool keeps at most Max models. It is safe for concurrent use; mu guards what it knows of them.
type Pool[M Model] struct {
	max   int
	idle  time.Duration
	known func(name string) error
	open  func(ctx context.Context, name string) (M, error)
	now   func() time.Time

	loading chan struct{} // holds a token while a model is loaded: two at a time would need twice the memory

	mu     sync.Mutex
	byName map[string]*place[M]
	closed bool
}

// place is one loaded model. A model in use is not unloaded.
type place[M Model] struct {
	model  M
	users  int
	usedAt time.Time
}

// Source is where a pool's models come from.
type Source[M Model] struct {
	Known func(name string) error // ErrUnknown for a model that there is not; asked before another one has to make room
	Open  func(ctx context.Context, name string) (M, error)
}

// New makes a pool of at most limit models (at least 1). A model nobody used for idle is unloaded by Sweep; 0 = never.
func New[M Model](limit int, idle time.Duration, now func() time.Time, from Source[M]) *Pool[M] {
	return &Pool[M]{
		max: max(limit, 1), idle: idle, known: from.Known, open: from.Open, now: now, loading: make(chan struct{}, 1), byName: map[string]*place[M]{},
	}
}

// With runs f with a model, loading it first when needed. The model stays loaded while f runs.
func (p *Pool[M]) With(ctx context.Context, name string, f func(M) error) error {
	pl, err := p.take(ctx, name)
	if err != nil {
		return err
	}
	defer p.give(pl)
	return f(pl.model)
}

func (p *Pool[M]) take(ctx context.Context, name string) (*place[M], error) {
	if pl, err := p.loaded(name); pl != nil || err != nil {
		return pl, err
	}
	select {
	case p.loading <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("load model %s: %w", name, ctx.Err())
	}
	defer func() { <-p.loading }()
	if pl, err := p.loaded(name); pl != nil || err != nil { // somebody else loaded it meanwhile
		return pl, err
	}
	if err := p.known(name); err != nil {
		return nil, err
	}
	if err := p.makeRoom(); err != nil {
		return nil, fmt.Errorf("load model %s: %w", name, err)
	}
	m, err := p.open(ctx, name)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errors.Join(errClosed, m.Close())
	}
	pl := &place[M]{model: m, users: 1, usedAt: p.now()}
	p.byName[name] = pl
	return pl, nil
}

var errClosed = errors.New("the models are being unloaded")

// loaded takes a model that is there already; nil = it is not.
func (p *Pool[M]) loaded(name string) (*place[M], error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	pl := p.byName[name]
	if pl != nil {
		pl.users++
	}
	return pl, nil
}

func (p *Pool[M]) give(pl *place[M]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pl.users--
	pl.usedAt = p.now()
}

// makeRoom unloads the model used longest ago until there is a place.
func (p *Pool[M]) makeRoom() error {
	for {
		p.mu.Lock()
		if len(p.byName) < p.max {
			p.mu.Unlock()
			return nil
		}
		oldest := ""
		for name, pl := range p.byName {
			if pl.users == 0 && (oldest == "" || pl.usedAt.Before(p.byName[oldest].usedAt)) {
				oldest = name
			}
		}
		if oldest == "" {
			p.mu.Unlock()
			return ErrBusy
		}
		m := p.byName[oldest].model
		delete(p.byName, oldest)
		p.mu.Unlock()
		if err := m.Close(); err != nil {
			return err
		}
	}
}

// Sweep unloads what nobody used lately, and gives the names.
func (p *Pool[M]) Sweep() ([]string, error) {
	if p.idle <= 0 {
		return nil, nil
	}
	var names []string
	var models []M
	p.mu.Lock()
	for name, pl := range p.byName {
		if pl.users == 0 && p.now().Sub(pl.usedAt) >= p.idle {
			names, models = append(names, name), append(models, pl.model)
			delete(p.byName, name)
		}
	}
	p.mu.Unlock()
	return names, closeAll(models)
}

// Loaded says whether a model is in memory.
func (p *Pool[M]) Loaded(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byName[name] != nil
}

// Close unloads everything; each model ends what it is doing first. Later uses fail.
func (p *Pool[M]) Close() error {
	p.mu.Lock()
	p.closed = true
	models := make([]M, 0, len(p.byName))
	for _, pl := range p.byName {
		models = append(models, pl.model)
	}
	clear(p.byName)
	p.mu.Unlock()
	return closeAll(models)
}

func closeAll[M Model](models []M) error {
	var errs []error
	for _, m := range models {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}
