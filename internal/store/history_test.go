package store

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// TestHistoryQueriesAgreeWithARecount fills a history at random and works every answer out by hand as well.
func TestHistoryQueriesAgreeWithARecount(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // a test's dice
	states := []orchestrator.State{
		orchestrator.Completed, orchestrator.Completed, orchestrator.Failed, orchestrator.Crashed, orchestrator.Cancelled, orchestrator.Skipped,
		orchestrator.Running,
	}
	var all []orchestrator.Run
	for i := range 400 {
		run := runAt(i+1, noon.Add(time.Duration(r.IntN(7200))*time.Second), states[r.IntN(len(states))])
		run.Nominal = time.Time{}
		run.Runner = []string{"a", "b", "c%_"}[r.IntN(3)]
		run.Error = []string{"", "boom", "50% off"}[r.IntN(3)]
		run.DueAt = run.CreatedAt
		run.StartedAt = run.DueAt.Add(time.Duration(r.IntN(20)) * time.Second)
		run.EndedAt = time.Time{}
		if run.State != orchestrator.Running {
			run.EndedAt = run.StartedAt.Add(time.Duration(r.IntN(600)) * time.Second)
		}
		run.Idle = run.State == orchestrator.Completed && r.IntN(4) == 0
		if !insert(t, s, run, "") {
			t.Fatal("refused")
		}
		must(t, s, func(tx *Tx) error { _, err := tx.UpdateRun(run, 1, true); return err })
		all = append(all, *run)
	}
	from, to := noon.Add(20*time.Minute), noon.Add(80*time.Minute)
	for _, runner := range []string{"", "a", "c%_"} {
		checkTrend(t, s, all, runner, from, to)
	}
	got, err := s.Overlapping(t.Context(), from, to, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, run := range all {
		if !run.Idle && run.State != orchestrator.Skipped && run.StartedAt.Before(to) && (run.EndedAt.IsZero() || !run.EndedAt.Before(from)) {
			want = append(want, run.ID)
		}
	}
	if ids := idsOf(got); !slices.Equal(ids, want) {
		t.Errorf("overlapping: %d runs, want %d", len(ids), len(want))
	}
	if few, _ := s.Overlapping(t.Context(), from, to, 7); !slices.Equal(idsOf(few), want[len(want)-7:]) {
		t.Errorf("of too many the newest are kept, in order: %v, want %v", idsOf(few), want[len(want)-7:])
	}
	for _, f := range []orchestrator.RunFilter{
		{WithIdle: true},
		{},
		{Runner: "a"},
		{Runners: []string{"a", "c%_"}, Text: []string{"BOOM"}},
		{Text: []string{"50% o"}},
		{Text: []string{"%_"}},
		{Text: []string{"_"}, WithIdle: true},
		{States: []orchestrator.State{orchestrator.Failed}, Text: []string{"a", "boom"}},
	} {
		n, err := s.CountRuns(t.Context(), f)
		f.Limit = 10_000
		runs, err2 := s.Runs(t.Context(), f)
		if err != nil || err2 != nil || n != len(runs) || n != countLike(all, f) {
			t.Errorf("%+v: count %d, read %d, want %d, %v %v", f, n, len(runs), countLike(all, f), err, err2)
		}
	}
}

func checkTrend(t *testing.T, s *Store, all []orchestrator.Run, runner string, from, to time.Time) {
	t.Helper()
	const buckets = 7
	got, err := s.Trend(t.Context(), runner, from, to, buckets)
	if err != nil {
		t.Fatal(err)
	}
	runs, failed, waits := make([]int, buckets), make([]int, buckets), make([][]time.Duration, buckets)
	failures := 0
	for _, run := range all {
		if run.EndedAt.IsZero() || run.EndedAt.Before(from) || !run.EndedAt.Before(to) || run.Idle || run.State == orchestrator.Skipped ||
			runner != "" && run.Runner != runner {
			continue
		}
		b := min(int(run.EndedAt.Sub(from)/(to.Sub(from)/buckets)), buckets-1)
		runs[b]++
		if run.State == orchestrator.Failed || run.State == orchestrator.Crashed {
			failed[b]++
			failures++
		}
		waits[b] = append(waits[b], run.StartedAt.Sub(run.DueAt))
	}
	if !slices.Equal(got.Runs, runs) || !slices.Equal(got.Failed, failed) {
		t.Errorf("trend of %q: %v %v, want %v %v", runner, got.Runs, got.Failed, runs, failed)
	}
	for b, w := range waits {
		slices.Sort(w)
		if want := w[(len(w)*95+99)/100-1]; got.Wait[b] != want {
			t.Errorf("wait of %q in part %d: %s, want %s", runner, b, got.Wait[b], want)
		}
	}
	fs, err := s.Failures(t.Context(), runner, from, to, 1000)
	if err != nil || len(fs) != failures {
		t.Errorf("%d failures of %q, want %d, %v", len(fs), runner, failures, err)
	}
	for i := 1; i < len(fs); i++ {
		if fs[i].At.After(fs[i-1].At) {
			t.Error("failures are not newest first")
		}
	}
}

func idsOf(runs []orchestrator.Run) []string {
	out := make([]string, len(runs))
	for i := range runs {
		out[i] = runs[i].ID
	}
	return out
}

// countLike counts what a filter means, by hand.
func countLike(all []orchestrator.Run, f orchestrator.RunFilter) int {
	n := 0
	for i := range all {
		r := &all[i]
		switch {
		case f.Runner != "" && r.Runner != f.Runner, len(f.Runners) > 0 && !slices.Contains(f.Runners, r.Runner),
			len(f.States) > 0 && !slices.Contains(f.States, r.State),
			len(f.States) == 0 && !f.WithIdle && (r.Idle || r.State == orchestrator.Skipped),
			slices.ContainsFunc(f.Text, func(w string) bool {
				hay := strings.ToLower(strings.Join([]string{r.Runner, r.ID, r.Trigger, r.Error, r.Reason, r.FailedStep, r.By}, "\x00"))
				return !strings.Contains(hay, strings.ToLower(w))
			}):
		default:
			n++
		}
	}
	return n
}

// millionRuns is a history of a million runs of a hundred runners over thirty days, one in fifty failed.
func millionRuns(b *testing.B) *Store {
	b.Helper()
	dir := b.TempDir()
	s, err := Open(b.Context(), dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err != nil || len(names) != 1 {
		b.Fatalf("%v %v", names, err)
	}
	db, err := sql.Open("sqlite", names[0])
	if err != nil {
		b.Fatal(err)
	}
	_, err = db.ExecContext(context.Background(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1000000)
		INSERT INTO run(seq, runner, trigger, nominal, state, created, due, started, ended, first_at, error, failed_step, epoch)
		SELECT i, 'runner-'||(i%100), 'interval', ?+i*2592000000, CASE WHEN i%50=0 THEN 'failed' ELSE 'completed' END, ?+i*2592000000,
			?+i*2592000000, ?+i*2592000000+i%7*100000000, ?+i*2592000000+3000000000, ?+i*2592000000,
			CASE WHEN i%50=0 THEN 'ticket '||i||': 409 conflict' ELSE '' END, '', 1 FROM n`,
		noon.UnixNano(), noon.UnixNano(), noon.UnixNano(), noon.UnixNano(), noon.UnixNano(), noon.UnixNano())
	if err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	if s, err = Open(b.Context(), dir, Options{}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// BenchmarkMillionRuns asks a history of a million runs what the console asks.
func BenchmarkMillionRuns(b *testing.B) {
	s := millionRuns(b)
	end := noon.Add(1_000_000 * 2592 * time.Millisecond)
	day := end.Add(-24 * time.Hour)
	for _, q := range []struct {
		name string
		ask  func(ctx context.Context) error
	}{
		{"newest page", func(ctx context.Context) error { _, err := s.Runs(ctx, orchestrator.RunFilter{}); return err }},
		{"page of one runner", func(ctx context.Context) error {
			_, err := s.Runs(ctx, orchestrator.RunFilter{Runner: "runner-7", Before: "500000"})
			return err
		}},
		{"page of failed", func(ctx context.Context) error {
			_, err := s.Runs(ctx, orchestrator.RunFilter{States: []orchestrator.State{orchestrator.Failed}})
			return err
		}},
		{"page since a minute", func(ctx context.Context) error {
			_, err := s.Runs(ctx, orchestrator.RunFilter{Since: end.Add(-time.Minute)})
			return err
		}},
		{"count since a day", func(ctx context.Context) error {
			_, err := s.CountRuns(ctx, orchestrator.RunFilter{Since: day})
			return err
		}},
		{"timeline of 2h, long ago", func(ctx context.Context) error {
			_, err := s.Overlapping(ctx, noon.Add(10*24*time.Hour), noon.Add(10*24*time.Hour+2*time.Hour), 5000)
			return err
		}},
		{"text found nowhere", func(ctx context.Context) error {
			_, err := s.Runs(ctx, orchestrator.RunFilter{Text: []string{"nowhere"}})
			return err
		}},
		{"count of all", func(ctx context.Context) error { _, err := s.CountRuns(ctx, orchestrator.RunFilter{}); return err }},
		{"timeline of 2h", func(ctx context.Context) error {
			_, err := s.Overlapping(ctx, end.Add(-2*time.Hour), end, 5000)
			return err
		}},
		{"trend of a day", func(ctx context.Context) error { _, err := s.Trend(ctx, "", day, end, 48); return err }},
		{"failures of a day", func(ctx context.Context) error { _, err := s.Failures(ctx, "", day, end, 20_000); return err }},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				if err := q.ask(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
