package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/failpoint"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/store"
)

// killDir names the state directory when this binary is the child of the kill loop.
const killDir = "OTAI_KILL_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		if err := killChild(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	if dir := os.Getenv(journalDir); dir != "" {
		if err := journalChild(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// killConfig is a mix of quick runs, pipelines and failures with retries, under every kind of policy: overlap, limits, a trigger on
// another runner's end, handlers and undo.
func killConfig() (*config.Config, error) {
	cfg := &config.Config{Engine: config.Engine{Name: "kill", MaxParallelRuns: 8, DrainTimeout: time.Second}}
	cfg.Limits = config.Limits{Tags: map[string]int{"few": 2}, Resources: map[string]config.Resource{"api": {Max: 2}}}
	anchor := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	overlaps := []config.Overlap{
		"", config.OverlapBufferOne, config.OverlapBufferAll, config.OverlapAllowAll, config.OverlapCancelOther, config.OverlapTerminateOther,
	}
	for i := range 12 {
		s, err := schedule.Every(time.Duration(20+7*i)*time.Millisecond, anchor)
		if err != nil {
			return nil, err
		}
		def := probe("r" + strconv.Itoa(i))
		if i%3 == 1 {
			one, three := probe("one"), probe("three")
			undo := probe("undo")
			one.Undo = &undo
			three.Use, three.Retry = "test:Flaky", retries(1, 10*time.Millisecond)
			def = group(def.ID, one, probe("two"), three)
		}
		if i%3 == 2 {
			def.Use = "test:Flaky"
		}
		def.Retry = retries(4, 10*time.Millisecond)
		r := runnerOf(def, config.Trigger{Name: "interval", Schedule: s})
		r.Policy.Overlap, r.Policy.QueueMax = overlaps[i%len(overlaps)], 5
		if i%4 == 3 {
			r.Tags, r.Policy.Resources = []string{"few"}, map[string]int{"api": 1}
		}
		if i == 1 || i == 2 {
			r.Handlers.OnExit = []pipe.Definition{probe("exit")}
		}
		cfg.Runners = append(cfg.Runners, r)
	}
	last := probe("child")
	last.Retry = retries(4, 10*time.Millisecond)
	child := runnerOf(last, config.Trigger{
		Name: "after-r0", Kind: config.TriggerAfter, After: config.After{Runner: "r0", On: "completed"},
	})
	child.Policy.Overlap, child.Policy.QueueMax = config.OverlapBufferAll, 100_000
	cfg.Runners = append(cfg.Runners, child)
	return cfg, nil
}

func killRegistry() (*pipe.Registry, error) {
	quick := pipe.Func(func(context.Context, *pipe.Call) (pipe.Result, error) {
		return pipe.Success("", map[string]any{"n": 1}), nil
	})
	flaky := pipe.Func(func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
		c.Log.Info("flaky works")
		select {
		case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
		case <-ctx.Done():
		}
		if rand.IntN(2) == 0 {
			return pipe.Result{}, fmt.Errorf("bad luck")
		}
		return pipe.Success("", nil), nil
	})
	return pipe.NewRegistry(
		&pipe.Spec{Name: "test:Probe", New: func() pipe.Pipe { return quick }},
		&pipe.Spec{Name: "test:Flaky", New: func() pipe.Pipe { return flaky }},
		&pipe.Spec{Name: "test:Group", Composite: true})
}

func killEngine(dir string, fail func(string) error) (*Engine, error) {
	cfg, err := killConfig()
	if err != nil {
		return nil, err
	}
	reg, err := killRegistry()
	if err != nil {
		return nil, err
	}
	return New(Options{Config: cfg, Pipes: reg, Services: noServices{}, Renderer: render.New(), StateDir: dir, Fail: fail}), nil
}

// killChild runs an engine and says each end that was acknowledged, until it is killed, from outside or at a failpoint.
func killChild(dir string) error {
	fail, err := failpoint.Parse(os.Getenv(failpoint.Env))
	if err != nil {
		return err
	}
	e, err := killEngine(dir, fail)
	if err != nil {
		return err
	}
	sub := e.Subscribe()
	ctx := context.Background()
	if err := e.Start(ctx); err != nil {
		return err
	}
	fmt.Println("started")
	for {
		if err := sub.Wait(ctx); err != nil {
			return err
		}
		for _, ev := range sub.Take().Events {
			if ev.Run != "" && ev.State.Terminal() {
				fmt.Println("ended", ev.Run, ev.State)
			}
		}
	}
}

// killPoints are where a child may kill itself.
func killPoints() []string {
	return []string{
		failClaim, failStart, failStep, failStepDone, failEnd, failAfter, failHandlers,
		"store.begin", "store.before-commit", "store.after-commit",
	}
}

// TestKill is promises 1 to 5: 500 engines are killed, half of them at a random moment, half at a point around a commit. Whatever
// was acknowledged is there, no tick has two rows and none is missing, each end of an upstream made one run, and nothing is left
// running. OTAI_KILLS=n kills n in all.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := 500
	if testing.Short() {
		kills = 20
	}
	if n, err := strconv.Atoi(os.Getenv("OTAI_KILLS")); err == nil {
		kills = n
	}
	const histories = 4
	var atPoint, acknowledged atomic.Int64
	t.Run("histories", func(t *testing.T) {
		for i := range histories {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				dir, acked := t.TempDir(), map[string]string{}
				for n := range kills / histories {
					if killOnce(t, dir, acked, n%2 == 1) {
						atPoint.Add(1)
					}
				}
				acknowledged.Add(int64(len(acked)))
				before := settle(t, dir)
				checkAfterKills(t, dir, acked, before)
			})
		}
	})
	switch {
	case acknowledged.Load() < int64(kills):
		t.Errorf("only %d acknowledged ends in %d lives: the loop proves nothing", acknowledged.Load(), kills)
	case atPoint.Load() < int64(kills/4):
		t.Errorf("only %d of %d kills were at a failpoint", atPoint.Load(), kills)
	}
	t.Logf("%d kills, %d of them at a failpoint, %d acknowledged ends, none lost", kills, atPoint.Load(), acknowledged.Load())
}

// killOnce lets a child live until it is killed, and notes what it acknowledged. It reports whether a failpoint killed it.
func killOnce(t *testing.T, dir string, acked map[string]string, point bool) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killDir+"="+dir)
	life := time.Duration(30+rand.IntN(120)) * time.Millisecond
	if point {
		points := killPoints()
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%s=kill@%d", failpoint.Env, points[rand.IntN(len(points))], 1+rand.IntN(25)))
		life = 3 * time.Second // the point may never be reached
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var said []string
	if !lines.Scan() || lines.Text() != "started" {
		rest, _ := io.ReadAll(out) // only for the message
		if err := cmd.Wait(); !point || len(rest) > 0 || lines.Text() != "" {
			t.Fatalf("child says %q %s (%v)", lines.Text(), rest, err)
		}
		return true // killed while it recovered
	}
	var outside atomic.Bool
	timer := time.AfterFunc(life, func() { outside.Store(true); _ = cmd.Process.Kill() }) // it may have ended by itself
	for lines.Scan() {
		said = append(said, lines.Text())
	}
	_ = cmd.Wait() // killed
	timer.Stop()
	for i, line := range said {
		f := strings.Fields(line)
		if len(f) != 3 || f[0] != "ended" {
			if i == len(said)-1 { // cut by the kill
				break
			}
			t.Fatalf("child says %q", line)
		}
		acked[f[1]] = f[2]
	}
	return point && !outside.Load()
}

// settle gives the history one more life, in which what the killed ones left undone is done, and gives the newest run before it.
func settle(t *testing.T, dir string) int64 {
	t.Helper()
	e, err := killEngine(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := e.store.LastRun()
	deadline := time.After(30 * time.Second)
	for left := leftOver(t, e, before); left != ""; left = leftOver(t, e, before) {
		select {
		case <-deadline:
			t.Errorf("what the kills left undone is not done after 30 s: %s", left)
		case <-time.After(50 * time.Millisecond):
			continue
		}
		break
	}
	if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	return before
}

// leftOver says what up to a run is still to be done; "" = nothing.
func leftOver(t *testing.T, e *Engine, before int64) string {
	t.Helper()
	live, err := e.store.LiveRuns(t.Context())
	follows, ferr := e.store.PendingHandlers(t.Context())
	open, oerr := e.store.Outbox(t.Context(), outboxAfter, 100_000)
	if err := errors.Join(err, ferr, oerr); err != nil {
		t.Fatal(err)
	}
	for _, r := range append(live, follows...) {
		if seq, _ := strconv.ParseInt(r.ID, 10, 64); seq <= before {
			return fmt.Sprintf("run %s of %s is %s (%s), its handlers %q", r.ID, r.Runner, r.State, r.Reason, r.Handlers)
		}
	}
	for _, d := range open {
		run, _, _ := strings.Cut(strings.TrimPrefix(d.Key, "after:after-r0:"), ":")
		if seq, _ := strconv.ParseInt(run, 10, 64); seq <= before {
			return "the outbox holds " + d.Key
		}
	}
	return ""
}

func checkAfterKills(t *testing.T, dir string, acked map[string]string, before int64) {
	t.Helper()
	st, err := store.Open(t.Context(), dir, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	if err := st.Check(t.Context()); err != nil {
		t.Error(err)
	}
	runs, err := st.Runs(t.Context(), orchestrator.RunFilter{WithIdle: true, Limit: 10_000_000})
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]orchestrator.Run{}
	ticks := map[string]string{}
	children := map[string]int{}
	for _, r := range runs {
		byID[r.ID] = r
		if r.State == orchestrator.Running || r.State == orchestrator.Cancelling {
			t.Errorf("run %s is %s although nothing runs", r.ID, r.State)
		}
		if r.Parent != "" {
			children[r.Parent]++
		}
		if !r.Nominal.IsZero() {
			key := fmt.Sprint(r.Runner, r.Trigger, r.Nominal)
			if other, twice := ticks[key]; twice {
				t.Errorf("runs %s and %s have the same tick %s", r.ID, other, key)
			}
			ticks[key] = r.ID
		}
	}
	for id, state := range acked {
		if r, ok := byID[id]; !ok || string(r.State) != state {
			t.Errorf("run %s was acknowledged as %s, is %q", id, state, r.State)
		}
	}
	checkFollowers(t, runs, children, before)
	checkEveryTick(t, st, runs)
}

// checkFollowers: each end of r0 made one run of child, and each end that asks for handlers had them.
func checkFollowers(t *testing.T, runs []orchestrator.Run, children map[string]int, before int64) {
	t.Helper()
	parents := 0
	for i := range runs {
		r := &runs[i]
		seq, err := strconv.ParseInt(r.ID, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if seq > before || r.StartedAt.IsZero() || !r.State.Terminal() { // those of the last life may still have theirs before them
			continue
		}
		if r.Runner == "r0" && r.State == orchestrator.Completed {
			parents++
			if children[r.ID] != 1 {
				t.Errorf("run %s of r0 completed and made %d runs of child, want 1", r.ID, children[r.ID])
			}
		}
		if (r.Runner == "r1" || r.Runner == "r2") && r.Handlers != "done" {
			t.Errorf("run %s of %s is %s, its handlers %q", r.ID, r.Runner, r.State, r.Handlers)
		}
	}
	if parents == 0 {
		t.Error("r0 never completed: nothing is proved of its children")
	}
}

// checkEveryTick: from the first row of an interval to its cursor each nominal time is in exactly one row.
func checkEveryTick(t *testing.T, st *store.Store, runs []orchestrator.Run) {
	t.Helper()
	cursors, err := st.Cursors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := killConfig()
	if err != nil {
		t.Fatal(err)
	}
	for i := range cfg.Runners {
		r := &cfg.Runners[i]
		every, ok := r.Triggers[0].Schedule.(*schedule.Interval)
		if !ok {
			continue
		}
		count, first := 0, time.Time{}
		for j := range runs {
			if run := &runs[j]; run.Runner == r.ID && run.Trigger == "interval" {
				count += run.Count
				if first.IsZero() || run.FirstAt.Before(first) {
					first = run.FirstAt
				}
			}
		}
		for _, c := range cursors {
			if c.Runner != r.ID {
				continue
			}
			if want := int(c.Nominal.Sub(first)/every.Interval()) + 1; count != want {
				t.Errorf("%s: %d ticks have a row, %d were due from %s to %s", r.ID, count, want, first, c.Nominal)
			}
		}
	}
}
