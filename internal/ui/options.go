// Package ui is the console: a Bubble Tea program over an orchestrator.
//
// One goroutine, Bubble Tea's event loop, owns App and every screen. Nothing in Update waits: questions to the
// orchestrator run as commands and come back as messages. Live changes come from one pump per console, merged to at
// most ten messages a second.
package ui

import (
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Options say what a console shows and where. Orchestrator is needed, everything else has a default.
type Options struct {
	Orchestrator orchestrator.Orchestrator

	In      io.Reader // nil = standard input
	Out     io.Writer // nil = standard output
	Environ []string  // of the viewer, not of the server; nil = empty

	Actor   orchestrator.Actor // who acts; recorded with every command
	Theme   string             // "auto" (default), "terminal", "otai-dark", "otai-light", "mono"
	Glyphs  string             // "auto" (default), "unicode", "ascii"
	OverSSH bool               // in a remote terminal: no questions to it, synchronized output without asking
	Role    string             // "view", "ops" or "admin"; "" = admin. What a role may not do stays on show, with the reason

	// Settings gives the console's part of the configuration in force; nil = there is none. It is asked at the start and after
	// every reload, and must not wait.
	Settings func() Settings

	// Memory keeps what the viewer set; nil = nothing is kept.
	Memory Memory

	// CopyDir is where the copy menu writes files; "" = it writes none.
	CopyDir string

	// Detached says that the engine lives on without this console: quitting asks nothing. By default quitting stops the
	// engine in this process, and the console says so.
	Detached bool

	// Width and Height are the size before the terminal has told its own; 0 = 80 by 24.
	Width, Height int

	// Resizes tells the sizes, columns and rows, of a terminal that is not this process's own, such as an SSH session's; nil = Out tells
	// them itself.
	Resizes <-chan [2]int

	// StallTimeout is how long one write to Out may block before the console gives up with ErrStalled; 0 = 20 s, less than 0 = it never
	// does: where the engine would end with the console, a terminal that stalls is waited for.
	StallTimeout time.Duration

	// OnPanic hears of an error of the console itself that it survived; nil = nobody does.
	OnPanic func(where string, what any, stack []byte)

	// Now and After are the clock; nil = the real one. After gives a command that sends msg after d.
	Now   func() time.Time
	After func(d time.Duration, msg tea.Msg) tea.Cmd
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = func(d time.Duration, msg tea.Msg) tea.Cmd {
			return tea.Tick(d, func(time.Time) tea.Msg { return msg })
		}
	}
	if o.Width <= 0 || o.Height <= 0 {
		o.Width, o.Height = 80, 24
	}
	if o.StallTimeout == 0 {
		o.StallTimeout = 20 * time.Second
	}
	if o.Actor.Name == "" {
		o.Actor.Name = "operator"
	}
	if o.Actor.Via == "" {
		o.Actor.Via = "console"
	}
	return o
}
