package ui_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// raw is what a terminal sends for a key.
func raw(key string) string {
	switch key {
	case "enter":
		return "\r"
	case "tab":
		return "\t"
	case "space":
		return " "
	case "down":
		return "\x1b[B"
	case "up":
		return "\x1b[A"
	case "ctrl+d":
		return "\x04"
	case "ctrl+u":
		return "\x15"
	}
	return key
}

// TestTerminalShowsTheFrame is the oracle of the wire: after any keys and live changes, what a terminal made of the
// bytes equals the frame drawn from the same state.
func TestTerminalShowsTheFrame(t *testing.T) {
	keys := []string{
		"j", "k", "down", "up", "G", "g", "ctrl+d", "ctrl+u", "enter", "q", "1", "2", "3", "4", "5", "6", "7", "tab", "space", "a", "@", "s", "C", "v", "*", "\\", ">", "<", "S", "L", "H", "h", "l", "[", "]", "i", "?", "w", "-", "+", "e", "N",
	}
	const steps = 40
	for _, seed := range []uint64{1, 2} {
		for _, size := range [][2]int{{80, 24}, {140, 40}, {58, 16}} {
			t.Run(fmt.Sprintf("%dx%d seed %d", size[0], size[1], seed), func(t *testing.T) {
				sized := func(o *ui.Options) { o.Width, o.Height, o.Detached = size[0], size[1], false }
				s := uitest.Start(t, uitest.New(uitest.Tickets()), sized)
				d := uitest.Drive(t, uitest.New(uitest.Tickets()), sized)
				s.WaitFrame(t, d.Lines())
				rng := rand.New(rand.NewPCG(seed, 9))
				for i := range steps {
					k := keys[rng.IntN(len(keys))]
					if d.Press(k); d.Quit {
						break
					}
					s.Keys(t, raw(k))
					if k == "?" {
						d.Press("q")
						s.Keys(t, "q")
					}
					if strings.Contains("enter q 1 2 3 4 L H i", k) || i == steps-1 {
						s.WaitFrame(t, d.Lines()) // these read something, and the next key works on what was read
					}
				}
			})
		}
	}
}

func TestLiveChangesReachTheTerminal(t *testing.T) {
	s := uitest.Start(t, uitest.New(uitest.Tickets()))
	s.WaitText(t, "18 pipes")
	s.Fake.Change("dedupe", func(r *orchestrator.Runner) {
		r.State, r.Current = orchestrator.Running, &orchestrator.Run{ID: "01X", State: orchestrator.Running, StartedAt: uitest.Now}
	})
	s.WaitText(t, "▸ 3")
	s.Clock.Advance(time.Second)
	s.WaitText(t, "14:02:32Z")
}

// TestByteBudgets keeps slow links good: what a first frame, a second and one changed row cost.
func TestByteBudgets(t *testing.T) {
	for _, c := range []struct {
		theme string
		ssh   bool
	}{{"terminal", false}, {"terminal", true}, {"otai-dark", true}, {"otai-light", true}, {"mono", true}} {
		t.Run(fmt.Sprintf("%s ssh %v", c.theme, c.ssh), func(t *testing.T) { byteBudgets(t, c.theme, c.ssh) })
	}
}

func byteBudgets(t *testing.T, theme string, ssh bool) {
	s := uitest.Start(t, uitest.New(uitest.Tickets()), func(o *ui.Options) {
		o.Theme, o.OverSSH, o.Environ = theme, ssh, append(o.Environ, "COLORTERM=truecolor")
	})
	s.WaitFrame(t, tickets(t).Lines())
	if n := s.Bytes(); n > 6000 {
		t.Errorf("the first frame took %d bytes, the budget is 6000", n)
	} else {
		t.Logf("first frame %d bytes", n)
	}

	from := s.Bytes()
	const seconds = 30
	for i := range seconds {
		s.Clock.Advance(time.Second)
		s.WaitText(t, uitest.Now.Add(time.Duration(i+1)*time.Second).Format("15:04:05Z"))
	}
	if n := (s.Bytes() - from) / seconds; n > 60 {
		t.Errorf("a second took %d bytes, the budget is 60", n)
	} else {
		t.Logf("one second with 13 rows on show: %d bytes", n)
	}

	from = s.Bytes()
	s.Fake.Change("kb-suggest", func(r *orchestrator.Runner) { r.StepsDone++ })
	s.WaitText(t, "run 6/7")
	if n := s.Bytes() - from; n > 120 {
		t.Errorf("one changed row took %d bytes, the budget is 120", n)
	} else {
		t.Logf("a step further: %d bytes", n)
	}

	// The start of a run changes the row at both ends, the strip in between (three bytes a bar) and, with up to 25 bytes, the count in the
	// header. Ultraviolet writes what lies between two changes of a row anew, unchanged or not.
	const start = 120 + 25
	from = s.Bytes()
	s.Fake.Change("vip-queue", func(r *orchestrator.Runner) {
		r.State, r.Current = orchestrator.Running, &orchestrator.Run{ID: "01X", State: orchestrator.Running, StartedAt: uitest.Now.Add(time.Minute)}
	})
	s.WaitText(t, "▸ vip-queue")
	if n := s.Bytes() - from; n > start {
		t.Errorf("the start of a run took %d bytes, the budget is %d", n, start)
	} else {
		t.Logf("the start of a run: %d bytes", n)
	}
}

// TestOverSSHAsksNothing: no questions go out, synchronized output is on.
func TestOverSSHAsksNothing(t *testing.T) {
	s := uitest.Start(t, uitest.New(uitest.Tickets()), func(o *ui.Options) { o.OverSSH = true })
	s.WaitText(t, "18 pipes")
	s.Keys(t, "2") // a whole screen: small changes go without
	s.Wait(t, "synchronized output", func([]string) bool { return strings.Contains(s.Raw(), "\x1b[?2026h") })
	if strings.Contains(s.Raw(), "$p") {
		t.Error("the terminal was asked for a mode")
	}
}

// stuck is a terminal that takes nothing after a while. Close sets its writers free.
type stuck struct {
	left   int
	closed chan struct{}
	once   sync.Once
}

func (s *stuck) Write(p []byte) (int, error) {
	if s.left -= len(p); s.left > 0 {
		return len(p), nil
	}
	<-s.closed
	return 0, io.ErrClosedPipe
}

func (s *stuck) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// TestStalledTerminalIsDropped is promise 6 for the console: the session ends, and the engine never waits.
func TestStalledTerminalIsDropped(t *testing.T) {
	f := uitest.New(uitest.Tickets())
	out := &stuck{left: 1000, closed: make(chan struct{})}
	s := uitest.Start(t, f, func(o *ui.Options) { o.Out, o.StallTimeout = out, 200*time.Millisecond })
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var slowest time.Duration
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			began := time.Now()
			f.Change("dedupe", func(r *orchestrator.Runner) { r.Runs = i })
			slowest = max(slowest, time.Since(began))
		}
	})
	err := s.WaitEnd(t)
	close(stop)
	wg.Wait()
	if !errors.Is(err, ui.ErrStalled) {
		t.Fatalf("Run gave %v", err)
	}
	if slowest > 500*time.Millisecond {
		t.Errorf("publishing took up to %v beside a stalled viewer", slowest)
	}
	if n := f.Hub.Viewers(); n != 0 {
		t.Errorf("%d viewers are left", n)
	}
}

// broken is a terminal that has gone away.
type broken struct{ left int }

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left > 0 {
		return len(p), nil
	}
	return 0, io.ErrClosedPipe
}

func TestWriteErrorEndsTheConsole(t *testing.T) {
	s := uitest.Start(t, uitest.New(uitest.Tickets()), func(o *ui.Options) { o.Out = &broken{left: 1000} })
	if err := s.WaitEnd(t); !errors.Is(err, io.ErrClosedPipe) {
		t.Fatalf("Run gave %v", err)
	}
}

func TestRunNeedsAnOrchestrator(t *testing.T) {
	if err := ui.Run(context.Background(), ui.Options{}); err == nil {
		t.Fatal("no error")
	}
}

// TestNoColorIsAnyValue: NO_COLOR=yes leaves no colour in the bytes.
func TestNoColorIsAnyValue(t *testing.T) {
	s := uitest.Start(t, uitest.New(uitest.Tickets()), func(o *ui.Options) {
		o.Environ = append(o.Environ, "NO_COLOR=yes", "COLORTERM=truecolor")
		o.Theme = "otai-dark"
	})
	s.WaitText(t, "18 pipes")
	for _, colour := range []string{"[38;", "[48;", "[32m", "[31", "[36m"} {
		if strings.Contains(s.Raw(), colour) {
			t.Errorf("%q is in the output", colour)
		}
	}
}
