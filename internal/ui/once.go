package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// mostQuestions bounds what one frame may ask for, so that it ends whatever the screens want.
const mostQuestions = 1000

// ErrNoScreen is what Once gives for a name that is neither a screen's, nor a pipe's, nor a run's.
var ErrNoScreen = errors.New("no screen, pipe or run")

// Once gives one frame as lines of text: what the console would show at o.Width by o.Height once everything was read. on is a tab's
// name ("" = the first), a runner's id, or a run's number. colour adds the theme's colours. In and Out are not used.
func Once(ctx context.Context, o Options, on string, colour bool) (string, error) {
	o.After = func(time.Duration, tea.Msg) tea.Cmd { return nil } // the clock stands still
	if o.Theme == "" || o.Theme == "auto" {
		o.Theme = "terminal" // there is nobody to ask for the background
	}
	a, err := New(ctx, o)
	if err != nil {
		return "", err
	}
	left := mostQuestions
	a.settle(a.snapshot(), &left)
	if a.lastErr != "" {
		return "", fmt.Errorf("read the engine's state: %s", a.lastErr)
	}
	if err := a.showNamed(on); err != nil {
		return "", err
	}
	a.settle(func() tea.Msg { return tea.ColorProfileMsg{Profile: colorprofile.Detect(nil, o.Environ)} }, &left)
	return a.once(colour), nil
}

// settle runs a command and what follows from it, one after the other.
func (a *App) settle(c tea.Cmd, left *int) {
	if c == nil || *left <= 0 {
		return
	}
	*left--
	switch m := c().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range m {
			a.settle(c, left)
		}
	default:
		a.settle(a.Update(m), left)
	}
}

// showNamed goes to a tab, a pipe or a run.
func (a *App) showNamed(on string) error {
	if on == "" {
		return nil
	}
	if i := slices.IndexFunc(a.tabs, func(t tab) bool { return strings.EqualFold(t.title, on) }); i >= 0 {
		a.goTab(i)
		return nil
	}
	if a.data.Runner(on) != nil {
		a.open(screen.NewPipe(on))
		return nil
	}
	ctx, cancel := context.WithTimeout(a.ctx, queryTime)
	defer cancel()
	if d, err := a.o.RunDetail(ctx, on); err == nil {
		a.open(screen.NewRun(d.Run))
		return nil
	}
	names := make([]string, len(a.tabs))
	for i, t := range a.tabs {
		names[i] = strings.ToLower(t.title)
	}
	return fmt.Errorf("%w %q: the screens are %s", ErrNoScreen, on, strings.Join(names, ", "))
}

func (a *App) once(colour bool) string {
	c := a.Draw(a.w, a.h)
	lines := c.Lines()
	if colour && !theme.NoColor(a.opts.Environ) {
		th := a.theme
		if a.few {
			th = th.With256()
		}
		lines = strings.Split(c.ANSI(th), "\n")
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimRight(l, " "))
		b.WriteByte('\n')
	}
	return b.String()
}
