package schedule

import (
	"testing"
	"time"
)

func BenchmarkNext(b *testing.B) {
	tests := []struct{ name, spec, zone string }{
		{"minutely-utc", "* * * * *", "UTC"},
		{"minutely-berlin", "* * * * *", "Europe/Berlin"},
		{"weekdays-utc", "0 8 * * mon-fri", "UTC"},
		{"weekdays-berlin", "0 8 * * mon-fri", "Europe/Berlin"},
		{"leapday-utc", "0 0 29 2 *", "UTC"},
		{"leapday-newyork", "0 0 29 2 *", "America/New_York"},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			c := mustCron(b, tt.spec, zone(b, tt.zone))
			start := at(b, "2026-01-01T00:00:00Z")
			after := start
			b.ReportAllocs()
			for b.Loop() {
				next, ok := c.Next(after)
				if after = next; !ok || next.Year() > 2090 {
					after = start
				}
			}
		})
	}
	b.Run("interval", func(b *testing.B) {
		i := mustEvery(b, 5*time.Minute, at(b, "2026-01-01T00:00:00Z"))
		after := at(b, "2026-01-01T00:00:00Z")
		b.ReportAllocs()
		for b.Loop() {
			after, _ = i.Next(after)
		}
	})
}

// BenchmarkLatest asks for the last of a year of missed ticks.
func BenchmarkLatest(b *testing.B) {
	after, until := at(b, "2025-06-01T00:00:00Z"), at(b, "2026-06-01T00:00:30Z")
	for name, s := range map[string]Schedule{
		"minutely-berlin": mustCron(b, "* * * * *", zone(b, "Europe/Berlin")),
		"interval-1s":     mustEvery(b, time.Second, after),
		"no-weekends":     Excluding(mustCron(b, "* * * * *", zone(b, "Europe/Berlin")), calendar(b, "Europe/Berlin", "* * * * sat,sun")),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, n := Latest(s, after, until, 100); n != 100 {
					b.Fatal(n)
				}
			}
		})
	}
}

func BenchmarkParseCron(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ParseCron("*/15 8-18 * * mon-fri", nil); err != nil {
			b.Fatal(err)
		}
	}
}
