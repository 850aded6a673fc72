package plain_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/plain"
	"github.com/openticketai/otai-tui/internal/ui/theme"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// page is what the console wrote. It is safe for concurrent use.
type page struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	changed chan struct{}
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	p.buf.Write(b)
	p.mu.Unlock()
	select {
	case p.changed <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (p *page) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.String()
}

// session is a console in lines.
type session struct {
	t     *testing.T
	fake  *uitest.Fake
	out   *page
	in    *io.PipeWriter
	ended chan error
}

func start(t *testing.T, change ...func(*plain.Options)) *session {
	t.Helper()
	in, keys := io.Pipe()
	s := &session{t: t, fake: uitest.New(uitest.Promises()), out: &page{changed: make(chan struct{}, 1)}, in: keys, ended: make(chan error, 1)}
	th, _ := theme.Named("terminal")
	o := plain.Options{
		Orchestrator: s.fake, In: in, Out: s.out, Actor: orchestrator.Actor{Name: "kim", Via: "console"}, Theme: th,
		Now: func() time.Time { return uitest.Now },
	}
	for _, c := range change {
		c(&o)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	go func() { s.ended <- plain.Run(ctx, o) }()
	return s
}

// sees waits for a text.
func (s *session) sees(texts ...string) *session {
	s.t.Helper()
	deadline := time.NewTimer(uitest.Patience)
	defer deadline.Stop()
	for _, want := range texts {
		for !strings.Contains(s.out.text(), want) {
			select {
			case <-s.out.changed:
			case <-deadline.C:
				s.t.Fatalf("%q was not written:\n%s", want, s.out.text())
			}
		}
	}
	return s
}

func (s *session) types(lines ...string) *session {
	s.t.Helper()
	for _, l := range lines {
		if _, err := io.WriteString(s.in, l+"\n"); err != nil {
			s.t.Fatal(err)
		}
	}
	return s
}

func (s *session) ends() error {
	s.t.Helper()
	select {
	case err := <-s.ended:
		return err
	case <-time.After(uitest.Patience):
		s.t.Fatalf("the console goes on:\n%s", s.out.text())
		return nil
	}
}

func (s *session) did(calls ...string) {
	s.t.Helper()
	if got := s.fake.Calls(); strings.Join(got, "\n") != strings.Join(calls, "\n") {
		s.t.Errorf("commands %q, want %q", got, calls)
	}
}

// TestChangesAreLines: one line for each change, the state as a word, without a cursor movement or a colour.
func TestChangesAreLines(t *testing.T) {
	s := start(t).sees("otai, line mode", "18 pipes", "Type help")
	s.fake.Change("dedupe", func(r *orchestrator.Runner) {
		r.State, r.Reason = orchestrator.Running, "run 77 runs"
		r.Current = &orchestrator.Run{ID: "77", Runner: "dedupe", State: orchestrator.Running, StartedAt: uitest.Now}
	})
	s.sees("14:02:31Z dedupe running: run 77 runs\n")
	s.fake.Change("dedupe", func(r *orchestrator.Runner) { r.StepsDone, r.StepsAll = 2, 5 }) // not worth a line
	s.fake.Change("dedupe", func(r *orchestrator.Runner) {
		r.State, r.Reason, r.Current = orchestrator.Failed, "merge failed", nil
		r.Last = &orchestrator.Run{ID: "77", State: orchestrator.Failed, Error: "409 conflict", Attempts: 1, MaxAttempts: 1}
	})
	s.sees("dedupe failed 1/1: merge failed · 409 conflict")
	s.fake.Hub.Event(orchestrator.Event{ID: 9001, Kind: "paused", Runner: "sentiment", Text: "sentiment paused by ana"})
	s.sees("event: sentiment paused by ana")
	s.fake.Hub.Engine(orchestrator.Engine{Health: "degraded", Problems: []string{"disk: 12 MB left"}})
	s.sees("engine degraded: disk: 12 MB left")
	s.fake.Hub.Engine(orchestrator.Engine{Health: "ok"})
	s.sees("engine ok again")
	out := s.out.text()
	if strings.Contains(out, "\x1b") || strings.Contains(out, "\r") {
		t.Errorf("controls in %q", out)
	}
	if n := strings.Count(out, "dedupe "); n != 2 {
		t.Errorf("%d lines on dedupe, want 2:\n%s", n, out)
	}
	s.types("quit")
	if err := s.ends(); err != nil {
		t.Error(err)
	}
}

// TestWhatActsOutsideAsks: only yes on the next line does it.
func TestWhatActsOutsideAsks(t *testing.T) {
	s := start(t)
	s.types("fire dedupe").sees("Fire dedupe now?").types("no").sees("nothing done")
	s.did()
	s.types("fire dedupe", "yes").sees("fired dedupe, run 01KAVFIRED")
	s.types("cancel 42", "status dedupe").sees("schedule: ") // another command answers no, and is done
	s.did("fire dedupe by kim")
	s.types("cancel 42", "y").sees("asked run 42 to stop")
	s.types("retry 42", "YES").sees("retrying run 42")
	s.types("answer 42 no wrong customer", "yes").sees("answered no")
	s.types("pause dedupe 1h release 2.4").sees("paused dedupe until 15:02:31Z")
	s.types("resume dedupe").sees("resumed dedupe")
	s.did("fire dedupe by kim", "cancel 42 by kim", "rerun 42 all=false by kim",
		`answer 42  approve=false input map[] note "wrong customer" by kim`, `pause dedupe by kim reason "release 2.4" until 15:02:31`, "resume dedupe by kim")
}

// TestManyPipesAtOnceAsk: what holds more than one pipe asks, with their number.
func TestManyPipesAtOnceAsk(t *testing.T) {
	s := start(t)
	s.types("pause tag tickets 1h release").sees("Pause tag tickets, 6 pipes?").types("yes").sees("tag tickets is held")
	s.types("resume tag tickets").sees("tag tickets goes on").types("pause tag nothing").sees("error: no pipe has the tag nothing")
	s.types("drain reboot", "no").sees("Drain engine, 18 pipes?", "nothing done").types("drain reboot", "yes").sees("engine is held")
	s.types("resume engine").sees("engine goes on").types("pause resource otobo", "y").sees("resource otobo is held").types("reload").sees("was taken")
	s.did(`pause tag tickets by kim reason "release" drain=false until 15:02:31`, "resume tag tickets by kim",
		`pause engine by kim reason "reboot" drain=true`, "resume engine by kim", `pause resource otobo by kim reason "" drain=false`, "reload by kim")
}

func TestQuestionsOfTheUser(t *testing.T) {
	s := start(t)
	s.types("help").sees("quit: leave").types("status").sees("18 pipes, ").types("runs dedupe").sees(" of dedupe ").types("log escalations").sees("log error ")
	s.types("events").sees("Z engine: ").types("approvals").sees("Move 12 tickets").types("engine").sees("limit ", "state in ")
	s.types("status dedup").sees("schedule: ").types("status nope").sees("error: no pipe nope").types("pase x").sees("error: no command pase")
	s.types("pause").sees("error: say which")
	s.fake.FailNext(errors.New("disk full"))
	s.types("pause dedupe").sees("error: disk full")
}

func TestLogLinesAreToldWhenAskedFor(t *testing.T) {
	s := start(t)
	line := orchestrator.LogLine{Run: "7", Runner: "dedupe", Seq: 1, Step: "dedupe/merge", Level: "warn", At: uitest.Now, Msg: "first"}
	s.fake.Hub.Log(line)
	s.types("follow dedupe").sees("new log lines of dedupe")
	line.Msg = "second"
	s.fake.Hub.Log(line)
	s.sees("log warn 14:02:31.000 merge: second")
	if strings.Contains(s.out.text(), "first") {
		t.Error("a line was told that nobody asked for")
	}
}

// TestHostileTextStaysOneLine: foreign text brings neither a control nor a second line.
func TestHostileTextStaysOneLine(t *testing.T) {
	const nasty = "a\x1b[2J\x1b]52;c;eA==\x07b\u202e\u200bc\xff\t日本\r\nd\u009b31m"
	for _, colour := range []bool{false, true} {
		s := start(t, func(o *plain.Options) { o.Colour = colour })
		s.sees("Type help")
		s.fake.Change("dedupe", func(r *orchestrator.Runner) { r.State, r.Reason = orchestrator.Late, nasty })
		s.fake.Hub.Event(orchestrator.Event{ID: 1, Kind: "paused", Text: nasty, By: nasty})
		s.types("follow all").sees("new log lines")
		s.fake.Hub.Log(orchestrator.LogLine{Runner: "dedupe", Step: nasty, Level: nasty, Msg: nasty + "end"})
		s.sees("dend")
		for line := range strings.Lines(s.out.text()) {
			for _, ours := range []string{"\x1b[m", "\x1b[35m", "\x1b[1;31m", "\x1b[33m"} {
				if colour {
					line = strings.ReplaceAll(line, ours, "")
				}
			}
			if strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\x1b\x07\r\n\t\u009b\u202e\u200b") || !strings.HasPrefix(line, "14:02:31Z ") {
				t.Errorf("%q", line)
			}
		}
	}
}

// TestLinesEndWithTheirInputAndOutput: at the end of the input without an error; a reader that has gone is one.
func TestLinesEndWithTheirInputAndOutput(t *testing.T) {
	s := start(t)
	if err := s.in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.ends(); err != nil {
		t.Errorf("the end of the input: %v", err)
	}
	if n := s.fake.Hub.Viewers(); n != 0 {
		t.Errorf("%d viewers are left", n)
	}
	gone := start(t, func(o *plain.Options) { o.Out = brokenPipe{} })
	if err := gone.ends(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a reader that has gone: %v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestASCIILines: with ASCII asked for, no byte is beyond it.
func TestASCIILines(t *testing.T) {
	s := start(t, func(o *plain.Options) { o.ASCII = true }).sees("Type help")
	s.fake.Change("dedupe", func(r *orchestrator.Runner) { r.State, r.Reason = orchestrator.Late, "Störung · 日本" })
	s.sees("dedupe late: St?rung . ??")
	for _, b := range []byte(s.out.text()) {
		if b > 0x7e {
			t.Fatalf("%q", s.out.text())
		}
	}
}
