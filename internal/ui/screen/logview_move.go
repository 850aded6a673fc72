package screen

import (
	"slices"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Resize takes the size of the lines' area. The line on top stays there.
func (v *LogView) Resize(w, h int) {
	if w == v.w && h == v.h {
		return
	}
	v.w, v.h = w, h
	v.keepTop()
}

// ToggleWrap wraps long lines, or cuts them. The line on top stays there.
func (v *LogView) ToggleWrap() {
	v.wrap = !v.wrap
	v.keepTop()
}

// ToggleFold shows the fields of the current line below, or hides them. The cursor stays on its line.
func (v *LogView) ToggleFold() {
	v.fold = !v.fold
	v.fit()
}

// ToggleClock goes through the ways to show times.
func (v *LogView) ToggleClock() {
	v.clock = (v.clock + 1) % clockForms
	v.keepTop()
}

// at is the place of the cursor among the shown lines.
func (v *LogView) at() int { return v.place(v.cursor) }

// place is where a line, or else the next one on show, is among the shown lines.
func (v *LogView) place(n int) int {
	i, _ := slices.BinarySearch(v.shown, n)
	return max(min(i, len(v.shown)-1), 0)
}

// current is the line under the cursor, or the newest one; nil = there is none.
func (v *LogView) current() *orchestrator.LogLine {
	if len(v.shown) == 0 {
		return nil
	}
	if v.held {
		return v.line(v.shown[v.at()])
	}
	return v.line(v.shown[len(v.shown)-1])
}

// rows are those for lines: all but those of the folded-out fields.
func (v *LogView) rows() int { return max(v.h-v.foldRows(v.h), 0) }

// last is the last line that is whole on show below top, both as places among the shown lines.
func (v *LogView) last(top int) int {
	rows := v.rows() - v.height(v.w, v.shown[top])
	i := top
	for i+1 < len(v.shown) {
		if rows -= v.height(v.w, v.shown[i+1]); rows < 0 {
			break
		}
		i++
	}
	return i
}

// fit keeps the cursor on a shown line and inside the window; the top moves for it, no more than it has to.
func (v *LogView) fit() {
	if !v.held || len(v.shown) == 0 {
		return
	}
	i, t := v.at(), v.place(v.top)
	v.cursor = v.shown[i]
	if i <= t {
		t = i
	} else if i-t >= v.rows() || i > v.last(t) {
		t = v.topFor(i, v.rows())
	}
	v.top = v.shown[t]
}

// topFor is the first of the shown lines from which line i still ends within so many rows.
func (v *LogView) topFor(i, rows int) int {
	for rows -= v.height(v.w, v.shown[i]); i > 0; i-- {
		if rows -= v.height(v.w, v.shown[i-1]); rows < 0 {
			break
		}
	}
	return i
}

// keepTop keeps the top where it is; the cursor moves when it is outside.
func (v *LogView) keepTop() {
	if !v.held || len(v.shown) == 0 {
		return
	}
	t := v.place(v.top)
	v.top = v.shown[t]
	v.cursor = v.shown[max(min(v.at(), v.last(t)), t)]
}

// hold stops following, with the cursor on the newest line.
func (v *LogView) hold() {
	if v.held || len(v.shown) == 0 {
		return
	}
	v.held = true
	v.cursor = v.shown[len(v.shown)-1]
	v.seen = orchestrator.PlaceOf(&v.lines[len(v.lines)-1])
	v.unseen = 0
	v.top = v.shown[v.topFor(len(v.shown)-1, v.rows())]
}

// Follow goes to the newest line and stays there.
func (v *LogView) Follow() { v.held = false }

// ToggleHold holds, or follows again.
func (v *LogView) ToggleHold() {
	if v.held {
		v.Follow()
		return
	}
	v.hold()
}

// Held says that the view stands still.
func (v *LogView) Held() bool { return v.held }

// Move moves the cursor by lines; moving up holds the view. At an end of the window it asks for what lies beyond.
func (v *LogView) Move(_ Env, n int) {
	if !v.held && n > 0 {
		return
	}
	v.hold()
	v.jump(v.at() + n)
	v.beyond(n)
}

// beyond asks for the lines behind the end of the window that the cursor is near to.
func (v *LogView) beyond(dir int) {
	switch near := max(v.h, 10); {
	case dir < 0 && !v.atStart && v.at() < near:
		v.pull = -1
	case dir > 0 && v.cutOff && v.at()+near >= len(v.shown):
		v.pull = 1
	}
}

func (v *LogView) jump(i int) {
	if len(v.shown) == 0 {
		return
	}
	v.cursor = v.shown[max(min(i, len(v.shown)-1), 0)]
	v.fit()
	v.fill()
}

// Page moves by half pages.
func (v *LogView) Page(e Env, halves int) { v.Move(e, halves*max(v.rows()/2, 1)) }

// Home goes to the oldest line of the window.
func (v *LogView) Home(Env) {
	v.hold()
	v.jump(0)
}

// End goes to the newest line and follows.
func (v *LogView) End(Env) { v.Follow() }

// below counts the shown lines that came since the view was held.
func (v *LogView) below() int {
	i, _ := slices.BinarySearchFunc(v.shown, 0, func(n, _ int) int {
		if v.past(v.line(n)) {
			return 1
		}
		return -1
	})
	return len(v.shown) - i + v.unseen
}

// goTo puts the cursor on a line, with lines around it.
func (v *LogView) goTo(n int) {
	i := v.place(n)
	v.cursor = n
	v.top = v.shown[v.topFor(i, v.rows()/3+1)]
	v.fit()
	v.fill()
}

// fill moves the top up when there is room below the last line.
func (v *LogView) fill() {
	if v.held && len(v.shown) > 0 {
		v.top = v.shown[min(v.place(v.top), v.topFor(len(v.shown)-1, v.rows()))]
	}
}

// find is the number of the first line at or behind a place.
func (v *LogView) find(p orchestrator.LogPlace) (n int, ok bool) {
	l := orchestrator.LogLine{At: p.At, Run: p.Run, Seq: p.Seq}
	i, on := slices.BinarySearchFunc(v.lines, l, func(a, b orchestrator.LogLine) int { return v.compare(&a, &b) })
	return v.first + i, on
}
