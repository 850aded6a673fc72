package schedule

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
)

// The oracles of this file know nothing of segments, ZoneBounds or civil days: the wall times come from robfig's Next in UTC,
// the mapping to instants from asking the zone for its offset minute by minute.

// stretch is a piece of Unix time [start, end) with one offset, in seconds.
type stretch struct{ start, end, offset int64 }

// stretches finds the changes of a zone's offset by looking at every hour, then narrowing down.
func stretches(loc *time.Location, from, to int64) []stretch {
	offset := func(u int64) int64 {
		_, o := time.Unix(u, 0).In(loc).Zone()
		return int64(o)
	}
	out := []stretch{{from, to, offset(from)}}
	for u := from; u < to; u += 3600 {
		last := &out[len(out)-1]
		next := offset(u + 3600)
		if next == last.offset {
			continue
		}
		low, high := u, u+3600
		for high-low > 1 {
			if mid := (low + high) / 2; offset(mid) == next {
				high = mid
			} else {
				low = mid
			}
		}
		last.end = high
		out = append(out, stretch{high, to, next})
	}
	return out
}

// firstReached gives the first instant at which the wall clock has reached a wall time: that time itself, its first occurrence,
// or the first instant after a gap.
func firstReached(in []stretch, wall int64) (int64, bool) {
	for _, s := range in {
		if wall < s.end+s.offset {
			return max(s.start, wall-s.offset), true
		}
	}
	return 0, false
}

// TestDaylightSweep walks daily specs through two years of the zones: each fires exactly once per local day.
func TestDaylightSweep(t *testing.T) {
	rnd := seeded(t)
	first := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(2, 0, 0)
	checked, moved := 0, 0
	for _, name := range someZones(t, rnd) {
		loc := zone(t, name)
		pieces := stretches(loc, first.Unix()-86400*2, last.Unix()+86400*2)
		for _, spec := range []string{"0 0 * * *", "30 0 * * *", "30 1 * * *", "0 2 * * *", "30 2 * * *", "0 3 * * *", "30 23 * * *"} {
			utc, local := mustCron(t, spec, nil), mustCron(t, spec, loc)
			parsed, err := cron.ParseStandard(spec)
			if err != nil {
				t.Fatal(err)
			}
			robfig := parsed.(*cron.SpecSchedule)
			robfig.Location = time.UTC
			wall := robfig.Next(first.Add(-time.Second))
			_, offset := first.In(loc).Zone()
			after := time.Unix(wall.Unix()-int64(offset)-1, 0)
			for wall.Before(last) {
				got, ok := local.Next(after)
				want, reached := firstReached(pieces, wall.Unix())
				if !ok || !reached || got.Unix() != want {
					t.Fatalf("%s in %s after %s: %s, want %s", utc, name, after.In(loc), got.In(loc), time.Unix(want, 0).In(loc))
				}
				if day := got.In(loc).YearDay(); day != wall.YearDay() {
					moved++ // the gap ends at midnight, the tick belongs to the day before
					if h, m, s := got.In(loc).Clock(); h+m+s != 0 || got.In(loc).AddDate(0, 0, -1).YearDay() != wall.YearDay() {
						t.Fatalf("%s in %s: the tick of %s fires at %s", utc, name, wall, got.In(loc))
					}
				}
				checked++
				after = got
				wall = robfig.Next(wall)
			}
		}
	}
	t.Logf("%d local days checked, %d ticks moved over midnight", checked, moved)
	if moved == 0 {
		t.Error("no gap over midnight was met: Nuuk and Scoresbysund are missing")
	}
}

// TestSegmentsAreFew walks the segments of the zones through a century: they fit together, agree with the zone, and are few. It
// is red when a step of a second is taken for one of a season, as on 31 December 2040 before wall.go knew of it.
func TestSegmentsAreFew(t *testing.T) {
	rnd := seeded(t)
	from, to := at(t, "2001-01-01T00:00:00Z").Unix(), at(t, "2101-01-01T00:00:00Z").Unix()
	for _, name := range someZones(t, rnd) {
		c := mustCron(t, "* * * * *", zone(t, name))
		count := 0
		for seg := c.firstSegment(from); seg.start < to; seg = c.nextSegment(seg) {
			if count++; count > 500 || seg.end <= seg.start {
				t.Fatalf("%s: segment %d is %s to %s", name, count, time.Unix(seg.start, 0).UTC(), time.Unix(seg.end, 0).UTC())
			}
			first, last := max(seg.start, from), min(seg.end, to)-1
			for _, u := range []int64{first, last, first + rnd.Int64N(last-first+1)} {
				if _, offset := time.Unix(u, 0).In(c.zone).Zone(); int64(offset) != seg.offset {
					t.Fatalf("%s: the offset at %s is %d, the segment's %d", name, time.Unix(u, 0).UTC(), offset, seg.offset)
				}
			}
		}
	}
}

// TestChangesAgainstMinutes takes offset changes of all times and random specs, and compares with a clock read each minute.
func TestChangesAgainstMinutes(t *testing.T) {
	rnd := seeded(t)
	rounds := 3
	if full() {
		rounds = 20
	}
	from, to := at(t, "1975-01-01T00:00:00Z").Unix(), at(t, "2061-01-01T00:00:00Z").Unix()
	zones, ticks := someZones(t, rnd), 0
	for _, name := range zones {
		loc := zone(t, name)
		pieces := stretches(loc, from, to)
		changes := pieces[1:]
		if len(changes) == 0 {
			continue
		}
		for range rounds {
			ticks += compareAround(t, rnd, loc, changes[rnd.IntN(len(changes))].start)
		}
		biggest := slices.MaxFunc(changes, func(a, b stretch) int { return int(abs(jump(loc, a)) - abs(jump(loc, b))) })
		ticks += compareAround(t, rnd, loc, biggest.start)
	}
	t.Logf("%d ticks compared in %d zones", ticks, len(zones))
	if ticks < 1000 {
		t.Error("too little was compared")
	}
}

func jump(loc *time.Location, s stretch) int64 {
	_, before := time.Unix(s.start-1, 0).In(loc).Zone()
	return s.offset - int64(before)
}

func abs(n int64) int64 { return max(n, -n) }

// compareAround walks three days before and after a change with a random spec of whole minutes.
func compareAround(t *testing.T, rnd *rand.Rand, loc *time.Location, change int64) int {
	t.Helper()
	fields := fieldTable()
	spec := randomField(rnd, fields[1]) + " " + randomField(rnd, fields[2]) + " "
	days := []string{"* * *", "* * *", "*/2 * *", "* * mon,wed,fri", "* * sat", "30,31 * *", "1 * *"}
	spec += days[rnd.IntN(len(days))]
	c := mustCron(t, spec, loc).WithDST(DST(rnd.IntN(2)))
	start := (change/60 - 3*24*60) * 60
	end := start + 6*86400
	want := readMinutes(t, spec, loc, c.dst, start, end)
	after := time.Unix(start-1, 0)
	for i, w := range want {
		got, ok := c.Next(after)
		if !ok || got.Unix() != w {
			t.Fatalf("%s, tick %d after %s: %s, want %s", c, i, after.In(loc), got.In(loc), time.Unix(w, 0).In(loc))
		}
		checkTick(t, after, got)
		after = got
	}
	if got, ok := c.Next(after); ok && got.Unix() < end {
		t.Fatalf("%s after %s: %s, want none until %s", c, after.In(loc), got.In(loc), time.Unix(end, 0).In(loc))
	}
	for range 20 { // and asked at any moment, as after a restart inside a repeated hour
		after := time.Unix(change+rnd.Int64N(8*3600)-4*3600, 0)
		i, _ := slices.BinarySearch(want, after.Unix()+1)
		got, ok := c.Next(after)
		if i < len(want) && (!ok || got.Unix() != want[i]) {
			t.Fatalf("%s after %s: %s, want %s", c, after.In(loc), got.In(loc), time.Unix(want[i], 0).In(loc))
		}
	}
	return len(want)
}

// readMinutes is the daylight rule said again, naively: read the wall clock at each minute from two days earlier on.
func readMinutes(t *testing.T, spec string, loc *time.Location, dst DST, start, end int64) []int64 {
	t.Helper()
	parsed, err := cron.ParseStandard(spec)
	if err != nil {
		t.Fatal(err)
	}
	robfig := parsed.(*cron.SpecSchedule)
	robfig.Location = time.UTC
	matches := map[int64]bool{}
	lastWall := time.Unix(end+86400*2, 0).UTC()
	for w := robfig.Next(time.Unix(start-86400*4, 0).UTC()); !w.IsZero() && w.Before(lastWall); w = robfig.Next(w) {
		matches[w.Unix()] = true
	}
	everyHour := robfig.Hour&(1<<24-1) == 1<<24-1
	wallAt := func(u int64) int64 {
		_, o := time.Unix(u, 0).In(loc).Zone()
		return u + int64(o)
	}
	exists := map[int64]bool{} // days that the wall clock showed
	for u := start - 86400*2; u < end+86400; u += 60 {
		exists[wallAt(u)/86400] = true
	}
	anyOn := func(day int64) bool {
		for w := day * 86400; w < (day+1)*86400; w += 60 {
			if matches[w] && exists[day] {
				return true
			}
		}
		return false
	}
	var out []int64
	shown := wallAt(start - 86400*2)
	for u := start - 86400*2; u < end; u += 60 {
		wall := wallAt(u)
		fires := matches[wall] && (everyHour || wall >= shown)
		for gap := shown; gap < wall && !everyHour && dst == RunOnce; gap += 60 {
			if matches[gap] && (exists[gap/86400] || !anyOn(wall/86400)) {
				fires = true
			}
		}
		shown = max(shown, wall+60)
		if fires && u >= start {
			out = append(out, u)
		}
	}
	return out
}
