package schedule

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
)

func TestCronNext(t *testing.T) {
	tests := []struct{ name, spec, after, want string }{
		{"the next minute", "* * * * *", "2026-03-01T10:07:31Z", "2026-03-01T10:08:00Z"},
		{"strictly after", "* * * * *", "2026-03-01T10:08:00Z", "2026-03-01T10:09:00Z"},
		{"a nanosecond before", "* * * * *", "2026-03-01T10:07:59.999999999Z", "2026-03-01T10:08:00Z"},
		{"a nanosecond after", "* * * * * *", "2026-03-01T10:07:59.000000001Z", "2026-03-01T10:08:00Z"},
		{"the next second", "* * * * * *", "2026-03-01T10:07:59Z", "2026-03-01T10:08:00Z"},
		{"the next year", "0 0 1 1 *", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"either day", "0 0 13 * fri", "2026-03-01T00:00:00Z", "2026-03-06T00:00:00Z"},
		{"day with a star", "0 0 13 * *", "2026-03-01T00:00:00Z", "2026-03-13T00:00:00Z"},
		{"a long month", "0 0 31 * *", "2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"},
		{"leap day 2096", "0 0 29 2 *", "2096-02-28T23:59:59Z", "2096-02-29T00:00:00Z"},
		{"eight years without one", "0 0 29 2 *", "2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"eight years, asked in April", "0 0 29 2 *", "2096-04-01T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"2100 has no leap day", "0 0 28-29 2 *", "2100-02-28T00:00:00Z", "2101-02-28T00:00:00Z"},
		{"2000 has one", "0 0 29 2 *", "1999-12-31T00:00:00Z", "2000-02-29T00:00:00Z"},
		{"32 bits end in 2038", "* * * * * *", "2038-01-19T03:14:07Z", "2038-01-19T03:14:08Z"},
		{"before 1970", "0 12 * * *", "1969-07-20T20:17:40Z", "1969-07-21T12:00:00Z"},
		{"from the zero time", "0 12 * * mon", "0001-01-01T00:00:00Z", "0001-01-01T12:00:00Z"},
		{"the last of the calendar", "59 23 * * *", "9999-12-31T00:00:00Z", "9999-12-31T23:59:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := mustCron(t, tt.spec, nil).Next(at(t, tt.after))
			if !ok || !got.Equal(at(t, tt.want)) {
				t.Fatalf("Next(%s) = %s %v, want %s", tt.after, got, ok, tt.want)
			}
			checkTick(t, at(t, tt.after), got)
		})
	}
}

func TestCronNextEnds(t *testing.T) {
	c := mustCron(t, "0 0 29 2 *", nil)
	for _, after := range []time.Time{
		at(t, "9996-02-29T00:00:00Z"), time.Unix(maxUnix, 0), time.Unix(maxUnix+1, 0), time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 0),
	} {
		if got, ok := c.Next(after); ok || !got.IsZero() {
			t.Errorf("Next(%v) = %s, %v", after, got, ok)
		}
	}
	empty := &Cron{zone: zone(t, "Europe/Berlin"), fixedHour: true}
	if got, ok := empty.Next(time.Unix(0, 0)); ok {
		t.Errorf("a spec without times: %s", got)
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York"} {
		for _, spec := range []string{"* * * * * *", "0 8 * * mon-fri", "0 0 29 2 *"} {
			c := mustCron(t, spec, zone(t, name))
			after := at(t, "2096-03-01T00:00:00Z")
			if n := testing.AllocsPerRun(100, func() { after, _ = c.Next(after) }); n != 0 {
				t.Errorf("%s: %v allocations", c, n)
			}
		}
	}
}

// TestLikeRobfig compares with robfig's own Next, which is right in UTC as far as its five years reach.
func TestLikeRobfig(t *testing.T) {
	count := 20_000
	if full() {
		count = 200_000
	}
	rnd := seeded(t)
	parser := cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	compared := 0
	for compared < count {
		spec := randomSpec(rnd)
		c, _, err := ParseCron(spec, nil)
		if err != nil {
			if !strings.Contains(err.Error(), "never fires") {
				t.Fatalf("%q: %v", spec, err)
			}
			continue
		}
		parsed, err := parser.Parse(spec)
		if err != nil {
			t.Fatalf("%q: %v", spec, err)
		}
		theirs := parsed.(*cron.SpecSchedule)
		theirs.Location = time.UTC
		after := time.Unix(rnd.Int64N(4102444800), rnd.Int64N(1e9)).UTC()
		for range 3 {
			got, ok := c.Next(after)
			want := theirs.Next(after)
			if want.IsZero() {
				if ok && !got.After(after.AddDate(4, 0, 0)) {
					t.Fatalf("%q after %s: %s, robfig finds nothing", spec, after, got)
				}
				break
			}
			if !ok || !got.Equal(want) {
				t.Fatalf("%q after %s: %s, robfig has %s", spec, after, got, want)
			}
			after = want
		}
		compared++
	}
}

// randomSpec makes a legal spec of five or six fields; it may name a day that never comes.
func randomSpec(rnd *rand.Rand) string {
	fields := fieldTable()
	from := rnd.IntN(2)
	var out []string
	for _, f := range fields[from:] {
		out = append(out, randomField(rnd, f))
	}
	return strings.Join(out, " ")
}

func randomField(rnd *rand.Rand, f field) string {
	if rnd.IntN(3) == 0 {
		return "*"
	}
	items := make([]string, 1+rnd.IntN(3)*rnd.IntN(2))
	for i := range items {
		a, b := f.min+rnd.IntN(f.max-f.min+1), f.min+rnd.IntN(f.max-f.min+1)
		lo, hi := min(a, b), max(a, b)
		switch rnd.IntN(6) {
		case 0:
			items[i] = fmt.Sprintf("*/%d", 1+rnd.IntN(f.max-f.min))
		case 1:
			items[i] = fmt.Sprintf("%d-%d/%d", lo, hi, 1+rnd.IntN(max(1, hi-lo)))
		case 2:
			items[i] = fmt.Sprintf("%d-%d", lo, hi)
		case 3:
			items[i] = fmt.Sprintf("%d/%d", lo, 1+rnd.IntN(max(1, f.max-lo)))
		default:
			items[i] = fmt.Sprint(a)
			if f.names != nil && rnd.IntN(2) == 0 {
				items[i] = strings.ToUpper(f.names[a-f.min])
			}
		}
	}
	return strings.Join(slices.Compact(items), ",")
}
