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

// backoff gives the delay before attempt n+1 after attempt n (from 1) failed: Delay doubled each time, at most MaxDelay,
// moved by up to a tenth. The move is a hash of the seed, so a delay can be computed again. A longer wait that the other
// side asked for wins.
func backoff(p pipe.Retry, n int, seed string, err error) time.Duration {
	limit := p.MaxDelay
	if limit <= 0 {
		limit = pipe.DefaultMaxDelay
	}
	d := limit
	if shift := n - 1; shift < 32 && p.Delay < limit>>shift {
		d = p.Delay << shift
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(seed)) // a hash never fails
	share := float64(h.Sum64()) / math.MaxUint64
	d = time.Duration(float64(d) * (1 - jitterShare + 2*jitterShare*share))
	return max(d, min(fault.RetryAfterOf(err), maxRetryAfter))
}

// mayRetry says whether a step that has failed attempt n (counted since the latest rerun) gets another one.
func mayRetry(p pipe.Retry, n int, class fault.Class) bool {
	return n <= p.Retries && class.Retryable()
}
