package text

import (
	"strings"
	"testing"
)

func TestSameness(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"ticket 4711: 409 conflict: locked by agent bob", "ticket 4712: 409 conflict: locked by agent bob", true},
		{"dial tcp 10.9.0.4:443: i/o timeout", "dial tcp 10.9.0.5:8443: i/o timeout", true},
		{"run 01KAV3YJ5N6Q failed at 14:02:31", "run 01KAV3YJ5N99 failed at 09:00", false}, // a ULID's letters are no hex: kept apart
		{"commit 3f2a91bc77 not found", "commit 99ffee0011 not found", true},
		{`queue "IT Support" is unknown`, `queue "Billing" is unknown`, true},
		{"request 123e4567-e89b-12d3-a456-426614174000 refused", "request 00000000-e89b-12d3-a456-426614174fff refused", true},
		{"Timeout  after 10m", "timeout after 5m", true},
		{"at 2026-11-24 14:02:31 the disk is full", "at 2026-11-25T09:00:00Z the disk is full", true},
		{"401 token expired", "403 forbidden", false},
		{"deadlock detected", "deadlock avoided", false},
		{"bad face value", "bad feed value", false}, // words of hex letters are words
	} {
		if got := Sameness(c.a) == Sameness(c.b); got != c.same {
			t.Errorf("%q and %q: same %v, want %v (%q, %q)", c.a, c.b, got, c.same, Sameness(c.a), Sameness(c.b))
		}
	}
}

func FuzzSameness(f *testing.F) {
	f.Add("ticket 4711: 409 conflict")
	f.Add(`"a" 'b' 1-2.3:4 ffff0000`)
	f.Add("\"\xff\"1'2 3'")
	f.Fuzz(func(t *testing.T, s string) {
		key := Sameness(s)
		if len(key) > 3*sameBytes {
			t.Errorf("%d bytes", len(key))
		}
		if other := strings.ReplaceAll(s, "1", "2"); Sameness(other) != key {
			t.Errorf("%q and %q differ: %q, %q", s, other, key, Sameness(other))
		}
	})
}
