package uitest

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/vt"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
)

// Patience is how long a test waits for something to appear before it fails.
const Patience = 10 * time.Second

// Terminal is a terminal a console can run in: what is written to it can be looked at.
type Terminal struct {
	mu      sync.Mutex
	emu     *vt.Emulator
	raw     bytes.Buffer
	changed chan struct{}
}

// NewTerminal makes a terminal of a size. Its answers to questions go to replies.
func NewTerminal(t testing.TB, w, h int, replies io.Writer) *Terminal {
	emu := vt.NewEmulator(w, h)
	go func() { _, _ = io.Copy(replies, emu) }() // ends with the pipe
	t.Cleanup(func() {
		if c, ok := emu.InputPipe().(io.Closer); ok { // Close of the emulator itself races with its readers
			_ = c.Close()
		}
	})
	return &Terminal{emu: emu, changed: make(chan struct{}, 1)}
}

// Write takes output. Like a tty in its usual mode it adds a carriage return to every line feed.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.raw.Write(p)
	_, err := t.emu.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	t.mu.Unlock()
	select {
	case t.changed <- struct{}{}:
	default:
	}
	return len(p), err
}

// Lines is what the terminal shows.
func (t *Terminal) Lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]string, t.emu.Height())
	for y := range out {
		var b strings.Builder
		for x := range t.emu.Width() {
			if c := t.emu.CellAt(x, y); c == nil {
				b.WriteByte(' ')
			} else if c.Width > 0 {
				b.WriteString(c.Content)
			}
		}
		out[y] = b.String()
	}
	return out
}

// Cells is what the terminal shows, with each cell's colours and attributes.
func (t *Terminal) Cells() [][]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return cells(t.emu)
}

func cells(emu *vt.Emulator) [][]string {
	out := make([][]string, emu.Height())
	for y := range out {
		out[y] = make([]string, emu.Width())
		for x := range out[y] {
			if c := emu.CellAt(x, y); c == nil || c.Content == "" || c.Content == " " && c.Style.IsZero() {
				out[y][x] = " "
			} else {
				out[y][x] = c.Style.String() + c.Content
			}
		}
	}
	return out
}

// Emulate is what a terminal of a size makes of styled lines, such as a canvas gives.
func Emulate(tb testing.TB, w, h int, styled string) [][]string {
	tb.Helper()
	emu := vt.NewEmulator(w, h)
	go func() { _, _ = io.Copy(io.Discard, emu) }() // ends with the pipe
	defer func() {
		if c, ok := emu.InputPipe().(io.Closer); ok {
			_ = c.Close()
		}
	}()
	if _, err := emu.WriteString(strings.ReplaceAll(styled, "\n", "\r\n")); err != nil {
		tb.Fatal(err)
	}
	return cells(emu)
}

// Bytes is how many bytes were written so far.
func (t *Terminal) Bytes() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.raw.Len()
}

// Raw is everything that was written.
func (t *Terminal) Raw() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.raw.String()
}

// Wait waits until ok says yes to what the terminal shows.
func (t *Terminal) Wait(tb testing.TB, what string, ok func(lines []string) bool) {
	tb.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	for {
		lines := t.Lines()
		if ok(lines) {
			return
		}
		select {
		case <-t.changed:
		case <-deadline.C:
			tb.Fatalf("%s did not happen; the terminal shows:\n%s", what, strings.Join(lines, "\n"))
		}
	}
}

// WaitText waits for a text.
func (t *Terminal) WaitText(tb testing.TB, s string) {
	tb.Helper()
	t.Wait(tb, s, func(lines []string) bool { return strings.Contains(strings.Join(lines, "\n"), s) })
}

// WaitFrame waits until the terminal shows exactly these lines.
func (t *Terminal) WaitFrame(tb testing.TB, want []string) {
	tb.Helper()
	trim := func(ls []string) []string {
		out := slices.Clone(ls)
		for i := range out {
			out[i] = strings.TrimRight(out[i], " ")
		}
		return out
	}
	want = trim(want)
	t.Wait(tb, "frame\n"+strings.Join(want, "\n"), func(lines []string) bool { return slices.Equal(trim(lines), want) })
}

// Clock is a clock that moves when told. It is safe for concurrent use.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting []clockTimer
	stopped chan struct{}
}

type clockTimer struct {
	at   time.Time
	fire chan struct{}
}

// NewClock makes a clock that stands at Now.
func NewClock(t testing.TB) *Clock {
	c := &Clock{now: Now, stopped: make(chan struct{})}
	t.Cleanup(func() { close(c.stopped) })
	return c
}

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After gives a command that sends msg when the clock has moved by d.
func (c *Clock) After(d time.Duration, msg tea.Msg) tea.Cmd {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := clockTimer{c.now.Add(d), make(chan struct{})}
	c.waiting = append(c.waiting, t)
	return func() tea.Msg {
		select {
		case <-t.fire:
			return msg
		case <-c.stopped:
			return nil
		}
	}
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.waiting = slices.DeleteFunc(c.waiting, func(t clockTimer) bool {
		if t.at.After(c.now) {
			return false
		}
		close(t.fire)
		return true
	})
}

// Session is a console that runs in a terminal.
type Session struct {
	*Terminal
	Fake  *Fake
	Clock *Clock
	Ended chan error // what Run gave
	stop  context.CancelFunc
	keys  io.Writer
	sizes chan [2]int
}

// Start runs a console of 80x24 in a terminal. change may change the options first.
func Start(t testing.TB, f *Fake, change ...func(*ui.Options)) *Session {
	t.Helper()
	in, keys := io.Pipe()
	s := &Session{Fake: f, Clock: NewClock(t), Ended: make(chan error, 1), keys: keys, sizes: make(chan [2]int)}
	o := ui.Options{
		Orchestrator: f, In: in, Theme: "terminal", Glyphs: "unicode", Width: 80, Height: 24,
		Actor:   orchestrator.Actor{Name: "kim", Via: "ssh"},
		Environ: []string{"TERM=xterm-256color", "LANG=C.UTF-8"}, Now: s.Clock.Now, After: s.Clock.After,
		Resizes: s.sizes,
	}
	for _, c := range change {
		c(&o)
	}
	o.Environ = append(slices.Clone(o.Environ), "TTY_FORCE=1") // else Bubble Tea takes a pipe for no terminal and leaves the colours out
	s.Terminal = NewTerminal(t, o.Width, o.Height, keys)
	if o.Out == nil {
		o.Out = s.Terminal
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.stop = cancel
	go func() { s.Ended <- ui.Run(ctx, o) }()
	t.Cleanup(func() {
		cancel()
		_ = in.Close()
	})
	return s
}

// Stop ends the console's context.
func (s *Session) Stop() { s.stop() }

// Resize changes the size of the terminal.
func (s *Session) Resize(tb testing.TB, w, h int) {
	tb.Helper()
	s.mu.Lock()
	s.emu.Resize(w, h)
	s.mu.Unlock()
	select {
	case s.sizes <- [2]int{w, h}:
	case <-time.After(Patience):
		tb.Fatal("the console took no size")
	}
}

// Keys sends raw key bytes.
func (s *Session) Keys(tb testing.TB, raw string) {
	tb.Helper()
	if _, err := io.WriteString(s.keys, raw); err != nil {
		tb.Fatal(err)
	}
}

// WaitEnd waits for the console's end and gives what Run gave.
func (s *Session) WaitEnd(tb testing.TB) error {
	tb.Helper()
	select {
	case err := <-s.Ended:
		return err
	case <-time.After(Patience):
		tb.Fatal("the console did not end")
		return nil
	}
}
