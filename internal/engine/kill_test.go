package engine

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
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
	os.Exit(m.Run())
}

// killConfig is a mix of quick runs, pipelines and failures with retries.
func killConfig() (*config.Config, error) {
	cfg := &config.Config{Engine: config.Engine{Name: "kill", MaxParallelRuns: 8, DrainTimeout: time.Second}}
	for i := range 12 {
		s, err := schedule.Every(time.Duration(20+7*i)*time.Millisecond, time.Time{})
		if err != nil {
			return nil, err
		}
		def := probe("r" + strconv.Itoa(i))
		if i%3 == 1 {
			def = group(def.ID, probe("one"), probe("two"), probe("three"))
		}
		if i%3 == 2 {
			def.Use = "test:Flaky"
		}
		def.Retry = retries(4, 10*time.Millisecond)
		cfg.Runners = append(cfg.Runners, runnerOf(def, config.Trigger{Name: "interval", Schedule: s}))
	}
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

func killEngine(dir string) (*Engine, error) {
	cfg, err := killConfig()
	if err != nil {
		return nil, err
	}
	reg, err := killRegistry()
	if err != nil {
		return nil, err
	}
	return New(Options{Config: cfg, Pipes: reg, Services: noServices{}, Renderer: render.New(), StateDir: dir}), nil
}

// killChild runs an engine and says each end that was acknowledged, until it is killed.
func killChild(dir string) error {
	e, err := killEngine(dir)
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

// TestKill is promises 2, 3 and 4: whatever was acknowledged is there after kill -9, no tick has two rows, and nothing is
// left running.
func TestKill(t *testing.T) {
	kills := 100
	if testing.Short() {
		kills = 5
	}
	dir := t.TempDir()
	acked := map[string]string{}
	for range kills {
		killOnce(t, dir, acked)
	}
	if len(acked) < kills {
		t.Fatalf("only %d acknowledged ends in %d lives: the loop proves nothing", len(acked), kills)
	}
	e, err := killEngine(dir)
	if err != nil {
		t.Fatal(err)
	}
	e.o.RunOnly = true
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	checkAfterKills(t, dir, acked)
	t.Logf("%d kills, %d acknowledged ends, none lost", kills, len(acked))
}

func killOnce(t *testing.T, dir string, acked map[string]string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killDir+"="+dir)
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
		t.Fatalf("child says %q %s", lines.Text(), rest)
	}
	life := time.Duration(30+rand.IntN(120)) * time.Millisecond
	time.AfterFunc(life, func() { _ = cmd.Process.Kill() }) // it may have ended by itself
	for lines.Scan() {
		said = append(said, lines.Text())
	}
	_ = cmd.Wait() // killed
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
}

func checkAfterKills(t *testing.T, dir string, acked map[string]string) {
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
	for _, r := range runs {
		byID[r.ID] = r
		if r.State == orchestrator.Running || r.State == orchestrator.Cancelling {
			t.Errorf("run %s is %s although nothing runs", r.ID, r.State)
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
}
