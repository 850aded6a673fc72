package ui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// model is the one Bubble Tea model: a thin cover around App.
type model struct{ a *App }

func (m model) Init() tea.Cmd { return m.a.Init() }

func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) { return m, m.a.safeUpdate(msg) }

// View draws the frame. Until the terminal has told its background the terminal's own colours are used: nobody waits for
// a picture.
func (m model) View() tea.View {
	a := m.a
	v := tea.View{AltScreen: true, WindowTitle: a.Title()}
	th := a.theme
	if a.few || a.opts.OverSSH { // each change of a true colour costs twice the bytes
		th = th.With256()
	}
	v.Content = a.safeDraw(a.w, a.h).ANSI(th)
	if f := a.frame(a.w, a.h); a.input != nil && !f.mini {
		x := 1 + len(a.input.prompt) + a.input.column(a.w-1-len(a.input.prompt)-3)
		v.Cursor = tea.NewCursor(x, f.status)
		v.Cursor.Blink = false
	}
	return v
}

// Title is what a window list shows.
func (a *App) Title() string {
	n := 0
	for _, c := range a.counts() {
		if c.role == theme.Failed {
			n = c.n
		}
	}
	switch {
	case !a.data.Loaded:
		return "otai"
	case a.degraded():
		return "otai" + theme.Sep + "degraded"
	case n > 0:
		return fmt.Sprintf("otai%s%d failing", theme.Sep, n)
	default:
		return "otai" + theme.Sep + "ok"
	}
}

// Theme is the name of the theme in use.
func (a *App) Theme() string { return a.theme.Name() }
