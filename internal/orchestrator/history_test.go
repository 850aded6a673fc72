package orchestrator

import (
	"slices"
	"testing"
	"time"
)

// TestGroupErrors: equal errors are one group wherever they happened, in the order that an operator wants to see.
func TestGroupErrors(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	at := func(m int) time.Time { return now.Add(-time.Duration(m) * time.Minute) }
	got := GroupErrors([]Failure{
		{Run: "9", Runner: "a", Step: "a/x/raise", Error: "ticket 9: locked", At: at(1)},
		{Run: "8", Runner: "b", Step: "b", Error: "boom", At: at(2)},
		{Run: "7", Runner: "a", Step: "a/x/raise", Error: "ticket 7: locked", At: at(30)},
		{Run: "6", Runner: "c", Step: "", Error: "ticket 6: locked", At: at(59)},
		{Run: "5", Runner: "c", Class: "timeout", At: at(59)},
	}, TrendRequest{From: at(60), To: now, Buckets: 2}.Sane())
	if len(got) != 3 || got[0].Count != 3 || got[0].LastRun != "9" || got[0].Error != "ticket 9: locked" || !got[0].First.Equal(at(59)) ||
		!slices.Equal(got[0].Where, []string{"a/raise", "c"}) || !slices.Equal(got[0].Trend, []int{1, 2}) {
		t.Errorf("%+v", got)
	}
	if got[1].LastRun != "8" || got[1].Where[0] != "b" || got[2].Class != "timeout" {
		t.Errorf("%+v", got[1:])
	}
	if r := (TrendRequest{Buckets: -5}).Sane(); r.Buckets != 24 || !r.To.After(r.From) {
		t.Errorf("%+v", r)
	}
}
