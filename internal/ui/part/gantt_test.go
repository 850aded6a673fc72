package part

import (
	"math/rand/v2"
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
		Scale{Len: 2 * time.Minute, W: w}.Axis(cv, 0, time.Time{})
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

// TestGanttNeverLies: spans that follow each other and cover the whole time line cover the whole row, in their order, each
// seen as long as there are columns enough, whatever is folded, and none lies over another.
func TestGanttNeverLies(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 4))
	t0 := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	for range 3000 {
		w := 1 + rng.IntN(120)
		n := 1 + rng.IntN(min(w, 12))
		at := t0
		spans := make([]Span, n)
		for i := range spans {
			d := time.Duration(rng.Int64N(1 + int64(time.Second)<<rng.IntN(14)))
			spans[i] = Span{From: at, To: at.Add(d), Thin: i%2 == 1 && rng.IntN(3) > 0}
			at = at.Add(d)
		}
		s := Scale{From: t0, Len: max(at.Sub(t0), 1), W: w}
		if rng.IntN(2) == 0 {
			var busy []Span
			for i, p := range spans {
				if i%2 == 0 {
					busy = append(busy, p)
				}
			}
			s.Folds = Gaps(busy, s.Len/12)
		}
		next := 0
		for i, c := range s.Cells(spans) {
			if c.From != next || c.To < c.From || c.To > w {
				t.Fatalf("%d columns, span %d of %v lies at %v, the one before ends at %d", w, i, spans, c, next)
			}
			if c.To == c.From && !spans[i].Thin {
				t.Fatalf("%d columns: span %d of %v is not to be seen: %v", w, i, spans, s.Cells(spans))
			}
			next = c.To
		}
		if next != w {
			t.Fatalf("%d columns: the row ends at %d: %v", w, next, spans)
		}
		last := 0
		for i := range 50 {
			c := s.Column(t0.Add(s.Len * time.Duration(i) / 50))
			if c < last || c >= w {
				t.Fatalf("column %d after %d of %d", c, last, w)
			}
			last = c
		}
	}
}

func TestGaps(t *testing.T) {
	t0 := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }
	busy := []Span{{From: at(50), To: at(60)}, {From: at(0), To: at(9)}, {From: at(2), To: at(3)}, {From: at(12), To: at(13)}}
	if got := Gaps(busy, 5*time.Second); len(got) != 1 || !got[0].From.Equal(at(13)) || !got[0].To.Equal(at(50)) {
		t.Errorf("%v", got)
	}
	if got := Gaps(nil, time.Second); got != nil {
		t.Errorf("%v", got)
	}
}
