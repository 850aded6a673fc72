package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

func TestBackoffTable(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	list := []time.Duration{time.Second, time.Minute, time.Hour}
	busy := func(d time.Duration) error { return fault.NewRateLimited(boom, d) }
	for _, c := range []struct {
		name    string
		p       pipe.Retry
		n       int
		err     error
		atLeast time.Duration
		atMost  time.Duration
	}{
		{"first", pipe.Retry{Delay: 30 * time.Second}, 1, boom, 27 * time.Second, 33 * time.Second},
		{"second doubles", pipe.Retry{Delay: 30 * time.Second}, 2, boom, 54 * time.Second, 66 * time.Second},
		{"third doubles again", pipe.Retry{Delay: 30 * time.Second}, 3, boom, 108 * time.Second, 132 * time.Second},
		{"default bound", pipe.Retry{Delay: 30 * time.Second}, 9, boom, 9 * time.Minute, 10 * time.Minute},
		{"own bound", pipe.Retry{Delay: time.Second, MaxDelay: 5 * time.Second}, 7, boom, 4500 * time.Millisecond, 5 * time.Second},
		{"delay above the bound", pipe.Retry{Delay: time.Hour, MaxDelay: time.Minute}, 1, boom, 54 * time.Second, time.Minute},
		{"just below the bound", pipe.Retry{Delay: 59 * time.Second, MaxDelay: time.Minute}, 1, boom, 53 * time.Second, time.Minute},
		{"no delay", pipe.Retry{}, 1, boom, 0, 0},
		{"no delay, many attempts", pipe.Retry{}, 40, boom, 0, 0},
		{"a nanosecond, many attempts", pipe.Retry{Delay: 1}, 62, boom, 9 * time.Minute, 10 * time.Minute},
		{"negative delay", pipe.Retry{Delay: -time.Hour}, 3, boom, 0, 0},
		{"no attempt yet", pipe.Retry{Delay: time.Second}, 0, boom, 900 * time.Millisecond, 1100 * time.Millisecond},
		{"endless bound", pipe.Retry{Delay: time.Hour, MaxDelay: math.MaxInt64}, math.MaxInt, boom, math.MaxInt64 / 10 * 9, math.MaxInt64},
		{"endless delay", pipe.Retry{Delay: math.MaxInt64, MaxDelay: math.MaxInt64}, 2, boom, math.MaxInt64 / 10 * 9, math.MaxInt64},
		{"own coefficient", pipe.Retry{Delay: 10 * time.Second, Coefficient: 3, NoJitter: true}, 3, boom, 90 * time.Second, 90 * time.Second},
		{"a broken coefficient", pipe.Retry{Delay: 10 * time.Second, Coefficient: 1.5, NoJitter: true}, 2, boom, 15 * time.Second, 15 * time.Second},
		{"constant", pipe.Retry{Delay: 10 * time.Second, Coefficient: 1, NoJitter: true}, 99, boom, 10 * time.Second, 10 * time.Second},
		{"shrinking is constant", pipe.Retry{Delay: 10 * time.Second, Coefficient: 0.5, NoJitter: true}, 9, boom, 10 * time.Second, 10 * time.Second},
		{"no number", pipe.Retry{Delay: time.Second, Coefficient: math.NaN(), NoJitter: true}, 9, boom, time.Second, time.Second},
		{"endless coefficient", pipe.Retry{Delay: time.Second, Coefficient: math.Inf(1), NoJitter: true}, 2, boom, 10 * time.Minute, 10 * time.Minute},
		{"nothing, endlessly", pipe.Retry{Coefficient: math.Inf(1)}, 2, boom, 0, 0},
		{"exact at the bound", pipe.Retry{Delay: time.Hour, NoJitter: true}, 1, boom, 10 * time.Minute, 10 * time.Minute},
		{"list, first", pipe.Retry{Delays: list, NoJitter: true}, 1, boom, time.Second, time.Second},
		{"list, second", pipe.Retry{Delays: list, NoJitter: true}, 2, boom, time.Minute, time.Minute},
		{"list, its last repeats", pipe.Retry{Delays: list, NoJitter: true}, 9, boom, time.Hour, time.Hour},
		{"list, endless attempts", pipe.Retry{Delays: list, NoJitter: true}, math.MaxInt, boom, time.Hour, time.Hour},
		{"list with a bound", pipe.Retry{Delays: list, MaxDelay: time.Minute, NoJitter: true}, 3, boom, time.Minute, time.Minute},
		{"list with jitter", pipe.Retry{Delays: list}, 2, boom, 54 * time.Second, 66 * time.Second},
		{"list instead of delay", pipe.Retry{Delay: time.Hour, Coefficient: 7, Delays: list[:1], NoJitter: true}, 2, boom, time.Second, time.Second},
		{"list with a negative", pipe.Retry{Delays: []time.Duration{-time.Hour}}, 1, boom, 0, 0},
		{"list, asked to wait longer", pipe.Retry{Delays: list, NoJitter: true}, 1, busy(time.Minute), time.Minute, time.Minute},
		{"asked to wait longer", pipe.Retry{Delay: time.Second}, 1, busy(90 * time.Second), 90 * time.Second, 90 * time.Second},
		{"asked to wait past the bound", pipe.Retry{Delay: 1, MaxDelay: time.Second}, 1, busy(time.Minute), time.Minute, time.Minute},
		{"asked to wait shorter", pipe.Retry{Delay: 30 * time.Second}, 1, busy(time.Second), 27 * time.Second, 33 * time.Second},
		{"asked to wait for years", pipe.Retry{Delay: time.Second}, 1, busy(math.MaxInt64), time.Hour, time.Hour},
		{"asked to wait a negative time", pipe.Retry{Delay: time.Second}, 1, busy(math.MinInt64), 900 * time.Millisecond, 1100 * time.Millisecond},
		{"asked from deep inside", pipe.Retry{Delay: 1}, 1, fmt.Errorf("x: %w", busy(time.Minute)), time.Minute, time.Minute},
	} {
		for seed := range 200 {
			if d := backoff(c.p, c.n, fmt.Sprint(seed), c.err); d < c.atLeast || d > c.atMost {
				t.Errorf("%s: %s with seed %d, want %s to %s", c.name, d, seed, c.atLeast, c.atMost)
				break
			}
		}
	}
}

// TestBackoffHoldsForAnything checks what must be true of every policy: never negative, never above the bound, and never
// less than the try before but for the jitter.
func TestBackoffHoldsForAnything(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().Unix() / 86400)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for range 20_000 {
		p := pipe.Retry{Delay: anyDuration(rnd), MaxDelay: anyDuration(rnd)}
		if rnd.IntN(2) == 0 {
			p.Coefficient = 1 + rnd.ExpFloat64()
		}
		limit := p.MaxDelay
		if limit <= 0 {
			limit = pipe.DefaultMaxDelay
		}
		name := fmt.Sprint(rnd.Uint64())
		var before time.Duration
		for n := 1; n <= 70; n++ {
			d := backoff(p, n, fmt.Sprint(name, "/", n), nil)
			if d < 0 || d > limit {
				t.Fatalf("seed %d: %+v attempt %d waits %s, want 0 to %s", seed, p, n, d, limit)
			}
			if float64(d) < float64(before)*0.9/1.1-1 {
				t.Fatalf("seed %d: %+v attempt %d waits %s, the one before %s", seed, p, n, d, before)
			}
			if d != backoff(p, n, fmt.Sprint(name, "/", n), nil) {
				t.Fatalf("seed %d: the same question has two answers", seed)
			}
			before = d
		}
		if d := backoff(p, math.MaxInt, name, nil); d < 0 || d > limit {
			t.Fatalf("seed %d: %+v waits %s after endless attempts", seed, p, d)
		}
	}
}

// anyDuration is a duration of any size and, now and then, sign.
func anyDuration(rnd *rand.Rand) time.Duration {
	d := time.Duration(rnd.Uint64() >> (1 + rnd.IntN(63)))
	if rnd.IntN(20) == 0 {
		return -d
	}
	return d
}

// TestJitterSpreads looks at the three ways in which seeds differ in practice: by attempt, by run and by step.
func TestJitterSpreads(t *testing.T) {
	t.Parallel()
	const base = 100 * time.Second
	policy := pipe.Retry{Delay: base, MaxDelay: base * 4}
	for name, seedOf := range map[string]func(i int) string{
		"attempts of one step": func(i int) string { return fmt.Sprintf("17/triage/%d", i) },
		"runs":                 func(i int) string { return fmt.Sprintf("%d/p/1", i) },
		"steps of one run":     func(i int) string { return fmt.Sprintf("17/g/s%d/1", i) },
	} {
		for _, many := range []int{8, 1000} {
			var sum float64
			low, high := math.Inf(1), math.Inf(-1)
			deciles := map[int]int{}
			for i := range many {
				share := float64(backoff(policy, 1, seedOf(i), nil))/float64(base) - 1 // -0.1 to 0.1
				if share < -0.1 || share > 0.1 {
					t.Fatalf("%s: moved by %.3f, more than a tenth", name, share)
				}
				sum, low, high = sum+share, min(low, share), max(high, share)
				deciles[int((share+0.1)*49.99)]++
			}
			if high-low < 0.05 {
				t.Errorf("%s: %d of them lie within %.4f of each other: they would come back together", name, many, high-low)
			}
			if many < 1000 {
				continue
			}
			if mean := sum / float64(many); math.Abs(mean) > 0.01 {
				t.Errorf("%s: the mean moves by %.4f", name, mean)
			}
			for d := range 10 {
				if deciles[d] < 60 || deciles[d] > 150 {
					t.Errorf("%s: tenth %d holds %d of %d", name, d, deciles[d], many)
				}
			}
		}
	}
}

// TestListedDelaysHoldForAnything: without jitter each delay is the listed one, but for the bound.
func TestListedDelaysHoldForAnything(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(uint64(time.Now().Unix()/86400), 2))
	for range 2_000 {
		p := pipe.Retry{Delays: make([]time.Duration, 1+rnd.IntN(5)), NoJitter: true}
		for i := range p.Delays {
			p.Delays[i] = anyDuration(rnd)
		}
		if rnd.IntN(2) == 0 {
			p.MaxDelay = max(anyDuration(rnd), 1)
		}
		jittered := p
		jittered.NoJitter = false
		for n := 1; n < 9; n++ {
			want := max(p.Delays[min(n, len(p.Delays))-1], 0)
			if p.MaxDelay > 0 {
				want = min(want, p.MaxDelay)
			}
			if got := backoff(p, n, "s", nil); got != want {
				t.Fatalf("%+v attempt %d waits %s, want %s", p, n, got, want)
			}
			got := backoff(jittered, n, fmt.Sprint(n), nil)
			if math.Abs(float64(got-want)) > float64(want)*0.1+1 || p.MaxDelay > 0 && got > p.MaxDelay {
				t.Fatalf("%+v attempt %d with jitter waits %s, want about %s", p, n, got, want)
			}
		}
	}
}

// TestRetryOnNarrows: only the named classes are tried again, and naming one that no retry can help changes nothing.
func TestRetryOnNarrows(t *testing.T) {
	t.Parallel()
	all := []fault.Class{fault.Transient, fault.RateLimited, fault.Timeout, fault.Permanent, fault.Cancelled, ""}
	for set := range 1 << len(all) {
		on := []fault.Class{}
		for i, c := range all {
			if set&(1<<i) != 0 {
				on = append(on, c)
			}
		}
		for i, c := range all {
			if got, want := mayRetry(pipe.Retry{Retries: 1, On: on}, 1, c), i < 3 && set&(1<<i) != 0; got != want {
				t.Errorf("retry on %q, class %q: %v", on, c, got)
			}
		}
	}
}

func TestPolicyInWords(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]pipe.Retry{
		"30s..10m exp": {Delay: 30 * time.Second},
		"30s":          {Delay: 30 * time.Second, Coefficient: 1},
		"1s, 1m, 1h":   {Delays: []time.Duration{time.Second, time.Minute, time.Hour}},
		"30s..5m exp":  {Delay: 30 * time.Second, MaxDelay: 5 * time.Minute},
	} {
		if got := delaysText(retryPolicy(&p, nil)); got != want {
			t.Errorf("%+v is %q, want %q", p, got, want)
		}
	}
}

func TestMayRetry(t *testing.T) {
	t.Parallel()
	for class, can := range map[fault.Class]bool{
		fault.Transient: true, fault.RateLimited: true, fault.Timeout: true, fault.Permanent: false, fault.Cancelled: false, "": false,
	} {
		for n, left := range map[int]bool{1: true, 2: true, 3: false, math.MaxInt: false} {
			if got := mayRetry(pipe.Retry{Retries: 2}, n, class); got != (can && left) {
				t.Errorf("attempt %d of 1+2 with class %q: retry %v", n, class, got)
			}
		}
		if mayRetry(pipe.Retry{}, 1, class) || mayRetry(pipe.Retry{Retries: -1}, 1, class) {
			t.Errorf("class %q: retried although no retries are left", class)
		}
	}
}
