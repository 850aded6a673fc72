package screen

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// Bounds of the lines a log view keeps; what is beyond them is read again when somebody goes there.
const (
	maxLines    = 5000
	maxLogBytes = 8 << 20
	maxRulers   = 100
)

// LogView shows a window of a log: it follows the newest line, or holds still with a cursor and counts what comes below. Lines are
// numbered from the first one ever added (older ones that are read later get lower numbers, below 0 too), so that taking lines away
// at either end does not move what is on show.
type LogView struct {
	w, h  int
	bound int // lines kept
	bytes int // of the lines kept

	first   int // number of lines[0]
	lines   []orchestrator.LogLine
	byRun   bool // lines of one run: their numbers are their order, else time, run and number
	atStart bool // lines[0] is the oldest line of the log
	cutOff  bool // the log has newer lines than the last of lines; they come when somebody goes there
	whole   bool // nothing can be read again: lines are all there is

	level   int          // index in levels: lower ones are hidden
	attempt int          // lines of this attempt only; 0 = all
	tries   int          // highest attempt seen
	keep    text.Pattern // only lines that match, and those around them
	hide    text.Pattern // not the lines that match
	around  int          // lines on each side of a kept one
	after   int          // lines behind the newest line that are still beside a kept one

	wrap   bool
	clock  clockForm
	zone   *time.Location
	fold   bool // the fields of the current line are on show below
	source bool // show which pipe a line is from, else which step
	plain  bool // show neither

	held   bool
	cursor int // number of the line, while held
	top    int // number of the first line on show, while held
	seen   orchestrator.LogPlace
	unseen int // fitting lines behind seen that are not among lines
	pull   int // -1: older lines are wanted, 1: newer ones

	query   text.Pattern
	wrong   string // why the search cannot be done
	origin  int    // number of the line the search began at
	rulers  map[ruler]time.Time
	shown   []int // numbers of the lines on show, ascending
	matches []int // numbers of the shown lines that match, ascending
}

// ruler is the line behind which a mark was dropped.
type ruler struct {
	run string
	seq int64
}

var levels = [...]string{"debug", "info", "warn", "error"}

func levelOf(name string) int {
	switch name { // as the engine writes them
	case "debug":
		return 0
	case "info":
		return 1
	case "warn":
		return 2
	case "error":
		return 3
	}
	if i := slices.Index(levels[:], strings.ToLower(name)); i >= 0 {
		return i
	}
	if strings.EqualFold(name, "warning") {
		return 2
	}
	return 1
}

// NewLogView makes a following view of info lines and above.
func NewLogView(source bool) *LogView {
	return &LogView{level: 1, source: source, bound: maxLines, whole: true, atStart: true, zone: time.Local, rulers: map[ruler]time.Time{}}
}

// compare orders two lines.
func (v *LogView) compare(a, b *orchestrator.LogLine) int {
	if v.byRun {
		return cmp.Compare(a.Seq, b.Seq)
	}
	return orchestrator.PlaceOf(a).Compare(orchestrator.PlaceOf(b))
}

// past says that a line came after the view was held.
func (v *LogView) past(l *orchestrator.LogLine) bool {
	return v.compare(l, &orchestrator.LogLine{At: v.seen.At, Run: v.seen.Run, Seq: v.seen.Seq}) > 0
}

// Set replaces all lines by the newest ones, and follows.
func (v *LogView) Set(lines []orchestrator.LogLine) {
	v.forget()
	v.held, v.cutOff, v.unseen = false, false, 0
	v.Append(lines)
}

// forget takes all lines away. What comes next gets numbers of its own.
func (v *LogView) forget() {
	v.first += len(v.lines)
	v.lines, v.shown, v.matches = nil, nil, nil
	v.bytes, v.tries, v.after = 0, 0, 0
}

// Append adds lines at the end, in their order; lines that are late go where they belong. The oldest are dropped beyond the bound,
// unless somebody looks at them: then the newest are, and counted.
func (v *LogView) Append(lines []orchestrator.LogLine) {
	if v.cutOff {
		v.count(lines, 1)
		return
	}
	v.add(lines)
	v.trim()
	v.keepTop()
}

// add puts lines behind the others, or where they belong.
func (v *LogView) add(lines []orchestrator.LogLine) {
	if len(lines) == 0 {
		return
	}
	if !slices.IsSortedFunc(lines, func(a, b orchestrator.LogLine) int { return v.compare(&a, &b) }) {
		lines = slices.Clone(lines)
		slices.SortStableFunc(lines, func(a, b orchestrator.LogLine) int { return v.compare(&a, &b) })
	}
	if n := len(v.lines); n > 0 && v.compare(&lines[0], &v.lines[n-1]) < 0 {
		v.merge(lines)
		return
	}
	for i := range lines {
		v.push(lines[i])
	}
}

func (v *LogView) push(l orchestrator.LogLine) {
	v.lines = append(v.lines, l)
	v.bytes += len(l.Msg)
	v.tries = max(v.tries, l.Attempt)
	v.index(v.first + len(v.lines) - 1)
}

// merge puts sorted lines between those that are there. The cursor and the top stay on their lines.
func (v *LogView) merge(lines []orchestrator.LogLine) {
	at, _ := slices.BinarySearchFunc(v.lines, lines[0], func(a, b orchestrator.LogLine) int {
		return cmp.Or(v.compare(&a, &b), -1) // behind its equals
	})
	rest := slices.Clone(v.lines[at:])
	for i := range rest {
		v.bytes -= len(rest[i].Msg)
	}
	v.lines = v.lines[:at]
	n := v.first + at
	cursor, top := v.cursor, v.top
	v.shown, v.matches = dropFrom(v.shown, n), dropFrom(v.matches, n)
	for i := 0; len(rest) > 0 || len(lines) > 0; {
		if len(rest) == 0 || len(lines) > 0 && v.compare(&lines[0], &rest[0]) < 0 {
			v.push(lines[0])
			lines = lines[1:]
			continue
		}
		moved := v.first + len(v.lines)
		if n+i == v.cursor {
			cursor = moved
		}
		if n+i == v.top {
			top = moved
		}
		v.push(rest[0])
		rest, i = rest[1:], i+1
	}
	v.cursor, v.top = cursor, top
	if !v.keep.Empty() {
		v.reindex()
	}
}

// Older puts a page of older lines before the others; start says that there are none before them.
func (v *LogView) Older(lines []orchestrator.LogLine, start bool) {
	v.pull, v.atStart = 0, start
	if len(lines) == 0 {
		return
	}
	v.count(lines, -1)
	v.lines = append(slices.Clone(lines), v.lines...)
	v.first -= len(lines)
	for i := range lines {
		v.bytes += len(lines[i].Msg)
	}
	v.reindex()
	v.trim()
	v.fit()
}

// Newer puts a page behind the others; end says that there is nothing newer yet.
func (v *LogView) Newer(lines []orchestrator.LogLine, end bool) {
	v.pull = 0
	v.count(lines, -1)
	v.add(lines)
	v.cutOff = !end
	if over := v.over(); over > 0 {
		v.dropOldest(over)
	}
	v.keepTop()
}

// Replace shows another window of the log, held at its first line.
func (v *LogView) Replace(lines []orchestrator.LogLine, start, end bool) {
	if !v.held && len(v.lines) > 0 {
		v.seen, v.unseen = orchestrator.PlaceOf(&v.lines[len(v.lines)-1]), 0
	}
	v.count(v.lines, 1)
	v.forget()
	v.count(lines, -1)
	v.atStart, v.cutOff, v.held, v.pull = start, !end, true, 0
	v.add(lines)
	v.cursor, v.top = v.first, v.first
	v.fit()
}

// count counts the fitting lines that came since the view was held and are not among lines.
func (v *LogView) count(lines []orchestrator.LogLine, by int) {
	for i := range lines {
		if v.past(&lines[i]) && v.fits(&lines[i]) {
			v.unseen = max(v.unseen+by, 0)
		}
	}
}

// over is how many lines are too many; they are dropped in blocks, so that it does not cost at every line.
func (v *LogView) over() int {
	over := len(v.lines) - v.bound
	if over <= v.bound/10 {
		over = 0
	}
	for at, bytes := over, v.bytes; bytes > maxLogBytes && at < len(v.lines)-1; at++ {
		bytes -= len(v.lines[at].Msg)
		over = at + 1
	}
	return over
}

// trim keeps the bound: it drops the oldest lines, or the newest when somebody looks at the oldest.
func (v *LogView) trim() {
	over := v.over()
	if over == 0 {
		return
	}
	if v.held && !v.whole && v.top-v.first < over+v.h {
		v.dropNewest(over)
		return
	}
	v.dropOldest(over)
}

func (v *LogView) dropOldest(n int) {
	if v.held {
		v.count(v.lines[:n], 1)
	}
	for i := range v.lines[:n] {
		v.bytes -= len(v.lines[i].Msg)
	}
	rest := v.lines[n:]
	v.lines = append(make([]orchestrator.LogLine, 0, len(rest)+max(n, v.bound/10)*2), rest...) // with room until the next block
	v.first += n
	v.atStart = false
	v.shown, v.matches = dropBelow(v.shown, v.first), dropBelow(v.matches, v.first)
}

func (v *LogView) dropNewest(n int) {
	end := max(len(v.lines)-n, 1)
	v.count(v.lines[end:], 1)
	for i := range v.lines[end:] {
		v.bytes -= len(v.lines[end+i].Msg)
	}
	v.lines = slices.Clone(v.lines[:end])
	v.cutOff = true
	v.shown, v.matches = dropFrom(v.shown, v.first+end), dropFrom(v.matches, v.first+end)
}

func dropBelow(ns []int, first int) []int {
	i, _ := slices.BinarySearch(ns, first)
	return append(make([]int, 0, len(ns)), ns[i:]...)
}

func dropFrom(ns []int, end int) []int {
	i, _ := slices.BinarySearch(ns, end)
	return ns[:i]
}

func (v *LogView) line(n int) *orchestrator.LogLine { return &v.lines[n-v.first] }

// Ends gives the oldest and the newest line of the window.
func (v *LogView) ends() (oldest, newest orchestrator.LogPlace) {
	if len(v.lines) == 0 {
		return oldest, newest
	}
	return orchestrator.PlaceOf(&v.lines[0]), orchestrator.PlaceOf(&v.lines[len(v.lines)-1])
}

// Shown gives the lines on show in the whole window, oldest first.
func (v *LogView) Shown() []orchestrator.LogLine {
	out := make([]orchestrator.LogLine, len(v.shown))
	for i, n := range v.shown {
		out[i] = *v.line(n)
	}
	return out
}
