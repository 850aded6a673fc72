package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
	"github.com/openticketai/otai-tui/test/bubble"
)

func (b *bench) backfill(r orchestrator.BackfillRequest) orchestrator.Backfill {
	b.t.Helper()
	r.By = kim
	out, err := b.e.Backfill(b.t.Context(), r)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) backfillNow(id string) orchestrator.Backfill {
	b.t.Helper()
	all, err := b.e.Backfills(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, one := range all {
		if one.ID == id {
			return one
		}
	}
	b.t.Fatalf("no backfill %s in %+v", id, all)
	return orchestrator.Backfill{}
}

// skipped is a bench whose runner p has n ticks, a minute apart, that a pause skipped: rows without runs.
func skipped(t *testing.T, n int, p config.Policy) (*bench, time.Time) {
	t.Helper()
	begin := time.Now()
	r := runnerOf(probe("p"), every(t, time.Minute, begin))
	r.Policy = p
	b := newBench(t, r)
	b.start()
	if err := b.e.Pause(t.Context(), "p", orchestrator.PauseRequest{By: kim}); err != nil {
		t.Fatal(err)
	}
	bubble.Advance(time.Duration(n)*time.Minute + 5*time.Second)
	if err := b.e.Resume(t.Context(), "p", kim); err != nil {
		t.Fatal(err)
	}
	return b, begin
}

func rangeOf(begin time.Time, dry bool) orchestrator.BackfillRequest {
	return orchestrator.BackfillRequest{Runner: "p", From: begin.Add(30 * time.Second), To: begin.Add(time.Hour), DryRun: dry}
}

func TestBackfillFillsWhatDidNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, begin := skipped(t, 10, config.Policy{})
		defer b.stop()
		if dry := b.backfill(rangeOf(begin, true)); dry.Total != 10 || dry.ID != "" || !dry.First.Equal(begin.Add(time.Minute)) ||
			!dry.Last.Equal(begin.Add(10*time.Minute)) {
			t.Fatalf("dry run: %+v", dry)
		}
		if all, err := b.e.Backfills(t.Context()); err != nil || len(all) != 0 {
			t.Fatalf("a dry run left %+v, %v", all, err)
		}
		req := rangeOf(begin, false)
		req.Limit = 6
		one := b.backfill(req)
		bubble.Advance(time.Second)
		if done := b.backfillNow(one.ID); done.State != orchestrator.Completed || done.Total != 6 || done.Claimed != 6 || done.By != "kim" {
			t.Errorf("the first six: %+v", done)
		}
		b.backfill(rangeOf(begin, false))
		bubble.Advance(time.Second)
		calls := b.callsOf("p")
		if len(calls) != 10 {
			t.Fatalf("%d runs, want 10", len(calls))
		}
		for i, c := range calls {
			if !c.nominal.Equal(begin.Add(time.Duration(i+1) * time.Minute)) {
				t.Errorf("run %d is for %s", i, c.nominal)
			}
		}
		run := b.runs("p")[0]
		if run.Backfill == "" || run.Priority != backfillPriority || run.Trigger != "interval" || run.State != orchestrator.Completed {
			t.Errorf("the newest row: %+v", run)
		}
		if _, err := b.e.Backfill(t.Context(), rangeOf(begin, false)); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("with nothing left: %v", err)
		}
		bubble.Advance(time.Minute) // the trigger goes on
		if n := len(b.callsOf("p")); n != 11 {
			t.Errorf("%d runs after the next tick, want 11", n)
		}
		events, _ := b.e.Events(t.Context(), 100)
		var texts []string
		for _, ev := range slices.Backward(events) {
			if ev.Kind == "backfill" {
				texts = append(texts, ev.Text+" ["+ev.Before+" -> "+ev.After+"]")
			}
		}
		if len(texts) != 4 || !strings.Contains(texts[0], "6 ticks from") || !strings.Contains(texts[1], "completed, 6 of 6 runs made") {
			t.Errorf("events:\n%s", strings.Join(texts, "\n"))
		}
	})
}

// Runs of a backfill are at most Parallel at once, and never beside the runner's own, whose ticks are not skipped.
func TestBackfillKeepsOffTheRunnersOwn(t *testing.T) {
	for _, parallel := range []int{1, 3} {
		for _, policy := range []config.Overlap{config.OverlapSkip, config.OverlapBufferAll, config.OverlapCancelOther} {
			synctest.Test(t, func(t *testing.T) {
				b, begin := skipped(t, 20, config.Policy{Overlap: policy})
				defer b.stop()
				var now, most atomic.Int64
				b.do["p"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
					n := now.Add(1)
					defer now.Add(-1)
					most.Store(max(most.Load(), n))
					own := c.Nominal.After(begin.Add(20*time.Minute + 30*time.Second))
					if own && n > 1 {
						t.Errorf("%s: an own run beside %d others", policy, n-1)
					}
					return untilDone(25*time.Second)(ctx, c)
				}
				req := rangeOf(begin, false)
				req.Parallel = parallel
				one := b.backfill(req)
				bubble.Advance(25 * time.Minute)
				if done := b.backfillNow(one.ID); done.State != orchestrator.Completed || done.Claimed != 20 {
					t.Errorf("%s: %+v", policy, done)
				}
				if most.Load() != int64(parallel) {
					t.Errorf("%s: %d at once, want %d", policy, most.Load(), parallel)
				}
				counts, _ := ticksOf(b.runs("p"))
				if own := counts[orchestrator.Completed] - 20; own != 25 && own != 24 { // the last one may still run
					t.Errorf("%s: %d own runs of 25 ticks: %v", policy, own, counts)
				}
			})
		}
	}
}

// A backfill goes on after a restart, and after the engine was killed, without doubling a tick.
func TestBackfillSurvives(t *testing.T) {
	for _, how := range []string{"stop", "kill"} {
		synctest.Test(t, func(t *testing.T) {
			b, begin := skipped(t, 12, config.Policy{})
			b.do["p"] = untilDone(3 * time.Second)
			one := b.backfill(rangeOf(begin, false))
			for range 3 {
				bubble.Advance(7 * time.Second)
				if how == "kill" {
					b.die()
				} else {
					b.stop()
				}
				b.start()
			}
			defer b.stop()
			bubble.Advance(2 * time.Minute)
			if done := b.backfillNow(one.ID); done.State != orchestrator.Completed || done.Claimed != 12 {
				t.Errorf("%s: %+v", how, done)
			}
			seen := map[time.Time]int{}
			for _, r := range b.runs("p") {
				if r.Backfill == one.ID {
					seen[r.Nominal]++
				}
			}
			for i := range 12 {
				if at := begin.Add(time.Duration(i+1) * time.Minute).UTC(); seen[at] != 1 {
					t.Errorf("%s: %d rows for %s", how, seen[at], at)
				}
			}
		})
	}
}

func TestCancelBackfill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, begin := skipped(t, 10, config.Policy{})
		defer b.stop()
		b.e.box.post(func() { b.e.loop.slots.max = 1 })
		b.do["p"] = untilDone(10 * time.Second)
		req := rangeOf(begin, false)
		req.Parallel = 3
		one := b.backfill(req)
		bubble.Advance(time.Second)
		if err := b.e.CancelBackfill(t.Context(), one.ID, kim); err != nil {
			t.Fatal(err)
		}
		bubble.Advance(15 * time.Second)
		counts := map[orchestrator.State]int{}
		for _, r := range b.runs("p") {
			if r.Backfill == one.ID {
				counts[r.State]++
			}
		}
		if counts[orchestrator.Completed] != 1 || counts[orchestrator.Cancelled] != 2 || len(counts) != 2 {
			t.Errorf("%v, want the running one completed and the two that waited cancelled", counts)
		}
		if done := b.backfillNow(one.ID); done.State != orchestrator.Cancelled || done.Claimed != 3 {
			t.Errorf("%+v", done)
		}
		for id, want := range map[string]string{one.ID: "is cancelled", "99": "no backfill", "x": "no backfill"} {
			if err := b.e.CancelBackfill(t.Context(), id, kim); !errors.Is(err, orchestrator.ErrNotNow) || !strings.Contains(err.Error(), want) {
				t.Errorf("cancel of %s: %v", id, err)
			}
		}
	})
}

// A backfill claims nothing while its runner's ticks are skipped by a pause or a drain, and goes on after it.
func TestBackfillWaitsForPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, begin := skipped(t, 10, config.Policy{})
		defer b.stop()
		b.do["p"] = untilDone(2 * time.Second)
		one := b.backfill(rangeOf(begin, false))
		bubble.Advance(time.Second)
		b.pauseScope(engineScope(), orchestrator.PauseRequest{Drain: true})
		bubble.Advance(30 * time.Second)
		if n := len(b.callsOf("p")); n != 1 {
			t.Errorf("%d runs while draining, want the first", n)
		}
		if _, err := b.e.Backfill(t.Context(), rangeOf(begin, false)); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("a new one while draining: %v", err)
		}
		b.resumeScope(engineScope())
		bubble.Advance(time.Minute)
		if done := b.backfillNow(one.ID); done.State != orchestrator.Completed || done.Claimed != 10 {
			t.Errorf("%+v", done)
		}
	})
}

func TestBackfillEndsWithItsSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		p := runnerOf(probe("p"), every(t, time.Minute, begin))
		b := newReloadable(t, p)
		b.start()
		defer b.stop()
		b.pauseScope(engineScope(), orchestrator.PauseRequest{})
		bubble.Advance(10 * time.Minute)
		b.resumeScope(engineScope())
		b.do["p"] = untilDone(2 * time.Second)
		one := b.backfill(rangeOf(begin, false))
		bubble.Advance(time.Second)
		p.Triggers = []config.Trigger{every(t, time.Hour, begin)}
		b.reload(p)
		bubble.Advance(time.Minute)
		if done := b.backfillNow(one.ID); done.State != orchestrator.Cancelled || done.Claimed != 1 {
			t.Errorf("%+v", done)
		}
	})
}

func TestBackfillRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, begin := skipped(t, 1, config.Policy{})
		defer b.stop()
		for want, change := range map[string]func(r *orchestrator.BackfillRequest){
			"needs both ends":  func(r *orchestrator.BackfillRequest) { r.From = time.Time{} },
			"before it begins": func(r *orchestrator.BackfillRequest) { r.From, r.To = r.To, r.From },
			"yet to come":      func(r *orchestrator.BackfillRequest) { r.From = begin.Add(30 * time.Minute) },
			"no trigger \"x\"": func(r *orchestrator.BackfillRequest) { r.Trigger = "x" },
			"limit":            func(r *orchestrator.BackfillRequest) { r.Limit = maxBackfill + 1 },
			"parallel":         func(r *orchestrator.BackfillRequest) { r.Parallel = -1 },
		} {
			req := rangeOf(begin, false)
			change(&req)
			if _, err := b.e.Backfill(t.Context(), req); !errors.Is(err, orchestrator.ErrNotNow) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", want, err)
			}
		}
	})
}

func TestTicksToFill(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s := every(t, time.Minute, begin).Schedule
	at := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Minute) }
	row := func(first, last int, state orchestrator.State) store.TickRow {
		return store.TickRow{First: at(first), Last: at(last), State: state}
	}
	for name, c := range map[string]struct {
		rows  []store.TickRow
		limit int
		want  []int
	}{
		"none":                  {nil, 10, []int{1, 2, 3, 4, 5, 6}},
		"limit":                 {nil, 2, []int{1, 2}},
		"a run":                 {[]store.TickRow{row(2, 2, orchestrator.Failed)}, 10, []int{1, 3, 4, 5, 6}},
		"folded idle runs":      {[]store.TickRow{row(2, 5, orchestrator.Completed)}, 10, []int{1, 6}},
		"folded skipped ticks":  {[]store.TickRow{row(2, 5, orchestrator.Skipped), row(6, 6, orchestrator.Running)}, 10, []int{1, 2, 3, 4, 5}},
		"missed, then a run":    {[]store.TickRow{row(1, 3, orchestrator.Missed), row(4, 4, orchestrator.Completed)}, 10, []int{1, 2, 3, 5, 6}},
		"a row from before":     {[]store.TickRow{row(-3, 2, orchestrator.Completed)}, 10, []int{3, 4, 5, 6}},
		"all had one":           {[]store.TickRow{row(1, 3, orchestrator.Cancelled), row(4, 9, orchestrator.Crashed)}, 10, nil},
		"dropped are filled":    {[]store.TickRow{row(1, 6, orchestrator.Dropped)}, 3, []int{1, 2, 3}},
		"one that was pending":  {[]store.TickRow{row(6, 6, orchestrator.Pending)}, 10, []int{1, 2, 3, 4, 5}},
		"awaiting retry counts": {[]store.TickRow{row(1, 1, orchestrator.AwaitingRetry)}, 2, []int{2, 3}},
	} {
		got, err := ticksToFill(s, at(0), at(6), c.rows, c.limit)
		var minutes []int
		for _, tick := range got {
			minutes = append(minutes, int(tick.Sub(begin)/time.Minute))
		}
		if err != nil || fmt.Sprint(minutes) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v (%v)", name, minutes, c.want, err)
		}
	}
}
