package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	"github.com/openticketai/otai-tui/internal/feed"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// The rates of live messages, and how long the program may take to end after ctx did.
const (
	fastRate  = 10
	slowRate  = 4
	leaveTime = 2 * time.Second
	checkTime = 250 * time.Millisecond
)

// ErrPanicked says that the console ended because of an error of its own; the engine goes on.
var ErrPanicked = errors.New("an error of the console itself")

// Run shows the console until the user quits (nil), ctx ends (nil), the terminal fails, it stalls (ErrStalled), or it panics
// again and again (ErrPanicked). It
// never waits for a terminal that takes no output. The engine is neither started nor stopped by it.
func Run(ctx context.Context, o Options) error {
	if o.Orchestrator == nil {
		return errors.New("console: no orchestrator")
	}
	if o.In == nil {
		o.In = os.Stdin
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a, err := New(ctx, o)
	if err != nil {
		return err
	}
	restore := saveTerminal(o.In)
	w := newWire(o.Out)
	p := tea.NewProgram(model{a}, programOptions(ctx, o, w)...)

	sub := o.Orchestrator.Subscribe()
	defer sub.Close()
	go func() {
		rate := func() int { return a.rate(w) }
		_ = feed.Pump(ctx, sub, rate, func(u orchestrator.Update) { p.Send(UpdateMsg{u}) }) // ends with ctx
	}()

	if o.Resizes != nil {
		go resizes(ctx, o.Resizes, p)
	}

	ended := &ending{done: make(chan struct{})}
	go func() {
		_, ended.err = p.Run()
		close(ended.done)
	}()
	return watch(ctx, cancel, o, w, ended, restore)
}

// resizes hands the sizes of a terminal elsewhere on, until ctx or the channel ends.
func resizes(ctx context.Context, sizes <-chan [2]int, p *tea.Program) {
	for {
		select {
		case s, ok := <-sizes:
			if !ok {
				return
			}
			p.Send(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
		case <-ctx.Done():
			return
		}
	}
}

// ending is the end of the program: err is readable once done is closed.
type ending struct {
	done chan struct{}
	err  error
}

func programOptions(ctx context.Context, o Options, w *wire) []tea.ProgramOption {
	environ := append([]string{}, o.Environ...) // not nil, which Bubble Tea takes for the process's own
	fps := 60                                   // a key is shown within 17 ms; what changes by itself comes at most ten times a second (feed.Pump)
	if o.OverSSH {
		environ = append(environ, "SSH_TTY=served") // no questions to the terminal
	}
	opts := []tea.ProgramOption{
		tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(w.writer()), tea.WithEnvironment(environ),
		tea.WithoutSignalHandler(), tea.WithFPS(fps), tea.WithFilter(filter),
	}
	if o.Width > 0 && o.Height > 0 {
		opts = append(opts, tea.WithWindowSize(o.Width, o.Height))
	}
	if theme.NoColor(environ) {
		opts = append(opts, tea.WithColorProfile(colorprofile.Ascii)) // Bubble Tea takes only some values for yes
	}
	return opts
}

// filter keeps what the console must not follow: grapheme widths, which would differ from how it lays out, and being
// suspended, which would stop the engine.
func filter(_ tea.Model, msg tea.Msg) tea.Msg {
	switch m := msg.(type) {
	case tea.ModeReportMsg:
		if m.Mode == ansi.ModeUnicodeCore {
			return nil
		}
	case tea.SuspendMsg:
		return nil
	}
	return msg
}

// rate is how many live messages a second this viewer gets: fewer while writes are slow.
func (a *App) rate(w *wire) int {
	if w.lags() {
		return slowRate
	}
	return fastRate
}

// slowWrite is a write that takes so long that the link counts as slow, for slowFor from its end on.
const (
	slowWrite = 200 * time.Millisecond
	slowFor   = 5 * time.Second
)

// watch waits for the program, and for everything that must end it from outside.
func watch(ctx context.Context, cancel func(), o Options, w *wire, ended *ending, restore func()) error {
	stall := o.withDefaults().StallTimeout
	look := checkTime
	if stall > 0 {
		look = min(look, stall/2)
	}
	check := time.NewTicker(look)
	defer check.Stop()
	for {
		select {
		case <-ended.done:
			return result(ctx, w, ended.err)
		case <-w.failed:
			return leave(cancel, ended, restore, fmt.Errorf("console: write to the terminal: %w", w.err))
		case <-ctx.Done():
			return leave(cancel, ended, restore, nil)
		case <-check.C:
			if stall > 0 && w.stalled(stall) {
				drop(o.Out)
				return leave(cancel, ended, restore, ErrStalled)
			}
		}
	}
}

// result turns the program's own error into the console's.
func result(ctx context.Context, w *wire, err error) error {
	select {
	case <-w.failed:
		return fmt.Errorf("console: write to the terminal: %w", w.err)
	default:
	}
	switch {
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("console: %w", ErrPanicked)
	case err != nil && ctx.Err() == nil:
		return fmt.Errorf("console: %w", err)
	}
	return nil
}

// leave ends the program within a time; a program that hangs on its output is left behind.
func leave(cancel func(), ended *ending, restore func(), err error) error {
	cancel() // the program ends by itself; killing it from here as well would race with that
	t := time.NewTimer(leaveTime)
	defer t.Stop()
	select {
	case <-ended.done:
	case <-t.C:
		restore()
	}
	return err
}

// drop closes an output that stalls, so that whoever hangs on it is set free. Files stay open: they are the process's
// own.
func drop(out io.Writer) {
	if c, ok := out.(io.Closer); ok {
		if _, file := out.(*os.File); !file {
			_ = c.Close() // it is being given up
		}
	}
}

// saveTerminal remembers the terminal's state, to bring it back when the program cannot do it itself.
func saveTerminal(in io.Reader) func() {
	f, ok := in.(*os.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return func() {}
	}
	s, err := term.GetState(f.Fd())
	if err != nil {
		return func() {}
	}
	return func() { _ = term.Restore(f.Fd(), s) } // when that fails nothing more can be done
}
