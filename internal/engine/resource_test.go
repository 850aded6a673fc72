package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
)

// TestBreaker plays words of steps against a breaker that opens after three failures, for ten seconds.
func TestBreaker(t *testing.T) {
	t.Parallel()
	c := &config.Resource{BreakerFailures: 3, BreakerOpenFor: 10 * time.Second}
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	type word struct {
		good    bool
		step    string // "" = a whole run
		started int    // seconds
		now     int
	}
	bad := func(now int) word { return word{false, "x/a", now, now} }
	open := []word{bad(1), bad(2), bad(3)} // until 13
	for name, w := range map[string]struct {
		words []word
		now   int
		want  string
	}{
		"new":                                 {nil, 1, "closed"},
		"two failures":                        {[]word{bad(1), bad(2)}, 2, "closed"},
		"three failures":                      {open, 3, "open"},
		"three in a row, not in all":          {[]word{bad(1), bad(2), {true, "x/a", 3, 3}, bad(4)}, 4, "closed"},
		"another step says nothing":           {[]word{bad(1), bad(2), {true, "x/local", 3, 3}, bad(4)}, 4, "open"},
		"a whole run that went well":          {[]word{bad(1), bad(2), {true, "", 3, 3}, bad(4)}, 4, "closed"},
		"its time is over":                    {open, 13, "half open"},
		"old news while open":                 {append(slices.Clone(open), word{true, "x/a", 2, 5}), 5, "open"},
		"old failures do not prolong it":      {append(slices.Clone(open), word{false, "x/a", 2, 12}), 13, "half open"},
		"news while open":                     {append(slices.Clone(open), word{true, "x/a", 4, 5}), 5, "closed"},
		"one failure when half open":          {append(slices.Clone(open), bad(14)), 14, "open"},
		"an old failure when half open":       {append(slices.Clone(open), word{false, "x/a", 2, 14}), 14, "half open"},
		"a success when half open":            {append(slices.Clone(open), word{true, "", 13, 14}), 14, "closed"},
		"three more failures after it closed": {append(slices.Clone(open), word{true, "", 13, 14}, bad(15), bad(16)), 16, "closed"},
	} {
		b := &breaker{}
		for _, s := range w.words {
			if s.good {
				b.succeeded(s.step, at(s.started))
			} else {
				b.failed(c, s.step, "refused", at(s.started), at(s.now))
			}
		}
		got := "closed"
		if b.openAt(at(w.now)) {
			got = "open"
		} else if b.halfOpenAt(at(w.now)) {
			got = "half open"
		}
		if got != w.want {
			t.Errorf("%s: %s, want %s", name, got, w.want)
		}
	}
	none := &breaker{}
	for i := range 100 {
		none.failed(&config.Resource{}, "x/a", "refused", at(i), at(i))
	}
	if none.openAt(at(100)) {
		t.Error("no breaker is configured, it opened")
	}
}

// TestBucket compares the bucket with counted tokens: with greedy starts at random times, no window of any length has more starts than
// the burst and what came in during it, and a start is never put off for longer than one token takes.
func TestBucket(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		c := &config.Resource{Rate: 1 + rnd.IntN(20), Per: time.Duration(1+rnd.IntN(5000)) * time.Millisecond, Burst: rnd.IntN(10)}
		burst := c.Burst
		if burst == 0 {
			burst = c.Rate
		}
		each := c.Per / time.Duration(c.Rate)
		var b bucket
		now := time.Unix(1000, 0)
		var starts []time.Time
		for range 300 {
			at := b.next(c, now)
			if at.Sub(now) > each {
				t.Fatalf("%+v: the next start is put off by %s, a token takes %s", c, at.Sub(now), each)
			}
			if at.After(now) {
				now = at
			}
			if b.next(c, now).After(now) {
				t.Fatalf("%+v: not open at the time it gave", c)
			}
			b.take(c, now)
			starts = append(starts, now)
			if rnd.IntN(20) == 0 {
				now = now.Add(time.Duration(rnd.Int64N(int64(2 * c.Per))))
			}
		}
		for i := range starts {
			for j := i; j < len(starts); j++ {
				if n, most := j-i+1, burst+int(starts[j].Sub(starts[i])/each); n > most {
					t.Fatalf("%+v: %d starts within %s, at most %d", c, n, starts[j].Sub(starts[i]), most)
				}
			}
		}
		if back := now.Add(-time.Hour); b.next(c, back).Sub(back) > each*time.Duration(burst+1) {
			t.Errorf("%+v: the clock went back, the next start is %s away", c, b.next(c, back).Sub(back))
		}
	}
}

type ball struct{ size, index int }

func (b *ball) before(other *ball) bool { return b.size < other.size }
func (b *ball) place() *int             { return &b.index }

// TestRanked compares the heap with a sorted list under random changes.
func TestRanked(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	balls := make([]*ball, 40)
	for i := range balls {
		balls[i] = &ball{index: -1}
	}
	var h ranked[*ball]
	for range 20_000 {
		b := balls[rnd.IntN(len(balls))]
		if rnd.IntN(3) == 0 {
			h.drop(b)
		} else {
			b.size = rnd.IntN(100)
			h.put(b)
		}
		least, n := -1, 0
		for _, b := range balls {
			if b.index < 0 {
				continue
			}
			n++
			if h.items[b.index] != b {
				t.Fatal("a ball is not where it thinks")
			}
			if least < 0 || b.size < least {
				least = b.size
			}
		}
		if first, ok := h.first(); ok != (n > 0) || ok && first.size != least || h.Len() != n {
			t.Fatalf("first %v %v of %d, want %d of %d", first, ok, h.Len(), least, n)
		}
	}
}
