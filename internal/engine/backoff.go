package engine

import (
	"hash/fnv"
	"math"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// maxRetryAfter bounds how long another system may make us wait.
const maxRetryAfter = time.Hour

// heldDelay is the shortest wait of a step whose service was not called.
const heldDelay = 100 * time.Millisecond

// jitterShare is how far a delay may move either way, so that runners that failed together do not come back together.
const jitterShare = 0.1

// backoff gives the delay before attempt n+1 after attempt n (from 1) failed: the policy's delay, moved by up to a tenth
// unless it wants no jitter, never more than its bound. The move is a hash of the seed, so a delay can be computed again. A
// longer wait that the other side asked for wins, up to maxRetryAfter.
func backoff(p pipe.Retry, n int, seed string, err error) time.Duration {
	limit := maxDelayOf(p)
	d := min(plainDelay(p, n), limit)
	if !p.NoJitter {
		move := time.Duration(float64(d) * jitterShare * (2*share(seed) - 1))
		if move > limit-d { // at the bound: the other way, so that the delays are spread there too
			move = -move
		}
		d += move
	}
	return max(d, min(fault.RetryAfterOf(err), maxRetryAfter))
}

// plainDelay is the delay after attempt n without jitter and bound: the n-th of the list, whose last one repeats, else
// Delay times the coefficient for each attempt before.
func plainDelay(p pipe.Retry, n int) time.Duration {
	n = max(n, 1)
	if len(p.Delays) > 0 {
		return max(p.Delays[min(n, len(p.Delays))-1], 0)
	}
	d := float64(max(p.Delay, 0)) * math.Pow(coefficientOf(p), float64(n-1))
	if d >= math.MaxInt64 || math.IsNaN(d) && p.Delay > 0 {
		return math.MaxInt64
	}
	if math.IsNaN(d) { // nothing times endless
		return 0
	}
	return time.Duration(d)
}

// coefficientOf gives what each delay is multiplied by for the next one: 2 unless set, never less than 1.
func coefficientOf(p pipe.Retry) float64 {
	switch {
	case p.Coefficient == 0:
		return 2
	case p.Coefficient >= 1:
		return p.Coefficient
	default: // below 1, or not a number
		return 1
	}
}

// maxDelayOf gives the upper bound of one delay. A listed delay is meant as it is: without a bound of its own the list is
// its own bound.
func maxDelayOf(p pipe.Retry) time.Duration {
	if p.MaxDelay > 0 {
		return p.MaxDelay
	}
	limit := pipe.DefaultMaxDelay
	for _, d := range p.Delays {
		limit = max(limit, d)
	}
	return limit
}

// share maps a seed to 0 to 1. FNV alone hardly moves the high bits when only the last letters differ, as they do from one
// attempt to the next, so the bits are mixed once more (the finalizer of MurmurHash3).
func share(seed string) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(seed)) // a hash never fails
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return float64(x^x>>33) / math.MaxUint64
}

// mayRetry says whether a step that has failed attempt n (counted since the latest rerun) gets another one. The policy's
// classes only narrow: what no retry can help is never tried again.
func mayRetry(p pipe.Retry, n int, class fault.Class) bool {
	return n <= p.Retries && class.Retryable() && (p.On == nil || slices.Contains(p.On, class))
}
