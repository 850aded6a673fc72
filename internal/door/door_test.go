package door_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/door"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// shortDir is a directory whose path leaves room for a socket's.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "d") //nolint:usetesting // t.TempDir has the test's name in it: too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func open(t *testing.T, o orchestrator.Orchestrator) (*door.Client, string) {
	t.Helper()
	dir := shortDir(t)
	s, err := door.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	c, err := door.Dial(dir)
	if err != nil || !c.Answers(t.Context()) {
		t.Fatalf("nobody answers: %v", err)
	}
	return c, dir
}

// TestEveryCommandGoesThrough calls every method of the client; the fake says what arrived.
func TestEveryCommandGoesThrough(t *testing.T) {
	fake := uitest.New(uitest.Promises())
	c, _ := open(t, fake)
	ctx := t.Context()
	kim := orchestrator.Actor{Name: "kim", Via: "cli"}
	tag := orchestrator.Scope{Kind: orchestrator.ScopeTag, Name: "sync"}
	snap, err := c.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want, err := fake.Snapshot(ctx)
	if err != nil || len(snap.Runners) == 0 || !reflect.DeepEqual(snap, want) {
		t.Errorf("the snapshot came changed: %v", err)
	}
	runner := snap.Runners[0].ID
	var got []string
	note := func(name string, err error) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got = append(got, name)
	}
	_, err = c.RunOnce(ctx, runner, orchestrator.FireRequest{Params: map[string]string{"a": "b"}, By: kim})
	note("RunOnce", err)
	_, err = c.Trigger(ctx, runner, orchestrator.Webhook{Key: "k", By: kim})
	note("Trigger", err)
	note("PauseScope", c.PauseScope(ctx, tag, orchestrator.PauseRequest{Reason: "why", By: kim}))
	note("ResumeScope", c.ResumeScope(ctx, tag, kim))
	note("Cancel", c.Cancel(ctx, "7", kim))
	note("Rerun", c.Rerun(ctx, "7", orchestrator.RerunRequest{All: true, By: kim}))
	b, err := c.Backfill(ctx, orchestrator.BackfillRequest{Runner: runner, DryRun: true, By: kim})
	note("Backfill", err)
	note("CancelBackfill", c.CancelBackfill(ctx, b.ID, kim))
	note("Answer", c.Answer(ctx, orchestrator.AnswerRequest{Run: "7", Step: "s", Approve: true, By: kim}))
	_, err = c.Decide(ctx, orchestrator.ReviewRequest{
		Items: []orchestrator.ReviewItem{{Run: "7", Step: "s"}}, Verdict: orchestrator.VerdictLabel, Label: "x", Note: "n", By: kim,
	})
	note("Decide", err)
	note("Reload", c.Reload(ctx, kim))
	_, err = c.UndoTickets(ctx, orchestrator.TicketUndoRequest{Run: "7", By: kim})
	note("UndoTickets", err)
	if _, err = c.Ticket(ctx, orchestrator.TicketRef{Ticket: "4711"}); !errors.Is(err, orchestrator.ErrUnknownTicket) {
		t.Errorf("an unknown ticket came as %v", err)
	}
	note("Ticket", nil)
	calls := fake.Calls()
	for i, say := range []string{
		"fire " + runner + " params map[a:b]", "trigger " + runner + ` key "k"`, `pause tag sync by kim reason "why" drain=false`, "resume tag sync by kim",
		"cancel 7 by kim", "rerun 7 all=true by kim", "backfill " + runner, "cancel backfill " + b.ID + " by kim",
		"answer 7 s approve=true", `review label 7 s "x" note "n" by kim`, "reload by kim",
		`undo ticket "" entry 0 run "7" by kim`,
	} {
		if i >= len(calls) || !strings.HasPrefix(calls[i], say) {
			t.Errorf("call %d is %q, want %q", i, calls[min(i, len(calls)-1)], say)
		}
	}
	note("Pause", c.Pause(ctx, runner, orchestrator.PauseRequest{By: kim}))
	note("Resume", c.Resume(ctx, runner, kim))
	if calls = fake.Calls(); !strings.HasPrefix(calls[len(calls)-2], "pause "+runner) || calls[len(calls)-1] != "resume "+runner+" by kim" {
		t.Errorf("of %q arrived %q", got, calls)
	}
}

// TestErrorsStayWhatTheyAre: callers tell them apart on this side as on the other.
func TestErrorsStayWhatTheyAre(t *testing.T) {
	fake := uitest.New(uitest.Promises())
	c, _ := open(t, fake)
	for _, is := range []error{orchestrator.ErrNotNow, orchestrator.ErrUnknownRun, orchestrator.ErrUnknownRunner} {
		fake.FailNext(fmt.Errorf("%w: because", is))
		if err := c.Cancel(t.Context(), "7", orchestrator.Actor{}); !errors.Is(err, is) || err.Error() != is.Error()+": because" {
			t.Errorf("%v came as %v", is, err)
		}
	}
	fake.FailNext(fault.Permanentf("no such parameter"))
	if err := c.Cancel(t.Context(), "7", orchestrator.Actor{}); fault.ClassOf(err) != fault.Permanent || err.Error() != "no such parameter" {
		t.Errorf("a permanent error came as %v", err)
	}
	fake.FailNext(errors.New("disk"))
	if err := c.Cancel(t.Context(), "7", orchestrator.Actor{}); err == nil || fault.ClassOf(err) == fault.Permanent || errors.Is(err, orchestrator.ErrNotNow) {
		t.Errorf("a plain error came as %v", err)
	}
	if err := c.Cancel(t.Context(), "7", orchestrator.Actor{}); err != nil {
		t.Errorf("after errors: %v", err)
	}
}

func TestOnlyTheUserGetsIn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are another matter there")
	}
	dir := shortDir(t)
	if err := os.Mkdir(filepath.Join(dir, "door"), 0o755); err != nil { // left open by somebody
		t.Fatal(err)
	}
	s, err := door.Open(t.Context(), dir, uitest.New(uitest.Promises()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(t.Context()) }()
	info, err := os.Stat(filepath.Join(dir, "door"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the door's directory is %v (%v)", info.Mode(), err)
	}
}

// TestADeadEnginesSocketIsReplaced: kill -9 leaves it there.
func TestADeadEnginesSocketIsReplaced(t *testing.T) {
	dir := shortDir(t)
	if err := os.Mkdir(filepath.Join(dir, "door"), 0o700); err != nil {
		t.Fatal(err)
	}
	addr := &net.UnixAddr{Name: filepath.Join(dir, "door", "engine.sock"), Net: "unix"}
	l, err := net.ListenUnix("unix", addr)
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := door.Dial(dir)
	if err != nil || c.Answers(t.Context()) {
		t.Fatalf("a dead socket answers (%v)", err)
	}
	if err := c.Cancel(t.Context(), "7", orchestrator.Actor{}); err == nil {
		t.Error("a dead engine took a command")
	}
	s, err := door.Open(t.Context(), dir, uitest.New(uitest.Promises()))
	if err != nil {
		t.Fatal(err)
	}
	if !c.Answers(t.Context()) {
		t.Error("the new engine does not answer")
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if c.Answers(t.Context()) {
		t.Error("a closed door answers")
	}
}

func TestLongPathsAreRefused(t *testing.T) {
	dir := filepath.Join(shortDir(t), strings.Repeat("long", 30))
	if _, err := door.Open(context.WithoutCancel(t.Context()), dir, nil); !errors.Is(err, door.ErrTooLong) {
		t.Errorf("open: %v", err)
	}
	if _, err := door.Dial(dir); !errors.Is(err, door.ErrTooLong) {
		t.Errorf("dial: %v", err)
	}
}

func TestHugeRequestsAreRefused(t *testing.T) {
	c, _ := open(t, uitest.New(uitest.Promises()))
	_, err := c.RunOnce(t.Context(), "x", orchestrator.FireRequest{Key: strings.Repeat("k", 2<<20)})
	if err == nil || errors.Is(err, orchestrator.ErrUnknownRunner) {
		t.Errorf("%v", err)
	}
}
