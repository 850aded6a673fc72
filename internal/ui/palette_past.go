package ui

import (
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// recentShown is how many lines of before an empty palette begins with.
const recentShown = 3

// remembered puts a line that was done in front of those that were done before.
func (a *App) remembered(line string) {
	if strings.HasSuffix(line, theme.Ellipsis) {
		return // only the beginning of a line
	}
	line = text.Line(line, maxInput)
	a.history = slices.DeleteFunc(slices.Clone(a.history), func(s string) bool { return s == line })
	a.history = slices.Insert(a.history, 0, line)
	a.history = a.history[:min(len(a.history), maxHistory)]
}

// recent are the latest lines; choosing one puts it into the palette, so that what it does now is seen before it is done.
func (a *App) recent() []entry {
	var out []entry
	for _, line := range a.history[:min(len(a.history), recentShown)] {
		out = append(out, entry{name: line, title: "again", typed: true, again: true, do: func(a *App) { a.palette = &palette{query: line} }})
	}
	return out
}

// recall puts an older (1) or newer (-1) line into the palette; before the newest one it is empty.
func (a *App) recall(by int) {
	p := a.palette
	p.past = min(max(p.past+by, 0), len(a.history))
	p.query, p.cursor = "", 0
	if p.past > 0 {
		p.query = a.history[p.past-1]
	}
}
