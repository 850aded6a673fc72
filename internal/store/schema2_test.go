package store

import (
	"reflect"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// same fails the test when a value did not come back as it was written.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func TestRunsKeepTheirNewFields(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := runAt(7, noon, orchestrator.Running)
	r.Parent, r.Backfill, r.Priority, r.Overlap, r.Definition = "3", "2", 5, "allow_all", "abc"
	insert(t, s, r, "")
	plain := runAt(8, noon.Add(time.Minute), orchestrator.Running)
	insert(t, s, plain, "")
	r.State, r.EndedAt, r.Definition, r.Handlers = orchestrator.Failed, noon.Add(time.Second), "def", "pending"
	must(t, s, func(tx *Tx) error { _, err := tx.UpdateRun(r, 1, false); return err })
	r.LastAt = r.DueAt
	got, err := s.PendingHandlers(t.Context())
	if err != nil || len(got) != 1 {
		t.Fatalf("pending handlers: %+v, %v", got, err)
	}
	same(t, "run", got[0], *r)
	must(t, s, func(tx *Tx) error {
		if ok, err := tx.SetHandlers("99", "done"); ok || err != nil {
			t.Errorf("handlers of a run that is not there: %v, %v", ok, err)
		}
		_, err := tx.SetHandlers("7", "done")
		return err
	})
	if got, err := s.PendingHandlers(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("after they ran: %+v, %v", got, err)
	}
	if got, err := s.GetRun(t.Context(), "8"); err != nil || got.Priority != defaultPriority || got.Parent != "" || got.Backfill != "" {
		t.Errorf("plain run: %+v, %v", got, err)
	}
}

func TestABackfillTakesTheTickOfARowThatDidNotRun(t *testing.T) {
	t.Parallel()
	s := open(t)
	insert(t, s, runAt(1, noon, orchestrator.Missed), "")
	insert(t, s, runAt(2, noon.Add(time.Minute), orchestrator.Completed), "")
	again := runAt(3, noon, orchestrator.Pending)
	if insert(t, s, again, "") {
		t.Error("a tick was taken a second time without a backfill")
	}
	again.Backfill = "1"
	if !insert(t, s, again, "") {
		t.Error("the backfill was refused")
	}
	other := runAt(4, noon.Add(time.Minute), orchestrator.Pending)
	other.Backfill = "1"
	if insert(t, s, other, "") {
		t.Error("the backfill ran a tick that had run")
	}
	rows, err := s.TickRows(t.Context(), "r", "interval", noon, noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "ticks", rows, []TickRow{
		{Run: "3", First: noon, Last: noon, State: orchestrator.Pending},
		{Run: "2", First: noon.Add(time.Minute), Last: noon.Add(time.Minute), State: orchestrator.Completed},
	})
	tick := runAt(5, noon.Add(2*time.Minute), orchestrator.Missed)
	tick.Reason = ""
	must(t, s, func(tx *Tx) error {
		if ok, err := tx.FoldTick(tick); ok || err != nil {
			t.Errorf("a tick was folded into another kind of row: %v, %v", ok, err)
		}
		return nil
	})
}

func TestCursorsCountRuns(t *testing.T) {
	t.Parallel()
	s := open(t)
	set := func(spec string, runs int) int {
		must(t, s, func(tx *Tx) error {
			return tx.SetCursor(Cursor{Runner: "r", Trigger: "cron", Spec: spec, Anchor: noon, Nominal: noon, Runs: runs})
		})
		c, err := s.Cursors(t.Context())
		if err != nil || len(c) != 1 {
			t.Fatalf("%+v, %v", c, err)
		}
		return c[0].Runs
	}
	if set("a", 3) != 3 || set("a", 2) != 3 || set("b", 1) != 1 {
		t.Error("the count of runs is not monotone within one schedule")
	}
}

func TestHoldsAndResources(t *testing.T) {
	t.Parallel()
	s := open(t)
	holds := []orchestrator.Hold{
		{Scope: orchestrator.Scope{Kind: orchestrator.ScopeEngine}, Pause: orchestrator.Pause{By: "kim", Reason: "drill", At: noon}, Drain: true},
		{Scope: orchestrator.Scope{Kind: orchestrator.ScopeTag, Name: "x"}, Pause: orchestrator.Pause{By: "kim", At: noon, Until: noon.Add(time.Hour)}},
	}
	res := []ResourceState{{Name: "otobo", Failures: 4, OpenUntil: noon, Error: "refused"}, {Name: "z", WaitUntil: noon}}
	must(t, s, func(tx *Tx) error {
		for i := range holds {
			if err := tx.SetHold(holds[i]); err != nil {
				return err
			}
			if err := tx.PutResource(&res[i]); err != nil {
				return err
			}
		}
		return nil
	})
	got, err := s.Holds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "holds", got, holds)
	states, err := s.Resources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "resources", states, res)
	var first, second bool
	must(t, s, func(tx *Tx) (err error) {
		if first, err = tx.DropHold(holds[0].Scope); err == nil {
			second, err = tx.DropHold(holds[0].Scope)
		}
		return err
	})
	if got, err := s.Holds(t.Context()); !first || second || err != nil || len(got) != 1 {
		t.Errorf("after the drop (%v, %v): %+v, %v", first, second, got, err)
	}
}

func TestOutboxHoldsEachThingOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	d := Delivery{Kind: "after", Target: "child", Key: "7", Payload: "{}", Created: noon, Next: noon}
	mail := Delivery{Kind: "notify", Target: "mail", Key: "7", Payload: "{}", Created: noon, Next: noon.Add(time.Hour)}
	must(t, s, func(tx *Tx) error {
		for _, add := range []struct {
			d    *Delivery
			want bool
		}{{&d, true}, {&mail, true}, {&Delivery{Kind: "after", Target: "child", Key: "7", Created: noon, Next: noon}, false}} {
			if ok, err := tx.AddOutbox(add.d); ok != add.want || err != nil {
				t.Errorf("add %+v: %v, %v", add.d, ok, err)
			}
		}
		return nil
	})
	due := func(kind string, at time.Time) []Delivery {
		t.Helper()
		out, err := s.OutboxDue(t.Context(), kind, at, 10)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same(t, "due at noon", due("", noon), []Delivery{d})
	same(t, "due later", due("", noon.Add(time.Hour)), []Delivery{d, mail})
	same(t, "due of a kind", due("notify", noon.Add(time.Hour)), []Delivery{mail})
	must(t, s, func(tx *Tx) error { _, err := tx.RetryOutbox(d.ID, noon.Add(time.Minute), "refused"); return err })
	d.Attempts, d.Error, d.Next = 1, "refused", noon.Add(time.Minute)
	same(t, "due after a failure", due("", noon), []Delivery(nil))
	same(t, "due at its next time", due("", noon.Add(time.Minute)), []Delivery{d})
	must(t, s, func(tx *Tx) error { _, err := tx.DropOutbox(d.ID); return err })
	if n, err := s.OutboxCount(t.Context(), ""); n != 1 || err != nil {
		t.Errorf("count: %d, %v", n, err)
	}
	all, err := s.Outbox(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "all", all, []Delivery{mail})
}

func TestApprovalsAreAnsweredOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	insert(t, s, runAt(1, noon, orchestrator.Running), "")
	a := orchestrator.Approval{
		Run: "1", Step: "p/gate", Runner: "r", Question: "Send?", Subject: map[string]any{"ticket": "42"},
		Input: map[string]string{"queue": "text"}, At: noon, Until: noon.Add(time.Hour),
	}
	must(t, s, func(tx *Tx) error { return tx.PutApproval(&a) })
	open, err := s.OpenApprovals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "open", open, []ApprovalRow{{Approval: a}})
	answer := func(text string) (ok bool) {
		must(t, s, func(tx *Tx) (err error) {
			ok, err = tx.AnswerApproval("1", a.Step, text, noon.Add(time.Minute))
			return err
		})
		return ok
	}
	if !answer(`{"yes":1}`) || answer(`{"no":1}`) {
		t.Error("an answer was not taken exactly once")
	}
	got, ok, err := s.Approval(t.Context(), "1", a.Step)
	if !ok || err != nil {
		t.Fatalf("%v, %v", ok, err)
	}
	same(t, "answered", got, ApprovalRow{Approval: a, Answer: `{"yes":1}`, AnsweredAt: noon.Add(time.Minute)})
	must(t, s, func(tx *Tx) error { return tx.deleteRun(1) })
	if _, ok, err := s.Approval(t.Context(), "1", a.Step); ok || err != nil {
		t.Errorf("the approval outlived its run: %v, %v", ok, err)
	}
}

func TestBackfillsGoForward(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := BackfillRow{Backfill: orchestrator.Backfill{
		Runner: "r", Trigger: "cron", First: noon, Last: noon.Add(time.Hour), Total: 60, State: orchestrator.Running, By: "kim", At: noon,
	}, Spec: "s", Cursor: noon.Add(-1), Parallel: 2}
	must(t, s, func(tx *Tx) error { return tx.AddBackfill(&b) })
	put := func(claimed int, cursor time.Time, ended time.Time) (ok bool) {
		c := b
		c.Claimed, c.Cursor, c.EndedAt = claimed, cursor, ended
		must(t, s, func(tx *Tx) (err error) { ok, err = tx.PutBackfill(&c); return err })
		return ok
	}
	put(5, noon.Add(4*time.Minute), time.Time{})
	put(4, noon.Add(3*time.Minute), time.Time{})
	b.Claimed, b.Cursor = 5, noon.Add(4*time.Minute)
	got, ok, err := s.Backfill(t.Context(), b.ID)
	if !ok || err != nil {
		t.Fatalf("%v, %v", ok, err)
	}
	same(t, "backfill", got, b)
	second := b
	must(t, s, func(tx *Tx) error { return tx.AddBackfill(&second) })
	third := b
	must(t, s, func(tx *Tx) error { return tx.AddBackfill(&third) })
	b = third
	if !put(60, noon, noon.Add(time.Minute)) || put(61, noon, time.Time{}) {
		t.Error("an ended backfill was written again, or could not end")
	}
	list, err := s.Backfills(t.Context(), 10)
	if err != nil || len(list) != 3 || list[0].ID != second.ID || list[2].ID != third.ID {
		t.Errorf("list: %+v, %v", list, err)
	}
}

func TestFilesSeen(t *testing.T) {
	t.Parallel()
	s := open(t)
	must(t, s, func(tx *Tx) error {
		for _, f := range []string{"a", "b", "a"} {
			if err := tx.SetFile("r", "file", f, "id-"+f); err != nil {
				return err
			}
		}
		return tx.DropFile("r", "file", "b")
	})
	got, err := s.Files(t.Context(), "r", "file")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "files", got, map[string]string{"a": "id-a"})
}

func TestOneStepAndWhatIsUnderItIsDoneAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	must(t, s, func(tx *Tx) error {
		for _, path := range []string{"p", "p/ä", "p/ä/x", "p/äb", "p/c"} {
			st := StepRow{Step: orchestrator.Step{Run: "1", Path: path, State: orchestrator.Completed, Attempt: 1}, Result: "{}"}
			if path == "p/c" {
				st.Kind = "undo"
			}
			if err := tx.PutStep(&st); err != nil {
				return err
			}
		}
		return tx.DropStep("1", "p/ä")
	})
	check := func(want map[string]orchestrator.State) {
		t.Helper()
		steps, err := s.Steps(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]orchestrator.State{}
		for i := range steps {
			got[steps[i].Path] = steps[i].State
			if (steps[i].Kind == "undo") != (steps[i].Path == "p/c") {
				t.Errorf("%s has kind %q", steps[i].Path, steps[i].Kind)
			}
		}
		same(t, "states", got, want)
	}
	done, again := orchestrator.Completed, orchestrator.Pending
	check(map[string]orchestrator.State{"p": done, "p/ä": again, "p/ä/x": again, "p/äb": done, "p/c": done})
	must(t, s, func(tx *Tx) error { return tx.DropSteps("1", false) })
	check(map[string]orchestrator.State{"p": done, "p/ä": again, "p/ä/x": again, "p/äb": done, "p/c": again})
}
