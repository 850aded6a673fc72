package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/openticketai/otai-tui/internal/journal"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/text"
)

// maxReplay bounds what a later go at a dry run takes up of the earlier ones.
const maxReplay = 100_000

// dryRun is what one dry run has made of the tickets so far. Steps that run side by side share it.
type dryRun struct {
	mu       sync.Mutex // guards overlays
	overlays map[string]*journal.Overlay
}

// overlay gives the one of a ticket system's service.
func (d *dryRun) overlay(e *Engine, service string) *journal.Overlay {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.overlays == nil {
		d.overlays = map[string]*journal.Overlay{}
	}
	o := d.overlays[service]
	if o == nil {
		o = journal.NewOverlay(e.clock)
		d.overlays[service] = o
	}
	return o
}

// loadDry takes up what earlier goes at a dry run would have written.
func (x *execution) loadDry(ctx context.Context) error {
	if !x.from.DryRun {
		return nil
	}
	entries, err := x.e.store.TicketLog(ctx, orchestrator.TicketLogFilter{Run: x.id, Changes: true, Limit: maxReplay})
	if err != nil {
		return err
	}
	byService := map[string][]orchestrator.TicketEntry{}
	for i := range entries {
		if entries[i].DryRun {
			x.intended++
			byService[entries[i].Service] = append(byService[entries[i].Service], entries[i])
		}
	}
	for service, list := range byService {
		x.dry.overlay(x.e, service).Replay(list)
	}
	return nil
}

// process is what an attempt calls: the pipe, or in a dry run what stands in for it.
func (x *execution) process(spec *pipe.Spec, call *pipe.Call, s *journal.Scribe) func(context.Context, *pipe.Call) (pipe.Result, error) {
	if !x.from.DryRun {
		return spec.New().Process
	}
	call.Would = s.Call
	writesTickets := slices.ContainsFunc(spec.Needs, func(n pipe.Need) bool { return n.Kind == pipe.KindTicketSystem })
	switch {
	case spec.Dry != nil:
		return spec.Dry
	case spec.ReadOnly, writesTickets:
		return x.unasked(spec.New())
	}
	return func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
		c.Would("run " + spec.Name)
		return pipe.Success("dry run: not done", map[string]any{"dry_run": true}), nil
	}
}

// unasked calls a pipe in a dry run: when it wants to ask a person, it goes on as after a yes.
func (x *execution) unasked(p pipe.Pipe) func(context.Context, *pipe.Call) (pipe.Result, error) {
	return func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
		r, err := p.Process(ctx, c)
		var wait *pipe.Wait
		if !errors.As(err, &wait) {
			return r, err
		}
		c.Would("ask: " + wait.Question)
		answered := *c
		answered.Answer = &pipe.Answer{Approved: true, By: "dry run", Input: map[string]any{}, At: x.e.clock()}
		r, err = p.Process(ctx, &answered)
		r.Decision = nil // nobody was asked: it says nothing about how good the model is
		return r, err
	}
}

// dryReason says of a dry run what it would have done.
func dryReason(intended int, reason string) string {
	s := "dry run: nothing would be changed"
	switch {
	case intended == 1:
		s = "dry run: 1 change intended"
	case intended > 1:
		s = fmt.Sprintf("dry run: %d changes intended", intended)
	}
	if reason != "" {
		s = text.Truncate(s+" · "+reason, maxReason, "…")
	}
	return s
}

// runWord is "run" or "dry run", for the texts of events.
func runWord(r *orchestrator.Run) string {
	if r.DryRun {
		return "dry run"
	}
	return "run"
}
