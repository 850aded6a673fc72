package fault

import (
	"testing"
	"time"
)

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, " 5 ": 5 * time.Second, "-1": 0, "soon": 0, "999999": MaxRetryAfter, "99999999999999999999": 0,
		"Sun, 01 Mar 2026 09:00:00 GMT": time.Hour, "Sun, 01 Mar 2026 07:00:00 GMT": 0, "Sun, 01 Mar 2027 09:00:00 GMT": MaxRetryAfter,
	} {
		if got := ParseRetryAfter(header, now); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}
