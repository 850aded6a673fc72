package engine

import (
	"slices"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/schedule"
)

// What operators do to the world of model_run_test.go, besides firing and pausing single runners.

// configOf is the configuration of a runner of the model.
func (w *world) configOf(r *mRunner) config.Runner {
	s, err := schedule.Every(r.every, r.anchor)
	if err != nil {
		w.t.Fatal(err)
	}
	def := probe(r.id)
	def.Retry = &pipe.Retry{Retries: r.retries, Delays: []time.Duration{r.delay}, NoJitter: true}
	cfg := runnerOf(def, config.Trigger{Name: "interval", Schedule: s})
	cfg.Policy = r.policy
	if len(r.id)%2 == 0 {
		cfg.Tags = []string{"even"}
	}
	return cfg
}

// cancel ends a run, whatever it is doing.
func (w *world) cancel() {
	r := w.pick()
	if len(r.live) == 0 {
		return
	}
	run := r.live[w.rng.IntN(len(r.live))]
	rows := w.b.runs(r.id)
	at := slices.IndexFunc(rows, func(row orchestrator.Run) bool { return !row.State.Terminal() && keyOf(&row) == run.key })
	if at < 0 {
		w.fail("%s: no live row for %s", r.id, run.key)
	}
	w.say("cancel run %s of %s", rows[at].ID, r.id)
	if err := w.b.e.Cancel(w.t.Context(), rows[at].ID, kim); err != nil {
		w.fail("%s: %v", r.id, err)
	}
	synctest.Wait()
	r.end(run, orchestrator.Cancelled, w.wall())
	w.m.advance(w.wall())
}

func keyOf(row *orchestrator.Run) string {
	if row.Nominal.IsZero() {
		return row.CreatedAt.String()
	}
	return row.Nominal.String()
}

// scope picks the engine or the tag, and what it covers.
func (w *world) scope() (orchestrator.Scope, []*mRunner) {
	if w.rng.IntN(2) == 0 {
		return engineScope(), w.m.runners
	}
	tagged := slices.DeleteFunc(slices.Clone(w.m.runners), func(r *mRunner) bool { return len(r.id)%2 != 0 })
	return orchestrator.Scope{Kind: orchestrator.ScopeTag, Name: "even"}, tagged
}

func (w *world) holdScope() {
	s, covered := w.scope()
	if _, held := covered[0].pauses[s.String()]; held {
		return
	}
	w.say("pause %s", s)
	if err := w.b.e.PauseScope(w.t.Context(), s, orchestrator.PauseRequest{By: kim}); err != nil {
		w.fail("%v", err)
	}
	synctest.Wait()
	for _, r := range covered {
		r.hold(s.String(), w.wall())
	}
}

func (w *world) releaseScope() {
	for _, s := range []orchestrator.Scope{engineScope(), {Kind: orchestrator.ScopeTag, Name: "even"}} {
		var covered []*mRunner
		for _, r := range w.m.runners {
			if _, held := r.pauses[s.String()]; held {
				covered = append(covered, r)
			}
		}
		if len(covered) == 0 {
			continue
		}
		w.say("resume %s", s)
		if err := w.b.e.ResumeScope(w.t.Context(), s, kim); err != nil {
			w.fail("%v", err)
		}
		synctest.Wait()
		for _, r := range covered {
			r.release(s.String(), w.wall())
		}
	}
	w.m.advance(w.wall())
}

// edit gives a runner another timetable and other bounds.
func (w *world) edit() {
	r := w.pick()
	if r.cursor.After(w.wall()) { // after a clock that went back a new timetable may hit on ticks that have their row
		return
	}
	other := w.randomRunner(r.id, r.policy.Overlap, 0)
	w.say("edit %s: every %s, %+v", r.id, other.every, other.policy)
	r.retime(w.wall(), other.every, other.anchor)
	r.policy = other.policy
	w.reload(r, true)
	w.m.advance(w.wall())
}

// leave takes a runner out of the configuration and brings it back.
func (w *world) leave() {
	r := w.pick()
	away := time.Duration(w.rng.Int64N(int64(3 * time.Minute)))
	w.say("%s leaves for %s", r.id, away)
	cursor := r.cursor
	r.retime(w.wall(), r.every, r.anchor)
	r.cursor = later(cursor, r.cursor) // a clock that went back makes nothing due again
	since, own := r.pauses[r.id]
	r.away = true
	w.reload(r, false)
	r.release(r.id, w.wall()) // what it has claimed is to end
	w.advance(away)
	w.say("%s returns", r.id)
	w.reload(r, true)
	r.cursor, r.away = later(r.cursor, w.wall()), false
	if own {
		r.hold(r.id, since)
	}
	w.m.advance(w.wall())
}

// reload lets the engine read a configuration with, or without, the runner as the model has it.
func (w *world) reload(r *mRunner, with bool) {
	cfg := *w.b.cfg
	cfg.Runners = slices.DeleteFunc(slices.Clone(cfg.Runners), func(c config.Runner) bool { return c.ID == r.id })
	if with {
		cfg.Runners = append(cfg.Runners, w.configOf(r))
	}
	w.b.cfg = &cfg
	if err := w.b.e.Reload(w.t.Context(), kim); err != nil {
		w.fail("%s: %v", r.id, err)
	}
	synctest.Wait()
}

// compareChildren: each end of a run has made exactly one row of the runner that listens to it.
func (w *world) compareChildren(rows []orchestrator.Run) {
	w.t.Helper()
	ends := 0
	for i := range rows {
		switch rows[i].State {
		case orchestrator.Completed, orchestrator.Failed, orchestrator.Crashed, orchestrator.Cancelled:
			ends++
		}
	}
	if n := len(w.b.runs("listens")); n != ends {
		w.fail("listens: %d rows, its upstream had %d ends", n, ends)
	}
}
