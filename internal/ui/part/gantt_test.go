package part

import (
	"testing"
	"time"
)

func TestGanttRow(t *testing.T) {
	t0 := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }
	sc := Scale{From: t0, Len: 10 * time.Second, W: 20}
	for _, c := range []struct {
		name  string
		spans []Span
		want  string
	}{
		{"whole", []Span{{From: at(0), To: at(10), Glyph: "█"}}, "████████████████████"},
		{"short ones stay visible", []Span{{From: at(5), To: at(5.01), Glyph: "█"}}, "          █         "},
		{"attempts and backoff", []Span{
			{From: at(0), To: at(2), Glyph: "▓", End: "✗"}, {From: at(2), To: at(4), Glyph: "·"}, {From: at(4), To: at(6), Glyph: "█"},
		}, "▓▓▓✗····████        "},
		{"outside is cut", []Span{{From: at(-5), To: at(1), Glyph: "█"}, {From: at(9), To: at(30), Glyph: "▸"}}, "██                ▸▸"},
	} {
		cv := NewCanvas(20, 1, false)
		sc.Row(cv, 0, c.spans)
		if got := cv.Lines()[0]; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestGanttAxis(t *testing.T) {
	for w, want := range map[int]string{48: "0s          30s         1m          1m30s     2m", 12: "0s        2m", 3: "0s ", 0: ""} {
		cv := NewCanvas(w, 1, false)
		Scale{Len: 2 * time.Minute, W: w}.Axis(cv, 0)
		if got := cv.Lines()[0]; got != want {
			t.Errorf("width %d: %q, want %q", w, got, want)
		}
	}
}

func TestNiceLen(t *testing.T) {
	for d, want := range map[time.Duration]time.Duration{
		0: 5 * time.Second, 6 * time.Second: 10 * time.Second, 61 * time.Second: 2 * time.Minute, 90 * time.Minute: 2 * time.Hour,
	} {
		if got := NiceLen(d); got != want {
			t.Errorf("NiceLen(%v) = %v, want %v", d, got, want)
		}
	}
}
