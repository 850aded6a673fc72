package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/rules"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/link"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/desk"
)

// openTimeout bounds the first use of a service.
const openTimeout = 30 * time.Second

// Renderer renders templates in parameters.
type Renderer interface {
	Render(ctx context.Context, template string, s render.Scope) (render.Value, error)
}

// Config is one configured service.
type Config struct {
	ID      string
	Use     string
	Params  map[string]any // raw: strings may hold templates
	Injects map[string]string
}

// Options of Open.
type Options struct {
	Services map[string]Config // by id
	Desk     string            // path of the desk's file
	UseDesk  bool              // the desk replaces every remote ticket system, the rules every remote classifier
	Renderer Renderer          // nil = parameters hold no templates
	Env      func(name string) (string, bool)
	Log      *slog.Logger     // nil = none
	Clock    func() time.Time // of the desk; nil = time.Now
}

// Set holds the services of one configuration. Each is opened when it is first asked for and then shared. A Set is safe
// for concurrent use.
type Set struct {
	o       Options
	ctx     context.Context  // values of Open's, without its end: services are opened later
	specs   map[string]*Spec // by service id
	notices []string
	health  atomic.Pointer[[]link.Named] // as it was given last

	mu     sync.Mutex
	opened map[string]any // by service id or one of the keys below
	closed bool
}

// Keys of the services that stand in; service ids never start with a blank.
const (
	keyDesk  = " desk"
	keyRules = " rules"
)

// Open checks the configured services. None is reached yet. An unknown type is a permanent error.
func Open(ctx context.Context, o Options) (*Set, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open services: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Set{o: o, ctx: context.WithoutCancel(ctx), specs: map[string]*Spec{}, opened: map[string]any{}}
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(o.Services)) {
		spec, ok := Lookup(o.Services[id].Use)
		if !ok {
			errs = append(errs, fault.Permanentf("service %s: unknown type %q", id, o.Services[id].Use))
			continue
		}
		s.specs[id] = spec
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fault.NewPermanent(err)
	}
	s.notices = s.explain()
	return s, nil
}

// explain says where the desk and the rules stand in, and what this build cannot reach.
func (s *Set) explain() []string {
	var out []string
	if len(s.ofKind(pipe.KindTicketSystem)) == 0 {
		out = append(out, "No ticket system is configured: tickets live in the embedded desk.")
	}
	if len(s.ofKind(pipe.KindClassifier)) == 0 {
		out = append(out, "No classifier is configured: the built-in rules classify.")
	}
	for _, id := range slices.Sorted(maps.Keys(s.specs)) {
		spec := s.specs[id]
		switch {
		case !spec.Remote:
		case s.o.UseDesk && spec.Kind == pipe.KindTicketSystem:
			out = append(out, fmt.Sprintf("Dry run: the embedded desk stands in for %s (%s).", id, spec.label))
		case s.o.UseDesk:
			out = append(out, fmt.Sprintf("Dry run: the built-in rules stand in for %s (%s).", id, spec.label))
		case spec.lacks != nil:
			if what := spec.lacks(s.o.Services[id].Params); what != "" {
				out = append(out, fmt.Sprintf("Pipes that use %s (%s) fail: %s.", id, spec.label, what))
			}
		}
	}
	return out
}

// Notices are sentences about what stands in for what, for the console and the log.
func (s *Set) Notices() []string { return slices.Clone(s.notices) }

func (s *Set) ofKind(kind pipe.Kind) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(s.specs)) {
		if s.specs[id].Kind == kind {
			out = append(out, id)
		}
	}
	return out
}

// Ticket gives the ticket system with the id; "" is the only configured one, or the desk when there is none.
func (s *Set) Ticket(id string) (ticket.System, error) {
	v, err := s.get(id, pipe.KindTicketSystem, keyDesk)
	if err != nil {
		return nil, err
	}
	sys, ok := v.(ticket.System)
	if !ok {
		return nil, fault.Permanentf("service %s is no ticket system", id)
	}
	return sys, nil
}

// Classifier gives the classifier with the id; "" is the only configured one, or the rules when there is none.
func (s *Set) Classifier(id string) (classify.Classifier, error) {
	v, err := s.get(id, pipe.KindClassifier, keyRules)
	if err != nil {
		return nil, err
	}
	c, ok := v.(classify.Classifier)
	if !ok {
		return nil, fault.Permanentf("service %s is no classifier", id)
	}
	return c, nil
}

// get resolves the id and gives the service, opened at its first use.
func (s *Set) get(id string, kind pipe.Kind, standIn string) (any, error) {
	key := id
	if id == "" {
		ids := s.ofKind(kind)
		switch len(ids) {
		case 0:
			key = standIn
		case 1:
			key = ids[0]
		default:
			return nil, fault.Permanentf("there are several services of the kind %s: name one of %s under injects", kind, strings.Join(ids, ", "))
		}
	}
	spec, known := s.specs[key]
	switch {
	case !known && key != standIn:
		return nil, fault.Permanentf("there is no service %q; configured are %s", id, strings.Join(slices.Sorted(maps.Keys(s.specs)), ", "))
	case known && spec.Kind != kind:
		return nil, fault.Permanentf("service %s is a %s, not a %s", key, spec.Kind, kind)
	case known && spec.Remote && s.o.UseDesk:
		key = standIn
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("services are closed")
	}
	if v, ok := s.opened[key]; ok {
		return v, nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, openTimeout)
	defer cancel()
	v, err := s.open(ctx, key)
	if err != nil {
		return nil, err
	}
	s.opened[key] = v
	return v, nil
}

func (s *Set) open(ctx context.Context, key string) (any, error) {
	switch key {
	case keyDesk:
		d, err := desk.Open(ctx, s.o.Desk, desk.Options{Author: "Open Ticket AI", Clock: s.o.Clock})
		if err != nil {
			return nil, err
		}
		return d, nil
	case keyRules:
		return rules.Default(), nil
	}
	spec, c := s.specs[key], s.o.Services[key]
	p := pipe.Params{Raw: c.Params, Scope: render.Scope{Env: s.o.Env}}
	if s.o.Renderer != nil {
		p.Render = s.o.Renderer.Render
	}
	v, err := spec.open(ctx, s, p)
	if err != nil {
		return nil, fmt.Errorf("service %s (%s): %w", key, spec.label, err)
	}
	s.o.Log.Debug("service opened", "service", key, "type", spec.Name)
	return v, nil
}

// Close closes everything that was opened.
func (s *Set) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(s.opened)) {
		if c, ok := s.opened[key].(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	s.opened = map[string]any{}
	return errors.Join(errs...)
}
