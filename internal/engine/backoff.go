package engine

import (
	"hash/fnv"
	"math"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// maxRetryAfter bounds how long another system may make us wait.
const maxRetryAfter = time.Hour

// jitterShare is how far a delay may move either way, so that runners that failed together do not come back together.
const jitterShare = 0.1

// backoff gives the delay before attempt n+1 after attempt n (from 1) failed: Delay doubled each time, moved by up to a
// tenth, never more than MaxDelay. The move is a hash of the seed, so a delay can be computed again. A longer wait that the
// other side asked for wins.
func backoff(p pipe.Retry, n int, seed string, err error) time.Duration {
	limit := p.MaxDelay
	if limit <= 0 {
		limit = pipe.DefaultMaxDelay
	}
	d, shift := max(p.Delay, 0), min(max(n-1, 0), 62)
	if d > limit>>shift {
		d = limit
	} else {
		d <<= shift
	}
	move := time.Duration(float64(d) * jitterShare * (2*share(seed) - 1))
	if move > limit-d { // at the bound: the other way, so that the delays are spread there too
		move = -move
	}
	return max(d+move, min(fault.RetryAfterOf(err), maxRetryAfter))
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

// mayRetry says whether a step that has failed attempt n (counted since the latest rerun) gets another one.
func mayRetry(p pipe.Retry, n int, class fault.Class) bool {
	return n <= p.Retries && class.Retryable()
}
