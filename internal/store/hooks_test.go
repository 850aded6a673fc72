package store

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// TestHooksAddToTheirTransaction: what a hook writes is there with the end that caused it, or not at all.
func TestHooksAddToTheirTransaction(t *testing.T) {
	t.Parallel()
	var told, committed []string
	refuse := false
	hooks := Hooks{
		Ended: func(tx *Tx, r *orchestrator.Run) error {
			told = append(told, "run "+r.ID+" "+string(r.State))
			tx.OnCommit(func() { committed = append(committed, r.ID) })
			if _, err := tx.AddOutbox(&Delivery{Kind: "after", Target: "b", Key: r.ID, Created: noon, Next: noon}); err != nil {
				return err
			}
			if refuse {
				return errors.New("refused")
			}
			return nil
		},
		Event: func(_ *Tx, e *orchestrator.Event) error {
			told = append(told, fmt.Sprintf("event %d %s", e.ID, e.Kind))
			return nil
		},
	}
	s, err := Open(t.Context(), t.TempDir(), Options{Hooks: hooks})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := runAt(1, noon, orchestrator.Running)
	insert(t, s, r, "")
	r.State, r.EndedAt = orchestrator.Completed, noon
	end := func(tx *Tx) error { _, err := tx.UpdateRun(r, 1, false); return err }
	refuse = true
	if err := s.Write(t.Context(), end); err == nil {
		t.Error("the end was written without what belongs to it")
	}
	if n, err := s.OutboxCount(t.Context(), ""); n != 0 || err != nil || len(committed) != 0 {
		t.Errorf("%d entries (%v), told %v after a rollback", n, err, committed)
	}
	refuse = false
	must(t, s, end)
	must(t, s, end) // it has ended already
	must(t, s, func(tx *Tx) error { return tx.AddEvent(&orchestrator.Event{At: noon, Kind: "paused"}) })
	missed := runAt(2, noon.Add(1), orchestrator.Missed)
	insert(t, s, missed, "")
	// The refused end was tried a second time, apart from its neighbours.
	want := []string{"run 1 completed", "run 1 completed", "run 1 completed", "event 1 paused", "run 2 missed"}
	if !slices.Equal(told, want) || !slices.Equal(committed, []string{"1", "2"}) {
		t.Errorf("told %q, committed %q, want %q", told, committed, want)
	}
	if n, err := s.OutboxCount(t.Context(), "after"); n != 2 || err != nil {
		t.Errorf("%d entries (%v)", n, err)
	}
}

func TestOutboxOfATarget(t *testing.T) {
	t.Parallel()
	s := open(t)
	must(t, s, func(tx *Tx) error {
		for i := range 10 {
			for _, target := range []string{"a", "b"} {
				d := Delivery{Kind: "notify", Target: target, Key: strconv.Itoa(i), Created: noon, Next: noon}
				if _, err := tx.AddOutbox(&d); err != nil {
					return err
				}
			}
		}
		for keep, gone := range map[int]int{10: 0, 11: 0} {
			if n, err := tx.TrimOutbox("notify", "a", keep); n != gone || err != nil {
				t.Errorf("keep %d: %d gone, %v", keep, n, err)
			}
		}
		n, err := tx.TrimOutbox("notify", "a", 3)
		if n != 7 {
			t.Errorf("%d gone, want 7", n)
		}
		return err
	})
	got, err := s.OutboxOf(t.Context(), "notify", "a", 2)
	if err != nil || len(got) != 2 || got[0].Key != "7" || got[1].Key != "8" {
		t.Errorf("oldest of a: %+v, %v", got, err)
	}
	counts, err := s.OutboxCounts(t.Context(), "notify")
	if err != nil || counts["a"] != 3 || counts["b"] != 10 || len(counts) != 2 {
		t.Errorf("counts %v, %v", counts, err)
	}
}
