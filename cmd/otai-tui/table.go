package main

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
	"github.com/charmbracelet/colorprofile"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// list is what a command prints as a table: columns with two blanks between them, coloured in the terminal's own sixteen
// colours when it has them, plain in a pipe, with NO_COLOR or on a dumb terminal.
type list struct {
	headers []string
	rows    [][]string
	state   int // column whose words are states; -1 = none
}

func (l *list) add(cells ...string) { l.rows = append(l.rows, cells) }

func (a *app) print(l *list) error {
	style := func(row, col int) lipgloss.Style {
		s := lipgloss.NewStyle()
		if col < len(l.headers)-1 || l.headers == nil && col == 0 {
			s = s.PaddingRight(2)
		}
		switch {
		case row == table.HeaderRow:
			return s.Faint(true)
		case col == l.state:
			return s.Foreground(stateColor(orchestrator.State(l.rows[row][col])))
		}
		return s
	}
	t := table.New().Border(lipgloss.HiddenBorder()).BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).
		BorderHeader(false).BorderColumn(false).BorderRow(false).StyleFunc(style).Rows(l.rows...)
	if l.headers != nil {
		t = t.Headers(l.headers...)
	}
	w := colorprofile.NewWriter(a.out, a.environ)
	if theme.NoColor(a.environ) { // any value that is not empty; the library takes only true ones
		w.Profile = colorprofile.NoTTY
	}
	var b strings.Builder
	for line := range strings.Lines(t.String()) {
		b.WriteString(strings.TrimRight(line, " \n"))
		b.WriteByte('\n')
	}
	_, err := w.WriteString(b.String())
	return err
}

// stateColor gives the colour role of a state, in the terminal's own colours.
func stateColor(s orchestrator.State) color.Color {
	switch s {
	case orchestrator.Completed:
		return lipgloss.Green
	case orchestrator.Failed, orchestrator.Crashed:
		return lipgloss.Red
	case orchestrator.AwaitingRetry:
		return lipgloss.Yellow
	case orchestrator.Running, orchestrator.Pending:
		return lipgloss.Cyan
	case orchestrator.Missed, orchestrator.Dropped, orchestrator.Late:
		return lipgloss.Magenta
	default:
		return lipgloss.NoColor{}
	}
}
