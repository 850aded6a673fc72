package ui

import (
	"fmt"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// A console that panics more often than mostPanics in panicTime is given up: Run then gives ErrPanicked.
const (
	mostPanics = 20
	panicTime  = time.Minute
)

// panicMsg is a panic in a command.
type panicMsg struct {
	what  any
	stack []byte
}

// guarded runs a command; a panic in it becomes a message.
func guarded(c tea.Cmd) tea.Cmd {
	if c == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if what := recover(); what != nil {
				msg = panicMsg{what, debug.Stack()}
			}
		}()
		return c()
	}
}

// stumbled notes a panic: it is shown and reported, and the console goes on, unless it does nothing else any more.
func (a *App) stumbled(where string, what any, stack []byte) {
	if a.opts.OnPanic != nil {
		a.opts.OnPanic(where, what, stack)
	}
	for len(a.panics) > 0 && a.now.Sub(a.panics[0]) > panicTime {
		a.panics = a.panics[1:]
	}
	if a.panics = append(a.panics, a.now); len(a.panics) > mostPanics {
		panic(what) // the runtime brings the terminal back and ends
	}
	const told = theme.GlyphFailed + " an error of the console itself, the engine is not concerned: "
	a.notes.say(a.now, theme.Failed, told+text.Line(fmt.Sprint(what), 200))
}

// safeUpdate is Update that survives a panic: what the message was about is not done.
func (a *App) safeUpdate(msg tea.Msg) (cmd tea.Cmd) {
	defer func() {
		if what := recover(); what != nil {
			a.cmds = nil
			a.stumbled(fmt.Sprintf("update %T", msg), what, debug.Stack())
			if _, tick := msg.(tickMsg); tick {
				cmd = a.nextTick() // else the clock would stand still
			}
		}
	}()
	return a.Update(msg)
}

// safeDraw is Draw that survives a panic: it says so in place of the screen, and keys go on.
func (a *App) safeDraw(w, h int) (c part.Canvas) {
	defer func() {
		what := recover()
		if what == nil {
			a.undrawn = ""
			return
		}
		s := fmt.Sprint(what)
		if a.undrawn != s && a.opts.OnPanic != nil { // once, not for every frame
			a.opts.OnPanic("draw", what, debug.Stack())
		}
		a.undrawn = s
		c = part.NewCanvas(w, h, a.ascii)
		lines := part.Wrap("This screen cannot be drawn, an error of the console itself: "+text.Line(s, 500)+
			". The engine is not concerned. q goes back, 1 to the pipes, Q Q quits.", max(w-2, 1), h)
		for y, l := range lines {
			c.Put(1, y, theme.Failed, l)
		}
	}()
	return a.Draw(w, h)
}
