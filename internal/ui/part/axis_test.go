package part

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestAxisColumns(t *testing.T) {
	a := NewAxis(noon, noon.Add(time.Hour), 60)
	for _, c := range []struct {
		at   time.Duration
		want int
	}{{-1, -1}, {0, 0}, {time.Minute - 1, 0}, {time.Minute, 1}, {30 * time.Minute, 30}, {time.Hour - 1, 59}, {time.Hour, 60}, {2 * time.Hour, 60}} {
		if got := a.Column(noon.Add(c.at)); got != c.want {
			t.Errorf("%v: column %d, want %d", c.at, got, c.want)
		}
	}
	if got := a.Time(30); !got.Equal(noon.Add(30 * time.Minute)) {
		t.Errorf("column 30 begins at %v", got)
	}
	for _, c := range []struct {
		from, to time.Duration
		want     string
	}{
		{0, time.Minute, "0 0 true"},
		{0, time.Minute + 1, "0 1 true"},
		{5 * time.Second, 6 * time.Second, "0 0 true"},
		{-time.Hour, -1, "0 0 false"},
		{-time.Hour, time.Minute, "0 0 true"},
		{59 * time.Minute, 3 * time.Hour, "59 59 true"},
		{time.Hour, 2 * time.Hour, "0 0 false"},
		{-time.Hour, 2 * time.Hour, "0 59 true"},
	} {
		x, y, ok := a.Span(noon.Add(c.from), noon.Add(c.to))
		if got := fmt.Sprint(x, y, ok); got != c.want {
			t.Errorf("%v to %v: %s, want %s", c.from, c.to, got, c.want)
		}
	}
}

func TestAxisLabels(t *testing.T) {
	show := func(a Axis) string {
		b := []byte(strings.Repeat(" ", a.W))
		for _, l := range a.Labels() {
			copy(b[l.X:], l.Text)
		}
		return strings.TrimRight(string(b), " ")
	}
	for _, c := range []struct {
		a    Axis
		want string
	}{
		{NewAxis(noon, noon.Add(time.Hour), 40), "12:00     12:15     12:30     12:45"},
		{NewAxis(noon.Add(7*time.Minute), noon.Add(2*time.Hour), 40), "        12:30     13:00      13:30"},
		{NewAxis(noon.Add(-24*time.Hour), noon.Add(48*time.Hour), 40), "      24 Nov        25 Nov       26 Nov"},
		{NewAxis(noon, noon.Add(time.Hour), 3), ""},
		{NewAxis(noon, noon, 0), ""},
	} {
		if got := show(c.a); got != c.want {
			t.Errorf("%v to %v in %d: %q, want %q", c.a.From, c.a.To, c.a.W, got, c.want)
		}
	}
}

func TestAxisFolds(t *testing.T) {
	busy := []Stretch{{noon, noon.Add(10 * time.Minute)}, {noon.Add(40 * time.Minute), noon.Add(50 * time.Minute)}}
	a := NewAxis(noon, noon.Add(time.Hour), 60).Fold(busy)
	if got := fmt.Sprint(a.Gaps()); len(a.Gaps()) != 2 {
		t.Fatalf("gaps %s, want one between the two and one behind", got)
	}
	last := -1
	for m := range 60 {
		x := a.Column(noon.Add(time.Duration(m) * time.Minute))
		if x < last || x > 59 {
			t.Fatalf("minute %d is in column %d, after %d", m, x, last)
		}
		last = x
	}
	if x, y := a.Column(noon), a.Column(noon.Add(10*time.Minute-1)); y-x < 20 {
		t.Errorf("the busy ten minutes have the columns %d to %d: they did not get the room", x, y)
	}
	if a := NewAxis(noon, noon.Add(time.Hour), 60).Fold(nil); len(a.Gaps()) != 0 {
		t.Error("a window with nothing in it was folded away")
	}
	if a := NewAxis(noon, noon.Add(time.Hour), 60).Fold([]Stretch{{noon, noon.Add(time.Hour)}}); len(a.Gaps()) != 0 {
		t.Error("a full window was folded")
	}
}

// FuzzAxis: columns are in the window and never go back, whatever is folded.
func FuzzAxis(f *testing.F) {
	f.Add(60, 0, 10, 40, 50)
	f.Add(1, 3, 3, 7, 2)
	f.Fuzz(func(t *testing.T, w, a0, a1, b0, b1 int) {
		w = min(max(w, 1), 300)
		at := func(m int) time.Time { return noon.Add(time.Duration(m%3600) * time.Second) }
		a := NewAxis(noon, noon.Add(time.Hour), w).Fold([]Stretch{{at(a0), at(a1)}, {at(b0), at(b1)}})
		last := -1
		for s := range 3600 {
			x := a.Column(noon.Add(time.Duration(s) * time.Second))
			if x < last || x < 0 || x >= w {
				t.Fatalf("second %d is in column %d of %d, after %d", s, x, w, last)
			}
			last = x
		}
		for _, l := range a.Labels() {
			if l.X < 0 || l.X >= w {
				t.Fatalf("label %+v in %d columns", l, w)
			}
		}
	})
}
