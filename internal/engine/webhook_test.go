package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

func webhook(name string) config.Trigger {
	return config.Trigger{Name: name, Kind: config.TriggerWebhook}
}

func (b *bench) request(runner, trigger, key string) (string, error) {
	return b.e.Trigger(b.t.Context(), runner, orchestrator.Webhook{Trigger: trigger, Key: key, By: orchestrator.Actor{Name: "shop", Via: "http"}})
}

func (b *bench) mustRequest(runner, trigger, key string) string {
	b.t.Helper()
	id, err := b.request(runner, trigger, key)
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func TestWebhookKeyMakesOneRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), webhook("hook"), webhook("other")))
		b.start()
		first := b.mustRequest("p", "hook", "order-1")
		pass(time.Second)
		if again := b.mustRequest("p", "hook", "order-1"); again != first {
			t.Errorf("the same request made run %s, then %s", first, again)
		}
		if other := b.mustRequest("p", "other", "order-1"); other == first {
			t.Error("another trigger's request with this key is another one")
		}
		pass(time.Second)
		b.stop()
		pass(100 * 24 * time.Hour)
		b.start()
		if again := b.mustRequest("p", "hook", "order-1"); again != first {
			t.Errorf("after a restart the request made run %s, before %s", again, first)
		}
		for range 2 { // without a key each is new
			b.mustRequest("p", "hook", "")
			pass(time.Second)
		}
		if n := len(b.callsOf("p")); n != 4 {
			t.Errorf("%d runs, want 4", n)
		}
		runs := b.runs("p")
		if r := runs[len(runs)-1]; r.Trigger != "hook" || r.By != "shop" || r.State != orchestrator.Completed || r.DueAt.IsZero() {
			t.Errorf("first run is %+v", r)
		}
		b.stop()
	})
}

// TestWebhooksAtTheSameTime: many requests with few keys, all at once. With skip most of the rows are no runs.
func TestWebhooksAtTheSameTime(t *testing.T) {
	t.Parallel()
	for _, overlap := range []config.Overlap{config.OverlapAllowAll, config.OverlapSkip} {
		t.Run(string(overlap), func(t *testing.T) {
			t.Parallel()
			webhooksAtTheSameTime(t, overlap)
		})
	}
}

func webhooksAtTheSameTime(t *testing.T, overlap config.Overlap) {
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(probe("p"), webhook("hook"))
		r.Policy.Overlap = overlap
		b := newBench(t, r)
		b.start()
		var mu sync.Mutex
		ids := map[string][]string{}
		var wg sync.WaitGroup
		for i := range 60 {
			key := fmt.Sprint("k", i%6)
			wg.Go(func() {
				id, err := b.request("p", "", key)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				ids[key] = append(ids[key], id)
			})
		}
		wg.Wait()
		pass(time.Second)
		for key, got := range ids {
			if len(slices.Compact(got)) != 1 {
				t.Errorf("key %s made the runs %v", key, got)
			}
		}
		if n := len(b.runs("p")); n != 6 {
			t.Errorf("%d rows, want 6", n)
		}
		b.stop()
	})
}

func TestWebhookGoesThroughThePolicies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limited := webhook("hook")
		limited.MaxRuns = 1
		off := runnerOf(probe("off"), webhook("hook"))
		off.Enabled = false
		b := newBench(t, runnerOf(probe("p"), webhook("hook")), runnerOf(probe("limited"), limited), runnerOf(probe("none")), off,
			runnerOf(probe("two"), webhook("a"), webhook("b")))
		b.do["p"] = untilDone(time.Hour)
		b.start()
		running := b.mustRequest("p", "", "1")
		skipped := b.mustRequest("p", "", "2")
		if again := b.mustRequest("p", "", "2"); again != skipped {
			t.Errorf("a skipped request came back as row %s, it was %s", again, skipped)
		}
		row := b.detail(skipped).Run
		if row.State != orchestrator.Skipped || row.Reason != "still running: run "+running || row.Trigger != "hook" || row.DueAt.IsZero() {
			t.Errorf("row %+v", row)
		}
		if err := b.e.Pause(t.Context(), "two", orchestrator.PauseRequest{}); err != nil {
			t.Fatal(err)
		}
		if row := b.detail(b.mustRequest("two", "a", "")).Run; row.State != orchestrator.Skipped {
			t.Errorf("row of a paused runner: %+v", row)
		}
		b.mustRequest("limited", "", "")
		for text, ask := range map[string][2]string{
			"done: 1 of 1 runs": {"limited", ""}, "has no webhook trigger": {"none", ""}, "disabled": {"off", ""},
			"name one of a, b": {"two", ""}, `no webhook trigger "x" (there are: a, b)`: {"two", "x"}, "no such runner": {"nobody", ""},
		} {
			if _, err := b.request(ask[0], ask[1], ""); err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%v: %v, want %q", ask, err, text)
			}
		}
		_, err := b.e.Trigger(t.Context(), "p", orchestrator.Webhook{Params: map[string]string{"no_such_parameter": "1", "password": "x"}})
		if err == nil || errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("parameters: %v", err)
		}
		b.interrupt()
	})
}
