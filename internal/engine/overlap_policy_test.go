package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

func TestDecideOverlap(t *testing.T) {
	t.Parallel()
	idle, one, queued := others{}, others{live: 1}, others{live: 1, waiting: 1}
	buffered, full := others{live: 2, behind: 1, waiting: 1}, others{live: 4, behind: 3, waiting: 3}
	want := map[config.Overlap][5]verdict{ // idle, one runs, one waits for a slot, one more waits behind, queue_max wait
		"":                           {admit, skipTick, skipTick, skipTick, skipTick},
		config.OverlapSkip:           {admit, skipTick, skipTick, skipTick, skipTick},
		config.OverlapBufferOne:      {admit, admit, admit, skipTick, skipTick},
		config.OverlapBufferAll:      {admit, admit, admit, admit, dropTick},
		config.OverlapCancelOther:    {admit, admit, admit, admit, admit},
		config.OverlapTerminateOther: {admit, admit, admit, admit, admit},
		config.OverlapAllowAll:       {admit, admit, admit, admit, dropTick},
	}
	for policy, verdicts := range want {
		for i, o := range []others{idle, one, queued, buffered, full} {
			if got := decideOverlap(policy, o, 3); got != verdicts[i] {
				t.Errorf("%q with %+v: %d, want %d", policy, o, got, verdicts[i])
			}
		}
	}
	if decideOverlap(config.OverlapBufferAll, others{live: 100, waiting: 99}, 0) != admit ||
		decideOverlap(config.OverlapBufferAll, others{live: 101, waiting: 100}, 0) != dropTick {
		t.Error("the default queue_max is 100")
	}
}

func TestStartLimit(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	both := config.Policy{StartDeadline: time.Minute, QueueTimeout: 30 * time.Second}
	tick := orchestrator.Run{Nominal: due, DueAt: due, CreatedAt: due, Attempt: 1}
	late, hand, rerun, retry := tick, tick, tick, tick
	late.CreatedAt = due.Add(50 * time.Second)
	after := tick
	hand.Nominal, hand.Trigger = time.Time{}, triggerManual
	after.Nominal, after.Trigger = time.Time{}, "after-digest"
	rerun.Attempt, retry.StartedAt = 2, due
	for name, c := range map[string]struct {
		run  orchestrator.Run
		p    config.Policy
		at   time.Duration // after due; 0 = never
		text string
	}{
		"none":                         {tick, config.Policy{}, 0, ""},
		"the earlier of both":          {tick, both, 30 * time.Second, "queue timeout of 30s"},
		"late: the deadline is first":  {late, both, time.Minute, "start deadline of 1m"},
		"by hand: queue timeout alone": {hand, both, 30 * time.Second, "queue timeout"},
		"by hand: no deadline":         {hand, config.Policy{StartDeadline: time.Minute}, 0, ""},
		"after another runner":         {after, config.Policy{StartDeadline: time.Minute}, time.Minute, "start deadline of 1m"},
		"a rerun waits":                {rerun, both, 0, ""},
		"a retry waits":                {retry, both, 0, ""},
	} {
		at, why := startLimit(&c.run, c.p)
		if want := due.Add(c.at); c.at == 0 && !at.IsZero() || c.at != 0 && !at.Equal(want) || !strings.Contains(why, c.text) {
			t.Errorf("%s: %s %q", name, at, why)
		}
	}
}
