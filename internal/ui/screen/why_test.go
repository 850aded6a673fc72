package screen

import (
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// TestWhyIsWhole: for every state in which a runner does not run, and everything that can hold it up, the sentence has the cause,
// who holds it, and the time.
func TestWhyIsWhole(t *testing.T) {
	at := now.Add
	pause := orchestrator.Pause{By: "kim", Reason: "release", At: at(-time.Hour), Until: at(time.Hour)}
	until := " · until " + at(time.Hour).Format("15:04")
	since := at(-time.Hour).Format("15:04")
	clock := func(d time.Duration) string { return at(d).Format("15:04:05Z") }
	holders := []orchestrator.Holder{{Runner: "hog", Run: "12", Since: at(-5 * time.Minute)}}
	for name, c := range map[string]struct {
		r    orchestrator.Runner
		want string
	}{
		"late": {
			orchestrator.Runner{
				State: orchestrator.Late, Reason: "waits for a slot: 1 of 1 busy, held by hog",
				Current: &orchestrator.Run{DueAt: at(-4 * time.Minute)},
				Wait:    &orchestrator.Wait{For: "a slot", Holders: holders, About: at(time.Minute), Because: "if hog ends at its p95"},
			},
			"waits for a slot: 1 of 1 busy, held by hog · free about " + clock(time.Minute) + " if hog ends at its p95 · due " + clock(-4*time.Minute),
		},
		"queued, nobody knows when": {
			orchestrator.Runner{
				State: orchestrator.Pending, Reason: "waits for tag x",
				Wait: &orchestrator.Wait{For: "tag x", Holders: holders, Because: "its holders take longer than their p95"},
			},
			"waits for tag x · the longest since " + clock(-5*time.Minute) + " · its holders take longer than their p95",
		},
		"breaker": {
			orchestrator.Runner{
				State: orchestrator.Late, NextAt: at(-time.Minute), Reason: "circuit of resource otobo is open",
				Wait: &orchestrator.Wait{For: "resource otobo", About: at(time.Minute), Because: "it lets runs through again"},
			},
			"circuit of resource otobo is open · open again at " + clock(time.Minute) + " · due " + clock(-time.Minute),
		},
		"retrying": {
			orchestrator.Runner{
				State: orchestrator.AwaitingRetry, Reason: "attempt 2 of 5 failed: refused",
				Wait: &orchestrator.Wait{For: "the next attempt", About: at(18 * time.Second), Because: "its backoff ends"},
			},
			"attempt 2 of 5 failed: refused · the next attempt at " + clock(18*time.Second),
		},
		"retry that is held": {
			orchestrator.Runner{
				State: orchestrator.Paused, Reason: "paused · run 5 is held, its retry waits", Pause: &pause,
				Wait: &orchestrator.Wait{For: "the next attempt", Because: "a pause holds it"},
			},
			"paused by kim at " + since + ": release" + until,
		},
		"answer": {
			orchestrator.Runner{
				State: orchestrator.Paused, Reason: "waits for an answer: move it?", Current: &orchestrator.Run{State: orchestrator.Paused},
				Wait: &orchestrator.Wait{For: "an answer", About: at(time.Minute), Because: "nobody has answered by then"},
			},
			"waits for an answer: move it? · until " + clock(time.Minute),
		},
		"paused": {
			orchestrator.Runner{State: orchestrator.Paused, Pause: &orchestrator.Pause{By: "kim", At: at(-time.Hour)}},
			"paused by kim at " + since + " · until resumed",
		},
		"tag": {
			orchestrator.Runner{
				State: orchestrator.Paused, HeldBy: "tag night",
				Hold: &orchestrator.Hold{Scope: orchestrator.Scope{Kind: orchestrator.ScopeTag, Name: "night"}, Pause: pause},
			},
			"held by the pause of tag night by kim at " + since + ": release" + until,
		},
		"resource": {
			orchestrator.Runner{
				State: orchestrator.Pending, Reason: "run 5 waits",
				Hold: &orchestrator.Hold{Scope: orchestrator.Scope{Kind: orchestrator.ScopeResource, Name: "otobo"}, Pause: pause},
			},
			"run 5 waits · held by the pause of resource otobo by kim at " + since + ": release" + until,
		},
		"drain": {
			orchestrator.Runner{
				State: orchestrator.Paused, Hold: &orchestrator.Hold{Scope: orchestrator.Scope{Kind: orchestrator.ScopeEngine}, Drain: true, Pause: pause},
			},
			"the engine drains: asked for by kim at " + since + ": release" + until,
		},
		"overdue and several": {
			orchestrator.Runner{State: orchestrator.Scheduled, Reason: "completed", OverdueFor: 3 * time.Hour, Live: 5, Waiting: 2},
			"no success in time, overdue by 3h · 3 running, 2 waiting · completed",
		},
		"disabled": {orchestrator.Runner{State: orchestrator.Disabled, Reason: "disabled in the configuration"}, "disabled in the configuration"},
		"unknown":  {orchestrator.Runner{State: orchestrator.Interrupted}, "interrupted"},
	} {
		if got := whyLine(&c.r, now); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestWhyIsNeverEmpty in any state there is.
func TestWhyIsNeverEmpty(t *testing.T) {
	for _, s := range []orchestrator.State{
		orchestrator.Scheduled, orchestrator.Late, orchestrator.Pending, orchestrator.Running, orchestrator.AwaitingRetry, orchestrator.Paused,
		orchestrator.Cancelling, orchestrator.Completed, orchestrator.Failed, orchestrator.Crashed, orchestrator.Cancelled, orchestrator.Skipped,
		orchestrator.Missed, orchestrator.Dropped, orchestrator.Interrupted, orchestrator.Disabled,
	} {
		if strings.TrimSpace(whyLine(&orchestrator.Runner{State: s}, now)) == "" {
			t.Errorf("%s: nothing is said", s)
		}
	}
}

func TestRunWhySaysWhenItGoesOn(t *testing.T) {
	at := now.Add
	clock := at(time.Minute).Format("15:04:05Z")
	for _, c := range []struct {
		run  orchestrator.Run
		want string
	}{
		{orchestrator.Run{State: orchestrator.AwaitingRetry, Reason: "refused", NextAt: at(time.Minute)}, "refused · the next attempt at " + clock},
		{orchestrator.Run{State: orchestrator.Paused, Reason: "move?", NextAt: at(time.Minute)}, "move? · until " + at(time.Minute).Format("15:04")},
		{orchestrator.Run{State: orchestrator.Interrupted, StoppedAt: at(-time.Hour)}, "stopped at " + at(-time.Hour).Format("15:04")},
		{orchestrator.Run{State: orchestrator.Pending, Reason: "waits", DueAt: at(time.Minute)}, "waits · due " + clock},
		{orchestrator.Run{State: orchestrator.Skipped, Reason: "still running: run 3"}, "still running: run 3"},
	} {
		if got := runWhy(&c.run, now); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestHolderLines(t *testing.T) {
	w := &orchestrator.Wait{More: 2, Holders: []orchestrator.Holder{
		{Runner: "a", Run: "1", Since: now, Ends: now.Add(time.Minute)}, {Runner: "b", Run: "2", Since: now, Ends: now}, {Runner: "c", Run: "3", Since: now},
	}}
	s := now.Format("15:04:05Z")
	want := "a run 1 since " + s + ", p95 at " + now.Add(time.Minute).Format("15:04:05Z") + "|b run 2 since " + s + ", beyond its p95|c run 3 since " + s + "|2 more runs"
	if got := strings.Join(holderLines(w, now), "|"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
