package fault

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxRetryAfter bounds how long another system may make us wait.
const MaxRetryAfter = 24 * time.Hour

// ParseRetryAfter reads the HTTP header of that name: seconds or a date (RFC 9110, 10.2.3). 0 = not said, not readable, or
// already past at now. At most MaxRetryAfter.
func ParseRetryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(MaxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), MaxRetryAfter)
}
