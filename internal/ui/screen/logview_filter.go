package screen

import (
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// fits says that a line passes the level, the attempt and the filters by itself.
func (v *LogView) fits(l *orchestrator.LogLine) bool {
	return v.allowed(l) && (v.keep.Empty() || v.keep.Match(l.Msg))
}

// allowed says that a line may be on show, by itself or beside a kept one.
func (v *LogView) allowed(l *orchestrator.LogLine) bool {
	return levelOf(l.Level) >= v.level && (v.attempt == 0 || l.Attempt == v.attempt) && (v.hide.Empty() || !v.hide.Match(l.Msg))
}

// index enters the newest line into the shown lines and the matches, and before it those beside it. Of a line that does not fit, a gap
// before it is on show all the same.
func (v *LogView) index(n int) {
	l := v.line(n)
	switch {
	case v.fits(l):
		from := n - v.around
		if v.keep.Empty() {
			from = n
		}
		if k := len(v.shown); k > 0 {
			from = max(from, v.shown[k-1]+1)
		}
		for m := max(from, v.first); m < n; m++ {
			if v.allowed(v.line(m)) {
				v.show(m)
			}
		}
		v.show(n)
		v.after = v.around
	case v.after > 0:
		v.after--
		if v.allowed(l) || l.Gap > 0 {
			v.show(n)
		}
	case l.Gap > 0:
		v.show(n)
	}
}

func (v *LogView) show(n int) {
	v.shown = append(v.shown, n)
	if l := v.line(n); v.allowed(l) && v.query.Match(l.Msg) {
		v.matches = append(v.matches, n)
	}
}

func (v *LogView) reindex() {
	v.shown, v.matches, v.after, v.tries = nil, nil, 0, 0
	for i := range v.lines {
		v.tries = max(v.tries, v.lines[i].Attempt)
		v.index(v.first + i)
	}
}

// refilter follows a changed filter: the cursor stays on its line, or goes to the next one on show.
func (v *LogView) refilter() {
	v.reindex()
	v.fit()
}

// Level shows more (-1) or fewer (1) levels.
func (v *LogView) Level(d int) {
	v.level = max(min(v.level+d, len(levels)-1), 0)
	v.refilter()
}

// Attempt goes to the lines of the next (1) or previous (-1) attempt, round over those of all.
func (v *LogView) Attempt(d int) {
	n := v.attempts() + 1
	v.attempt = ((v.attempt+d)%n + n) % n
	v.refilter()
}

// attempts is how many attempts there are to choose from.
func (v *LogView) attempts() int { return max(v.tries, v.attempt) }

// Attempts is how many attempts the lines on hand are of.
func (v *LogView) Attempts() int { return v.attempts() }

// Keep shows only lines that match; Hide does not show those that do. "" ends it. They give why a text cannot be looked for.
func (v *LogView) Keep(q string) error { return v.filterBy(&v.keep, q) }

// Hide is the other way round.
func (v *LogView) Hide(q string) error { return v.filterBy(&v.hide, q) }

func (v *LogView) filterBy(p *text.Pattern, q string) error {
	pat, err := text.ParsePattern(q)
	if err != nil {
		return err
	}
	*p = pat
	v.refilter()
	return nil
}

// Filters are what is kept and what is hidden.
func (v *LogView) Filters() (keep, hide string) { return v.keep.String(), v.hide.String() }

// Around goes through 0, 2, 5 and 10 lines on each side of a kept one.
func (v *LogView) Around() {
	steps := []int{0, 2, 5, 10}
	v.around = steps[(slices.Index(steps, v.around)+1)%len(steps)]
	v.refilter()
}

// Search looks for a text in the lines' messages; "" ends the search. The cursor goes to the newest match, or, while held, to the
// nearest one before the line at which the search began.
func (v *LogView) Search(q string) {
	if v.query.Empty() {
		v.origin = v.cursor
		if !v.held {
			v.origin = v.first + len(v.lines)
		}
	}
	pat, err := text.ParsePattern(q)
	v.wrong = ""
	if err != nil {
		v.wrong = err.Error()
		v.query, v.matches = text.Pattern{}, nil
		return
	}
	v.query = pat
	v.refilter()
	if len(v.matches) == 0 {
		return
	}
	v.hold()
	i, on := slices.BinarySearch(v.matches, v.origin)
	if !on {
		i = max(i-1, 0)
	}
	v.goTo(v.matches[i])
}

// Query is what is searched for.
func (v *LogView) Query() string { return v.query.String() }

// ToggleExpression makes an expression of the searched text, or the other way round.
func (v *LogView) ToggleExpression() {
	q := v.query.String()
	if _, _, plain := v.query.Literal(); plain {
		q = "/" + q + "/"
	} else if len(q) > 2 {
		q = q[1 : len(q)-1]
	}
	v.Search(q)
}

// Clear ends the search, or else one of the filters; it says whether there was anything to end.
func (v *LogView) Clear() bool {
	switch {
	case !v.query.Empty() || v.wrong != "":
		v.Search("")
	case !v.hide.Empty():
		v.hide = text.Pattern{}
	case !v.keep.Empty():
		v.keep = text.Pattern{}
	case v.attempt != 0:
		v.attempt = 0
	default:
		return false
	}
	v.refilter()
	return true
}

// NextMatch goes to the next (1) or previous (-1) match, round the ends.
func (v *LogView) NextMatch(dir int) { v.step(v.matches, dir) }

// NextError goes to the next (1) or previous (-1) error line, round the ends.
func (v *LogView) NextError(dir int) { v.step(v.errors(), dir) }

// errors are the numbers of the error lines on show.
func (v *LogView) errors() []int {
	var errs []int
	for _, n := range v.shown {
		if levelOf(v.line(n).Level) == 3 {
			errs = append(errs, n)
		}
	}
	return errs
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

// Mark drops a ruler with the time behind the current line, or takes it away.
func (v *LogView) Mark(now time.Time) {
	l := v.current()
	if l == nil {
		return
	}
	at := ruler{l.Run, l.Seq}
	if _, on := v.rulers[at]; on {
		delete(v.rulers, at)
	} else if len(v.rulers) < maxRulers {
		v.rulers[at] = now
	}
	v.fit()
}
