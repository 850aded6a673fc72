package screen

import (
	"slices"
	"strings"
	"unicode"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/part"
)

// maxLines bounds the lines a log view keeps.
const maxLines = 5000

// LogView shows log lines: it follows the newest, or holds still with a cursor and counts what comes below. Lines are
// numbered from the first one ever added, so that dropping old lines does not move what is on show.
type LogView struct {
	w, h   int
	first  int // number of lines[0]
	lines  []orchestrator.LogLine
	level  int // index in levels: lower ones are hidden
	wrap   bool
	source bool // show which pipe a line is from, else which step
	plain  bool // show neither

	held   bool
	cursor int // number of the line, while held
	top    int // number of the first line on show, while held
	seenTo int // number after the newest line when it was held

	query   string
	shown   []int // numbers of the lines that pass the level, ascending
	matches []int // numbers of the shown lines that match, ascending
}

var levels = [...]string{"debug", "info", "warn", "error"}

func levelOf(name string) int {
	if i := slices.Index(levels[:], strings.ToLower(name)); i >= 0 {
		return i
	}
	if strings.EqualFold(name, "warning") {
		return 2
	}
	return 1
}

// NewLogView makes a following view of info lines and above.
func NewLogView(source bool) *LogView { return &LogView{level: 1, source: source} }

// Resize takes the size of the lines' area.
func (v *LogView) Resize(w, h int) {
	v.w, v.h = w, h
	v.fit()
}

// Set replaces all lines.
func (v *LogView) Set(lines []orchestrator.LogLine) {
	v.first += len(v.lines)
	v.lines, v.shown, v.matches = nil, nil, nil
	v.held = false
	v.Append(lines)
}

// Append adds lines at the end; the oldest are dropped beyond the bound.
func (v *LogView) Append(lines []orchestrator.LogLine) {
	for _, l := range lines {
		v.lines = append(v.lines, l)
		v.index(v.first + len(v.lines) - 1)
	}
	if over := len(v.lines) - maxLines; over > maxLines/10 { // in blocks, so that it does not cost at every line
		v.lines = slices.Clone(v.lines[over:])
		v.first += over
		v.shown = dropBelow(v.shown, v.first)
		v.matches = dropBelow(v.matches, v.first)
	}
	v.fit()
}

func dropBelow(ns []int, first int) []int {
	i, _ := slices.BinarySearch(ns, first)
	return slices.Clone(ns[i:])
}

// index enters one line into the shown lines and the matches.
func (v *LogView) index(n int) {
	l := v.line(n)
	if levelOf(l.Level) < v.level && l.Gap == 0 {
		return
	}
	v.shown = append(v.shown, n)
	if v.query != "" && strings.Contains(fold(l.Msg, v.query), v.query) {
		v.matches = append(v.matches, n)
	}
}

// fold makes s lower case unless the query has a capital letter.
func fold(s, query string) string {
	if strings.ContainsFunc(query, unicode.IsUpper) {
		return s
	}
	return strings.ToLower(s)
}

func (v *LogView) reindex() {
	v.shown, v.matches = nil, nil
	for i := range v.lines {
		v.index(v.first + i)
	}
	v.fit()
}

func (v *LogView) line(n int) orchestrator.LogLine { return v.lines[n-v.first] }

// at is the place of the cursor among the shown lines.
func (v *LogView) at() int {
	i, _ := slices.BinarySearch(v.shown, v.cursor)
	return max(min(i, len(v.shown)-1), 0)
}

// fit keeps the cursor on a shown line and inside the window.
func (v *LogView) fit() {
	if !v.held || len(v.shown) == 0 {
		return
	}
	i := v.at()
	v.cursor = v.shown[i]
	t, _ := slices.BinarySearch(v.shown, v.top)
	v.top = v.shown[max(min(part.Window(t, i, len(v.shown), v.h), len(v.shown)-1), 0)]
}

// hold stops following, with the cursor on the newest line.
func (v *LogView) hold() {
	if v.held || len(v.shown) == 0 {
		return
	}
	v.held = true
	v.cursor = v.shown[len(v.shown)-1]
	v.seenTo = v.first + len(v.lines)
	v.top = v.shown[max(len(v.shown)-max(v.h, 1), 0)]
	v.fit()
}

// Follow goes to the newest line and stays there.
func (v *LogView) Follow() { v.held = false }

// ToggleHold holds, or follows again.
func (v *LogView) ToggleHold() {
	if v.held {
		v.held = false
		return
	}
	v.hold()
}

// Move moves the cursor by lines; moving up holds the view.
func (v *LogView) Move(_ Env, n int) {
	if !v.held && n > 0 {
		return
	}
	v.hold()
	v.jump(v.at() + n)
}

func (v *LogView) jump(i int) {
	if len(v.shown) == 0 {
		return
	}
	v.cursor = v.shown[max(min(i, len(v.shown)-1), 0)]
	v.fit()
}

// Page moves by half pages.
func (v *LogView) Page(e Env, halves int) { v.Move(e, halves*max(v.h/2, 1)) }

// Home goes to the oldest line.
func (v *LogView) Home(Env) {
	v.hold()
	v.jump(0)
}

// End goes to the newest line and follows.
func (v *LogView) End(Env) { v.Follow() }

// below counts the shown lines that came since the view was held.
func (v *LogView) below() int {
	i, _ := slices.BinarySearch(v.shown, v.seenTo)
	return len(v.shown) - i
}

// Search looks for a text in the lines' messages; "" ends the search. The cursor goes to the newest match.
func (v *LogView) Search(q string) {
	v.query = q
	v.reindex()
	if len(v.matches) > 0 && q != "" {
		v.hold()
		v.goTo(v.matches[len(v.matches)-1])
	}
}

// Query is what is searched for.
func (v *LogView) Query() string { return v.query }

// NextMatch goes to the next (1) or previous (-1) match, round the ends.
func (v *LogView) NextMatch(dir int) { v.step(v.matches, dir) }

// NextError goes to the next (1) or previous (-1) error line, round the ends.
func (v *LogView) NextError(dir int) {
	var errs []int
	for _, n := range v.shown {
		if levelOf(v.line(n).Level) == 3 {
			errs = append(errs, n)
		}
	}
	v.step(errs, dir)
}

func (v *LogView) step(ns []int, dir int) {
	if len(ns) == 0 {
		return
	}
	if !v.held {
		v.hold()
		v.cursor++ // so that the newest line itself counts
	}
	i, on := slices.BinarySearch(ns, v.cursor)
	switch {
	case dir < 0:
		i--
	case on:
		i++
	}
	v.goTo(ns[(i+len(ns))%len(ns)])
}

// goTo puts the cursor on a line, with lines around it.
func (v *LogView) goTo(n int) {
	i, _ := slices.BinarySearch(v.shown, n)
	v.cursor = n
	v.top = v.shown[max(min(i-v.h/3, len(v.shown)-1), 0)]
	v.fit()
}

// Level shows more (-1) or fewer (1) levels.
func (v *LogView) Level(d int) {
	v.level = max(min(v.level+d, len(levels)-1), 0)
	v.reindex()
}

// ToggleWrap wraps long lines, or cuts them.
func (v *LogView) ToggleWrap() { v.wrap = !v.wrap }
