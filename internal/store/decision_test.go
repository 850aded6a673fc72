package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

func putDecision(t *testing.T, s *Store, d orchestrator.Decision) {
	t.Helper()
	if err := s.Write(t.Context(), func(tx *Tx) error { return tx.PutDecision(&d) }); err != nil {
		t.Fatal(err)
	}
}

// TestDecisionsStayWhatAPersonSaid: a step has one decision, what an operator said of it stays, and the counts agree with a plain
// count over all of them.
func TestDecisionsStayWhatAPersonSaid(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	at := time.Unix(1_700_000_000, 0).UTC()
	d := orchestrator.Decision{Run: "1", Step: "g/c", Runner: "g", Ticket: "7", At: at, Model: "m", Label: "a", Confidence: 0.6, Final: "a", Source: "model"}
	putDecision(t, s, d)
	asked := d
	asked.Ticket, asked.Final, asked.Source, asked.Asked, asked.At = "", "", "waiting", at.Add(time.Second), at.Add(time.Second)
	putDecision(t, s, asked)
	said := asked
	said.Final, said.Source, said.By, said.Decided, said.Asked, said.Text = "b", "operator", "kim", at.Add(time.Minute), time.Time{}, "T"
	putDecision(t, s, said)
	putDecision(t, s, d) // the step is done again
	all, err := s.Decisions(t.Context(), orchestrator.QualityFilter{}, 0, 10)
	want := said
	want.ID, want.Ticket, want.At, want.Asked = 1, "7", at, at.Add(time.Second)
	if err != nil || len(all) != 1 || all[0] != want || !all[0].Corrected() {
		t.Errorf("%+v, want %+v (%v)", all, want, err)
	}
}

func TestQualityCountsEveryDecision(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	at := time.Unix(1_700_000_000, 0).UTC()
	want := map[string]*orchestrator.QualityRow{}
	for i := range 400 {
		d := orchestrator.Decision{
			Run: "1", Step: fmt.Sprint(i), Runner: "g", At: at.Add(time.Duration(i) * time.Second), Model: []string{"m", "n"}[i%2],
			Label: []string{"a", "b", "c"}[i%3], Confidence: float64(i%21) / 20, Source: []string{"model", "operator", "deadline", "waiting"}[i%4],
		}
		if d.Final = d.Label; i%5 == 0 && d.Source == "operator" {
			d.Final = "z"
		} else if i%7 == 0 || d.Source == "waiting" {
			d.Final = ""
		}
		if d.Source == "operator" {
			d.Asked, d.Decided = at, at.Add(time.Duration(i)*time.Second)
		}
		putDecision(t, s, d)
		if i < 100 { // left out by the filter
			continue
		}
		r := want[d.Model+d.Label]
		if r == nil {
			r = &orchestrator.QualityRow{Model: d.Model, Label: d.Label}
			want[d.Model+d.Label] = r
		}
		b := orchestrator.BucketOf(d.Confidence)
		r.Total++
		r.All[b]++
		switch {
		case d.Source == "waiting":
			r.Waiting++
		case d.Source == "deadline":
			r.Expired++
		case d.Source == "operator" && d.Final == "":
			r.Skipped++
		case d.Source == "operator":
			r.Reviewed++
			r.Judged[b]++
			if d.Corrected() {
				r.Corrected++
			} else {
				r.Approved[b]++
			}
		}
	}
	q, err := s.Quality(t.Context(), orchestrator.QualityFilter{Since: at.Add(100 * time.Second), Until: at.Add(time.Hour), Runner: "g"})
	if err != nil || len(q.Rows) != 6 {
		t.Fatalf("%d rows, %v", len(q.Rows), err)
	}
	for _, r := range q.Rows {
		if (r.Median > 0) != (r.Reviewed > 0) || r.Median > 400*time.Second {
			t.Errorf("%s %s: median %s of %d", r.Model, r.Label, r.Median, r.Reviewed)
		}
		r.Median = 0
		if r != *want[r.Model+r.Label] {
			t.Errorf("%+v\nwant %+v", r, *want[r.Model+r.Label])
		}
	}
}

// TestDecisionsAreBounded by number and age; those that wait stay.
func TestDecisionsAreBounded(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	at := time.Unix(1_700_000_000, 0).UTC()
	for i := range 30 {
		d := orchestrator.Decision{Run: "1", Step: fmt.Sprint(i), At: at.Add(time.Duration(i) * time.Hour), Source: "model"}
		if i == 2 {
			d.Source = "waiting"
		}
		putDecision(t, s, d)
	}
	left := func(most int, age time.Duration) int {
		t.Helper()
		if err := s.PruneDecisions(t.Context(), most, age, at.Add(30*time.Hour)); err != nil {
			t.Fatal(err)
		}
		all, err := s.Decisions(t.Context(), orchestrator.QualityFilter{}, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	for _, c := range []struct {
		most int
		age  time.Duration
		want int
	}{{0, 0, 30}, {20, 0, 21}, {0, 15*time.Hour + time.Minute, 16}, {5, 0, 6}} {
		if got := left(c.most, c.age); got != c.want {
			t.Errorf("%d and %s leave %d, want %d", c.most, c.age, got, c.want)
		}
	}
}
