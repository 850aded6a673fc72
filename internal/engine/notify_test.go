package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/notify"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// receivers plays what is at the other end of the notifications.
type receivers struct {
	mu  sync.Mutex
	got map[string][]notify.Message                       // by notification
	at  map[string][]time.Time                            // of all tries
	do  map[string]func(n int, ctx context.Context) error // by notification; n counts the tries from 1; nil = takes it
}

func (r *receivers) deliver(ctx context.Context, _ notify.Receiver, m notify.Message) error {
	r.mu.Lock()
	r.at[m.Notification] = append(r.at[m.Notification], time.Now())
	do, n := r.do[m.Notification], len(r.at[m.Notification])
	r.mu.Unlock()
	if do != nil {
		if err := do(n, ctx); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got[m.Notification] = append(r.got[m.Notification], m)
	return nil
}

func (r *receivers) taken(name string) []notify.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got[name]
}

func (r *receivers) tries(name string) []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at[name]
}

func withReceivers(b *bench) *receivers {
	r := &receivers{got: map[string][]notify.Message{}, at: map[string][]time.Time{}, do: map[string]func(int, context.Context) error{}}
	b.opts = func(o *Options) { o.Deliver = r.deliver; o.Secrets = []string{"hunter22"} }
	return r
}

func ops(name string, on ...string) config.Notification {
	return config.Notification{Name: name, On: on, URL: "http://127.0.0.1:1/"}
}

func TestNotificationsTellWhatTheyListenTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bad := probe("bad")
		bad.Retry = retries(0, 0)
		tagged := runnerOf(probe("tagged"))
		tagged.Tags = []string{"night"}
		b := newBench(t, runnerOf(bad), runnerOf(probe("good")), tagged)
		r := withReceivers(b)
		night := ops("night", "completed", "paused")
		night.Tags, night.Runners = []string{"night"}, []string{"bad"}
		b.cfg.Notify = []config.Notification{ops("failures", "failed", "crashed"), ops("all", "failed", "completed", "paused", "resumed"), night, ops("stuck", "stuck")}
		b.do["bad"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			return pipe.Result{}, fault.Permanentf("login with hunter22 refused")
		}
		b.start()
		id := b.fire("bad")
		pass(time.Second)
		b.fire("good")
		pass(time.Second)
		b.fire("tagged")
		pass(time.Second)
		if err := b.e.Pause(t.Context(), "tagged", orchestrator.PauseRequest{Reason: "release", By: orchestrator.Actor{Name: "kim"}}); err != nil {
			t.Fatal(err)
		}
		if err := b.e.Resume(t.Context(), "tagged", orchestrator.Actor{Name: "kim"}); err != nil {
			t.Fatal(err)
		}
		leak := orchestrator.Event{At: time.Now(), Kind: "stuck", Text: "stuck with hunter22"}
		if err := b.e.store.Write(t.Context(), func(tx *store.Tx) error { return tx.AddEvent(&leak) }); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if m := r.taken("stuck"); len(m) != 1 || strings.Contains(m[0].Reason, "hunter22") || !strings.Contains(m[0].Reason, "stuck with") {
			t.Errorf("stuck was told %+v", m)
		}
		for name, want := range map[string]string{
			"failures": "bad failed", "all": "bad failed, good completed, tagged completed, tagged paused, tagged resumed",
			"night": "tagged completed, tagged paused",
		} {
			var said []string
			ids := map[string]bool{}
			for _, m := range r.taken(name) {
				said = append(said, m.Runner+" "+m.Kind)
				ids[m.ID] = true
			}
			if got := strings.Join(said, ", "); got != want || len(ids) != len(said) {
				t.Errorf("%s was told %q by %d ids, want %q", name, got, len(ids), want)
			}
		}
		m := r.taken("failures")[0]
		if m.Schema != notify.Schema || m.Engine != "test" || m.Run != id || m.State != "failed" || m.Step != "bad" || m.ErrorClass != "permanent" ||
			m.Attempt != 1 || !strings.Contains(m.Reason, "refused") || strings.Contains(m.Reason, "hunter22") || m.At.IsZero() {
			t.Errorf("message is %+v", m)
		}
		b.outboxIsEmpty(outboxNotify)
		b.stop()
	})
}

// TestADeadReceiverIsTriedForADay: with growing pauses, then the message is given up with an event, and the next ones follow
// in order. Nothing of the engine waits for it.
func TestADeadReceiverIsTriedForADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), every(t, time.Hour, time.Now().Add(time.Second))))
		r := withReceivers(b)
		r.do["ops"] = func(int, context.Context) error { return errors.New("connection refused") }
		b.cfg.Notify = []config.Notification{ops("ops", "completed"), ops("other", "completed")}
		b.start()
		begin := time.Now()
		pass(time.Hour + 10*time.Minute)
		if v := b.engine(); v.Health != "degraded" || !strings.Contains(strings.Join(v.Problems, ""), "notification ops could not be delivered since") ||
			v.Undelivered != 2 {
			t.Errorf("after an hour: %s %q, %d undelivered", v.Health, v.Problems, v.Undelivered)
		}
		pass(25*time.Hour + 10*time.Minute - time.Since(begin))
		tries := r.tries("ops")
		if gap := tries[1].Sub(tries[0]); gap < 900*time.Millisecond || gap > 1100*time.Millisecond {
			t.Errorf("the second try came after %s", gap)
		}
		if n := len(tries); n < 300 || n > 380 {
			t.Errorf("%d tries in 25 hours, want about one in five minutes", n)
		}
		if n := len(r.taken("other")); n != 26 || len(b.runs("p")) != 26 {
			t.Errorf("the other receiver was told %d of 26 runs, %d ran", n, len(b.runs("p")))
		}
		if n := b.eventsOf("undelivered"); n == 0 {
			t.Error("no event says that a message was given up")
		}
		r.mu.Lock()
		r.do["ops"] = nil
		r.mu.Unlock()
		pass(6 * time.Minute)
		var last time.Time
		for _, m := range r.taken("ops") {
			if !m.At.After(last) {
				t.Errorf("told out of order: %s after %s", m.At, last)
			}
			last = m.At
		}
		if n := len(r.taken("ops")); n+b.eventsOf("undelivered") != 26 {
			t.Errorf("%d told and %d given up of 26", n, b.eventsOf("undelivered"))
		}
		if v := b.engine(); v.Health != "ok" || v.Undelivered != 0 {
			t.Errorf("in the end: %s %q, %d undelivered", v.Health, v.Problems, v.Undelivered)
		}
		b.stop()
	})
}

func (b *bench) engine() orchestrator.Engine {
	b.t.Helper()
	s, err := b.e.Snapshot(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return s.Engine
}

func (b *bench) eventsOf(kind string) int {
	b.t.Helper()
	events, err := b.e.Events(b.t.Context(), 100_000)
	if err != nil {
		b.t.Fatal(err)
	}
	n := 0
	for _, ev := range events {
		if ev.Kind == kind {
			n++
		}
	}
	return n
}

func TestPermanentRefusalIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		r := withReceivers(b)
		r.do["ops"] = func(n int, _ context.Context) error {
			if n == 1 {
				return fault.Permanentf("answered 404 Not Found")
			}
			return nil
		}
		b.cfg.Notify = []config.Notification{ops("ops", "completed")}
		b.start()
		b.fire("p")
		pass(time.Minute)
		b.fire("p")
		pass(time.Minute)
		if len(r.tries("ops")) != 2 || len(r.taken("ops")) != 1 || b.eventsOf("undelivered") != 1 {
			t.Errorf("%d tries, %d taken, %d given up", len(r.tries("ops")), len(r.taken("ops")), b.eventsOf("undelivered"))
		}
		b.stop()
	})
}

// TestStopWaitsASecondForReceivers: what is not delivered by then is delivered by the next start, none is lost.
func TestStopWaitsASecondForReceivers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), every(t, time.Second, time.Now().Add(time.Second))))
		r := withReceivers(b)
		slow := func(_ int, ctx context.Context) error {
			select {
			case <-time.After(400 * time.Millisecond):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		dead := func(_ int, ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		r.do["slow"], r.do["dead"] = slow, dead
		b.cfg.Notify = []config.Notification{ops("slow", "completed"), ops("dead", "completed")}
		b.start()
		pass(10500 * time.Millisecond)
		begin := time.Now()
		b.stop()
		if took := time.Since(begin); took < time.Second || took > 1100*time.Millisecond {
			t.Errorf("the stop took %s, want a second", took)
		}
		r.mu.Lock()
		r.do = map[string]func(int, context.Context) error{}
		r.mu.Unlock()
		b.cfg.Runners[0].Triggers = nil
		b.start()
		pass(time.Second)
		runs := len(b.runs("p"))
		for _, name := range []string{"slow", "dead"} {
			ids := map[string]bool{}
			for _, m := range r.taken(name) {
				ids[m.ID] = true
			}
			if len(ids) != runs {
				t.Errorf("%s was told of %d runs, want %d", name, len(ids), runs)
			}
		}
		b.outboxIsEmpty(outboxNotify)
		b.stop()
	})
}

// TestNotificationsAreBounded: a dead receiver costs at most notifyMax entries and their slack; what goes is counted.
func TestNotificationsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		r := withReceivers(b)
		r.do["ops"] = func(int, context.Context) error { return errors.New("down") }
		b.cfg.Notify = []config.Notification{ops("ops", "paused")}
		b.start()
		const events = notifyMax + 2*notifySlack + 5
		for at := 0; at < events; at += 500 {
			err := b.e.store.Write(t.Context(), func(tx *store.Tx) error {
				for i := at; i < min(at+500, events); i++ {
					if err := tx.AddEvent(&orchestrator.Event{At: time.Now(), Kind: "paused", Runner: "p", Text: strconv.Itoa(i)}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		waiting, err := b.e.store.OutboxCount(t.Context(), outboxNotify)
		if err != nil || waiting > notifyMax+notifySlack+500 || waiting < notifyMax {
			t.Errorf("%d messages wait (%v)", waiting, err)
		}
		if b.eventsOf("undelivered") == 0 {
			t.Error("no event counts what was dropped")
		}
		if v := b.engine(); v.Undelivered != waiting {
			t.Errorf("the engine counts %d messages, there are %d", v.Undelivered, waiting)
		}
		b.stop()
	})
}

func TestMessagesOfARemovedNotificationAreDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		r := withReceivers(b)
		r.do["ops"] = func(int, context.Context) error { return errors.New("down") }
		b.cfg.Notify = []config.Notification{ops("ops", "completed")}
		b.start()
		b.fire("p")
		pass(time.Second)
		b.stop()
		b.cfg.Notify = nil
		b.start()
		pass(time.Second)
		b.outboxIsEmpty(outboxNotify)
		if b.eventsOf("undelivered") != 1 {
			t.Error("no event says that messages were dropped")
		}
		b.stop()
	})
}

// TestNotificationsReachRealReceivers goes over a socket and through a process, in real time.
func TestNotificationsReachRealReceivers(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the command is a shell script")
	}
	got := make(chan notify.Message, 10)
	tries := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var m notify.Message
		body, _ := io.ReadAll(req.Body)
		if tries++; tries == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		if err := json.Unmarshal(body, &m); err != nil || req.Header.Get("Idempotency-Key") != m.ID {
			t.Errorf("%s: %v", body, err)
		}
		got <- m
	}))
	defer s.Close()
	out := filepath.Join(t.TempDir(), "out")
	b := newBench(t, runnerOf(probe("p")))
	b.cfg.Notify = []config.Notification{
		{Name: "http", On: []string{"completed"}, URL: s.URL},
		{Name: "command", On: []string{"completed"}, Command: []string{"/bin/sh", "-c", `cat >>"$1.new"; mv "$1.new" "$1"`, "sh", out}},
	}
	b.start()
	id := b.fire("p")
	select {
	case m := <-got:
		if m.Run != id || m.Kind != "completed" {
			t.Errorf("message is %+v", m)
		}
	case <-time.After(30 * time.Second):
		t.Error("no message came over HTTP")
	}
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(10 * time.Millisecond) {
		body, err := os.ReadFile(out)
		if err == nil && strings.Contains(string(body), fmt.Sprintf("%q:%q", "run", id)) {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("no message reached the command: %q, %v", body, err)
			break
		}
	}
	b.stop()
}
