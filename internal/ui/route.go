package ui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Update takes one message and gives the commands that follow from it.
func (a *App) Update(msg tea.Msg) tea.Cmd {
	a.now = a.opts.Now()
	switch m := msg.(type) {
	case tea.KeyPressMsg:
		a.pressed = m
		a.key(m.String(), m.Text)
		a.keepSoon()
	case tea.PasteMsg:
		if a.palette != nil {
			a.palette.typed(text.Line(m.Content, maxInput))
		} else if a.form != nil {
			a.formEdit(a.form, tea.PasteMsg{Content: text.Line(m.Content, maxInput)}, "")
		} else if a.input != nil {
			a.typed(text.Line(m.Content, 200))
		}
	case tea.WindowSizeMsg:
		a.resize(m.Width, m.Height)
		a.top().Refresh(a.env())
	case tea.BackgroundColorMsg, tea.ColorProfileMsg, themeMsg:
		a.colours(msg)
	default:
		a.dataMsg(msg)
	}
	if a.quitting {
		return a.farewell()
	}
	a.sendHeld(false)
	a.askWants()
	a.notes.settle(a.now)
	cmds := a.cmds
	a.cmds = nil
	return tea.Batch(cmds...)
}

// colours takes what the terminal tells about its colours.
func (a *App) colours(msg tea.Msg) {
	switch m := msg.(type) {
	case tea.ColorProfileMsg:
		a.few = m.Profile == colorprofile.ANSI256
		if !a.decided && m.Profile < colorprofile.ANSI256 {
			a.decided = true // the user's own 16 colours, or none
		}
	case tea.BackgroundColorMsg:
		if a.decided {
			return
		}
		name := "otai-light"
		if m.IsDark() {
			name = "otai-dark"
		}
		a.theme, a.decided = themeNamed(name), true
	case themeMsg:
		a.decided = true
	}
}

func themeNamed(name string) theme.Theme {
	t, _ := theme.Named(name)
	return t
}

// dataMsg takes what comes from the orchestrator and the clock.
func (a *App) dataMsg(msg tea.Msg) {
	switch m := msg.(type) {
	case tickMsg:
		a.run(a.nextTick())
	case UpdateMsg:
		a.data.Apply(m.Update)
		a.followConfig()
		a.followLogs(m)
		a.notes.notices(a.data.Engine.Notices)
		if m.Resync {
			a.readAll()
		}
	case snapshotMsg:
		a.takeSnapshot(m)
	case resyncMsg:
		a.rested()
	case answerMsg:
		delete(a.asked, m.Key)
		m.to.Receive(a.env(), m.Answer)
	case approvalsMsg:
		a.takeApprovals(m)
	case foundMsg:
		a.found(m)
	case ticketsMsg:
		a.foundTickets(m)
	case planMsg:
		a.undoPlanned(m)
	case decidedMsg:
		a.takeDecided(m)
	case formMsg:
		a.formDone(m)
	case keepMsg:
		if c := a.keepNow(); c != nil {
			a.run(c)
		}
	case keptMsg:
		a.keptDone(m)
	case logMsg:
		a.takeLog(m)
	case bulkMsg:
		a.bulkDone(m)
	case doneMsg:
		a.done(m)
	case panicMsg:
		a.stumbled("command", m.what, m.stack)
	default:
		return
	}
	a.top().Refresh(a.env())
}

func (a *App) takeSnapshot(m snapshotMsg) {
	if a.resync.on {
		a.run(a.opts.After(resyncWait, resyncMsg{}))
	}
	if m.err != nil {
		a.lastErr = text.Line(m.err.Error(), 500)
		a.notes.say(a.now, theme.Failed, theme.GlyphFailed+" the engine's state cannot be read: "+a.lastErr)
		return
	}
	a.lastErr = ""
	a.data.SetSnapshot(m.snap)
	a.data.SetEvents(m.events)
	a.followConfig()
	a.prune()
	a.notes.notices(a.data.Engine.Notices)
}

// followLogs gives live log lines to every screen that follows the log.
func (a *App) followLogs(m UpdateMsg) {
	if len(m.Logs) == 0 && m.LogGap == 0 {
		return
	}
	for i := range m.Logs {
		m.Logs[i] = screen.SafeLog(m.Logs[i])
	}
	give := func(s screen.Screen) {
		if l, ok := s.(screen.LogSink); ok {
			l.AppendLogs(m.Logs, m.LogGap)
		}
	}
	for _, t := range a.tabs {
		give(t.s)
	}
	for _, s := range a.stack {
		give(s)
	}
}
