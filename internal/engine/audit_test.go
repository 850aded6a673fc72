package engine

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/test/bubble"
)

// notCommands are the methods of the seam that change nothing an operator would be asked about.
func notCommands() []string {
	return []string{
		"Start", "Stop", "Run", "Subscribe", // life cycle and viewers
		// queries
		"Snapshot", "Timeline", "Trend", "ErrorGroups", "CountRuns", "Runs", "RunDetail", "Logs", "Events", "NextTicks", "Backfills", "Approvals",
		"Ticket", "TicketLog", "TicketsSeen",
		"Quality", "RunEvents", "ReadLog", "SearchLog",
		"Decide",      // answers, one event each, as Answer does; the tests of reviews look at them
		"UndoTickets", // leaves an event for each run it takes back; the tests of undo look at them
	}
}

// Every command of the seam leaves exactly one event that says who, from where, what, before and after; a refused one leaves none.
func TestEveryCommandIsAudited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ticks := runnerOf(probe("ticks"), every(t, time.Minute, time.Now()))
		ticks.Tags = []string{"mail"}
		fails := probe("fails")
		fails.Retry = retries(1, time.Hour)
		hook := runnerOf(probe("hook"), config.Trigger{Name: "hook", Kind: config.TriggerWebhook})
		b := newReloadable(t, ticks, runnerOf(fails), runnerOf(probe("slow")), runnerOf(probe("p")), hook, runnerOf(probe("asks")))
		b.do["asks"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Answer == nil {
				return pipe.Result{}, &pipe.Wait{Question: "go on?"}
			}
			return pipe.Success("", nil), nil
		}
		b.do["fails"], b.do["slow"], b.do["ticks"] = failsUntil(2), untilDone(time.Hour), untilDone(10*time.Second)
		b.start()
		defer b.stop()
		ctx, e := t.Context(), b.e
		b.pauseScope(tagScope("mail"), orchestrator.PauseRequest{})
		bubble.Advance(10 * time.Minute)
		b.resumeScope(tagScope("mail"))
		waiting, running, done, asking := b.fire("fails"), b.fire("slow"), b.fire("p"), b.fire("asks")
		bubble.Advance(time.Second)
		begin := time.Now()
		past := orchestrator.BackfillRequest{Runner: "ticks", From: begin.Add(-time.Hour), To: begin, Limit: 1, By: kim}
		all := past
		all.Limit = 0
		cancelled := b.backfill(all)
		bubble.Advance(time.Second)
		var id string
		commands := []struct {
			method, kind string
			refused      bool
			do           func() error
		}{
			{"RunOnce", "fired", false, func() error {
				_, err := e.RunOnce(ctx, "p", orchestrator.FireRequest{By: kim})
				return err
			}},
			{"RunOnce", "fired", true, func() error {
				_, err := e.RunOnce(ctx, "slow", orchestrator.FireRequest{By: kim})
				return err
			}},
			{"Pause", "paused", false, func() error { return e.Pause(ctx, "p", orchestrator.PauseRequest{By: kim}) }},
			{"Pause", "paused", true, func() error { return e.Pause(ctx, "p", orchestrator.PauseRequest{By: kim}) }},
			{"Resume", "resumed", false, func() error { return e.Resume(ctx, "p", kim) }},
			{"Resume", "resumed", true, func() error { return e.Resume(ctx, "p", kim) }},
			{"PauseScope", "paused", false, func() error { return e.PauseScope(ctx, tagScope("mail"), orchestrator.PauseRequest{By: kim}) }},
			{"PauseScope", "paused", true, func() error { return e.PauseScope(ctx, tagScope("mail"), orchestrator.PauseRequest{By: kim}) }},
			{"ResumeScope", "resumed", false, func() error { return e.ResumeScope(ctx, tagScope("mail"), kim) }},
			{"PauseScope", "draining", false, func() error {
				return e.PauseScope(ctx, engineScope(), orchestrator.PauseRequest{By: kim, Drain: true})
			}},
			{"ResumeScope", "resumed", false, func() error { return e.ResumeScope(ctx, engineScope(), kim) }},
			{"ResumeScope", "resumed", true, func() error { return e.ResumeScope(ctx, engineScope(), kim) }},
			{"Rerun", "rerun", false, func() error { return e.Rerun(ctx, done, orchestrator.RerunRequest{All: true, By: kim}) }},
			{"Rerun", "retry", false, func() error { return e.Rerun(ctx, waiting, orchestrator.RerunRequest{By: kim}) }},
			{"Rerun", "rerun", true, func() error { return e.Rerun(ctx, running, orchestrator.RerunRequest{By: kim}) }},
			{"Cancel", "cancel", false, func() error { return e.Cancel(ctx, running, kim) }},
			{"Cancel", "cancel", true, func() error { return e.Cancel(ctx, running, kim) }},
			{"Backfill", "backfill", false, func() error {
				one, err := e.Backfill(ctx, past)
				id = one.ID
				return err
			}},
			{"Backfill", "backfill", true, func() error {
				_, err := e.Backfill(ctx, orchestrator.BackfillRequest{Runner: "p", From: begin, To: begin, By: kim})
				return err
			}},
			{"CancelBackfill", "backfill", false, func() error { return e.CancelBackfill(ctx, cancelled.ID, kim) }},
			{"CancelBackfill", "backfill", true, func() error { return e.CancelBackfill(ctx, cancelled.ID, kim) }},
			{"Trigger", "fired", false, func() error {
				_, err := e.Trigger(ctx, "hook", orchestrator.Webhook{By: kim})
				return err
			}},
			{"Trigger", "fired", true, func() error {
				_, err := e.Trigger(ctx, "p", orchestrator.Webhook{By: kim})
				return err
			}},
			{"Answer", "answer", false, func() error {
				return e.Answer(ctx, orchestrator.AnswerRequest{Run: asking, Approve: true, By: kim})
			}},
			{"Answer", "answer", true, func() error {
				return e.Answer(ctx, orchestrator.AnswerRequest{Run: asking, Approve: true, By: kim})
			}},
			{"Reload", "reload", false, func() error { return e.Reload(ctx, kim) }},
		}
		covered := notCommands()
		for _, c := range commands {
			covered = append(covered, c.method)
			before := b.audited()
			err := c.do()
			fresh := b.audited()[len(before):]
			switch {
			case c.refused != errors.Is(err, orchestrator.ErrNotNow) || !c.refused && err != nil:
				t.Errorf("%s (%s): %v", c.method, c.kind, err)
			case c.refused && len(fresh) != 0:
				t.Errorf("%s was refused and left %+v", c.method, fresh)
			case !c.refused && len(fresh) != 1:
				t.Errorf("%s (%s) left %d events: %+v", c.method, c.kind, len(fresh), fresh)
			case !c.refused:
				ev := fresh[0]
				if ev.Kind != c.kind || ev.By != "kim" || ev.Via != "test" || ev.Text == "" || ev.Before == "" || ev.After == "" || ev.At.IsZero() {
					t.Errorf("%s left an incomplete event: %+v", c.method, ev)
				}
			}
			synctest.Wait()
		}
		if id == "" {
			t.Error("no backfill was started")
		}
		seam := reflect.TypeFor[orchestrator.Orchestrator]()
		for i := range seam.NumMethod() {
			if name := seam.Method(i).Name; !slices.Contains(covered, name) {
				t.Errorf("the seam's %s is not in this test: does it leave an event?", name)
			}
		}
	})
}

// audited gives the events that operators left, oldest first.
func (b *bench) audited() []orchestrator.Event {
	b.t.Helper()
	events, err := b.e.Events(b.t.Context(), 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	slices.Reverse(events)
	return slices.DeleteFunc(events, func(ev orchestrator.Event) bool { return ev.By != "kim" })
}
