package engine

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/failpoint"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/pipe/base"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/store"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/desk"
)

// journalDir names the state directory when this binary is a child that routes tickets until it is killed.
const journalDir = "OTAI_JOURNAL_DIR"

// journalEngine routes the tickets of a desk in its own directory.
func journalEngine(ctx context.Context, dir string, fail func(string) error) (*Engine, *desk.Desk, error) {
	d, err := desk.Open(ctx, filepath.Join(dir, "desk.db"), desk.Options{Author: "otai"})
	if err != nil {
		return nil, nil, err
	}
	def := routing()
	def.Steps = def.Steps[:2]
	def.Retry = retries(9, time.Millisecond)
	reg, err := pipe.NewRegistry(append(base.Specs(), &pipe.Spec{Name: "test:Group", Composite: true})...)
	if err != nil {
		return nil, nil, err
	}
	cfg := &config.Config{
		Runners: []config.Runner{runnerOf(def)}, Engine: config.Engine{Name: "test", MaxParallelRuns: 2, DrainTimeout: time.Second},
	}
	return New(Options{Config: cfg, Pipes: reg, Services: &office{sys: d}, Renderer: render.New(), StateDir: dir, Fail: fail}), d, nil
}

// journalChild fires the runner once and lives until it is killed, or says how the run ended.
func journalChild(dir string) error {
	fail, err := failpoint.Parse(os.Getenv(failpoint.Env))
	if err != nil {
		return err
	}
	ctx := context.Background()
	e, _, err := journalEngine(ctx, dir, fail)
	if err != nil {
		return err
	}
	if err := e.Start(ctx); err != nil {
		return err
	}
	if _, err := e.RunOnce(ctx, "routing", orchestrator.FireRequest{}); err != nil {
		return err
	}
	<-time.After(20 * time.Second)
	return fmt.Errorf("nobody killed it")
}

// TestTheJournalTellsTheTruthAfterAKill: between an intent and its outcome the journal says that it does not know; the next life
// finds out, and one entry says what was done, whether the write had been sent or not.
func TestTheJournalTellsTheTruthAfterAKill(t *testing.T) {
	t.Parallel()
	for point, moved := range map[string]bool{failWriteOpen + "=kill@1": false, failWriteDone + "=kill@1": true, failWriteDone + "=kill@2": true} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			seed(t, dir)
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), journalDir+"="+dir, failpoint.Env+"="+point)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for said := bufio.NewScanner(out); said.Scan(); {
				t.Fatalf("the child says %q", said.Text())
			}
			_ = cmd.Wait() // killed
			entries := journalOf(t, dir)
			last := entries[len(entries)-1]
			if last.Outcome != orchestrator.TicketOpen {
				t.Fatalf("after the kill:\n%s", words(entries))
			}
			lost(t, dir)
			entries = journalOf(t, dir)
			if last = entries[len(entries)-1]; last.Outcome != orchestrator.TicketUnknown || last.Error == "" {
				t.Errorf("the next life says of it:\n%s", words(entries))
			}
			if is := where(t, dir, "1"); (is[:7] == "Billing") != moved {
				t.Errorf("ticket 1 is in %s: the test does not test what it says", is)
			}
			goOn(t, dir)
			want := "each/1/move 1 update queue Raw>Billing priority 3 normal>4 high done\neach/1/note 1 note routed 26 \"\" done\n" +
				"each/2/move 2 update queue Raw>Billing priority 3 normal>4 high done\neach/2/note 2 note routed 26 \"\" done"
			if got := words(journalOf(t, dir)); got != want {
				t.Errorf("in the end:\n%s\nwant\n%s", got, want)
			}
			for _, id := range []string{"1", "2"} {
				if is := where(t, dir, id); is != "Billing 4 high notes=1" {
					t.Errorf("ticket %s is %s", id, is)
				}
			}
		})
	}
}

func seed(t *testing.T, dir string) {
	t.Helper()
	d, err := desk.Open(t.Context(), filepath.Join(dir, "desk.db"), desk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	for _, s := range []string{"invoice is wrong", "vpn is down"} {
		if _, err := d.Create(t.Context(), ticket.Ticket{Subject: s, Queue: ticket.Named("Raw")}); err != nil {
			t.Fatal(err)
		}
	}
}

func where(t *testing.T, dir, id string) string {
	t.Helper()
	d, err := desk.Open(t.Context(), filepath.Join(dir, "desk.db"), desk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	return queueOf(t, d, id)
}

func journalOf(t *testing.T, dir string) []orchestrator.TicketEntry {
	t.Helper()
	st, err := store.Open(t.Context(), dir, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	es, err := st.TicketLog(t.Context(), orchestrator.TicketLogFilter{Changes: true})
	if err != nil || len(es) == 0 {
		t.Fatalf("%d entries, %v", len(es), err)
	}
	return es
}

// lost does what a start does first.
func lost(t *testing.T, dir string) {
	t.Helper()
	st, err := store.Open(t.Context(), dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = st.Write(t.Context(), func(tx *store.Tx) error {
		ok, err := tx.LoseTicketWrites(time.Now())
		if !ok {
			t.Error("no write was found open")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

// goOn gives the history another life, in which the run is finished.
func goOn(t *testing.T, dir string) {
	t.Helper()
	e, d, err := journalEngine(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	sub := e.Subscribe()
	defer sub.Close()
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		run, err := e.RunDetail(ctx, "1")
		if err != nil {
			t.Fatal(err)
		}
		if run.Run.State.Terminal() {
			if run.Run.State != orchestrator.Completed {
				t.Errorf("run: %+v", run.Run)
			}
			break
		}
		if err := sub.Wait(ctx); err != nil {
			t.Fatalf("the run is %s: %v", run.Run.State, err)
		}
		sub.Take()
	}
	if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}
