package schedule

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// full says that the long forms of the tests are wanted: OTAI_FULL=1.
func full() bool { return os.Getenv("OTAI_FULL") == "1" }

// seeded gives a generator for today, so that every day tries something else; the log names the seed.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := os.Getenv("OTAI_SEED")
	if seed == "" {
		seed = time.Now().UTC().Format(time.DateOnly)
	}
	t.Logf("seed: OTAI_SEED=%s", seed)
	h := fnv.New64a()
	_, _ = h.Write([]byte(seed + t.Name()))
	return rand.New(rand.NewPCG(h.Sum64(), 0))
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func allZones(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/zones.txt")
	out := strings.Fields(string(data))
	if err != nil || len(out) < 550 {
		t.Fatalf("%d zones, %v", len(out), err)
	}
	return out
}

// oddZones are those with half hours, midnight changes, skipped or repeated days, two daylight rules, or negative ones.
func oddZones() []string {
	return []string{
		"Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Caracas", "America/Havana", "America/Juneau",
		"America/New_York", "America/Nuuk", "America/Santiago", "America/Sao_Paulo", "America/Scoresbysund", "America/St_Johns",
		"Antarctica/Troll", "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu", "Asia/Manila", "Asia/Pyongyang", "Asia/Tehran",
		"Atlantic/Azores", "Australia/Lord_Howe", "Europe/Berlin", "Europe/Dublin", "Europe/London", "Pacific/Apia",
		"Pacific/Chatham", "Pacific/Enderbury", "Pacific/Fakaofo", "Pacific/Kiritimati", "Pacific/Kwajalein",
	}
}

// someZones gives the odd zones and a few others, or all of them.
func someZones(t *testing.T, rnd *rand.Rand) []string {
	all := allZones(t)
	if full() {
		return all
	}
	out := oddZones()
	for range 12 {
		out = append(out, all[rnd.IntN(len(all))])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func mustCron(t testing.TB, spec string, loc *time.Location) *Cron {
	t.Helper()
	c, _, err := ParseCron(spec, loc)
	if err != nil {
		t.Fatalf("ParseCron(%q): %v", spec, err)
	}
	return c
}

func mustEvery(t testing.TB, d time.Duration, anchor time.Time) *Interval {
	t.Helper()
	i, err := Every(d, anchor)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// checkTick holds what is true of every nominal time.
func checkTick(t testing.TB, after, got time.Time) {
	t.Helper()
	if !got.After(after) {
		t.Fatalf("Next(%s) = %s, which is not after it", after, got)
	}
	if got.Location() != time.UTC || got != got.Round(0) {
		t.Fatalf("Next(%s) = %#v: not plain UTC", after, got)
	}
}

// walk gives the local forms of the first n ticks after a local time.
func walk(t testing.TB, s Schedule, from time.Time, n int) []string {
	t.Helper()
	var out []string
	for _, tick := range NextN(s, from, n) {
		out = append(out, tick.In(from.Location()).Format("2006-01-02 15:04:05 -0700"))
	}
	return out
}

func calendar(t testing.TB, zoneName string, entries ...string) *Calendar {
	t.Helper()
	var out []Entry
	for _, text := range entries {
		e, _, err := ParseEntry(text)
		if err != nil {
			t.Fatalf("ParseEntry(%q): %v", text, err)
		}
		out = append(out, e)
	}
	return NewCalendar("test", zone(t, zoneName), out)
}

func once(t testing.TB, moment string) *At {
	t.Helper()
	a, err := Once(at(t, moment), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
