package schedule

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDaylight is the daylight rule by example: local times after a local start.
func TestDaylight(t *testing.T) {
	tests := []struct {
		name, zone, spec, from string
		want                   []string
	}{
		{"gap: first instant after it", "America/New_York", "30 2 * * *", "2024-03-09 12:00", []string{
			"2024-03-10 03:00:00 -0400", "2024-03-11 02:30:00 -0400",
		}},
		{"gap: several matches are one", "Europe/Berlin", "*/15 2 * * *", "2026-03-28 02:40", []string{
			"2026-03-28 02:45:00 +0100", "2026-03-29 03:00:00 +0200", "2026-03-30 02:00:00 +0200",
		}},
		{"gap: one with the tick that is there anyway", "Europe/Berlin", "0 2,3 * * *", "2026-03-28 12:00", []string{
			"2026-03-29 03:00:00 +0200", "2026-03-30 02:00:00 +0200",
		}},
		{"gap: stepped hours are fixed hours", "Europe/Berlin", "0 */2 * * *", "2026-03-28 23:00", []string{
			"2026-03-29 00:00:00 +0100", "2026-03-29 03:00:00 +0200", "2026-03-29 04:00:00 +0200",
		}},
		{"gap: every hour follows elapsed time", "Europe/Berlin", "30 * * * *", "2026-03-29 00:40", []string{
			"2026-03-29 01:30:00 +0100", "2026-03-29 03:30:00 +0200", "2026-03-29 04:30:00 +0200",
		}},
		{"gap: 0-23 is every hour", "Europe/Berlin", "30 0-23 * * *", "2026-03-29 00:40", []string{
			"2026-03-29 01:30:00 +0100", "2026-03-29 03:30:00 +0200",
		}},
		{"overlap: the first of the two", "America/New_York", "30 1 * * *", "2024-11-02 12:00", []string{
			"2024-11-03 01:30:00 -0400", "2024-11-04 01:30:00 -0500",
		}},
		{"overlap: each minute of the hour once", "Europe/Berlin", "0,59 2 * * *", "2026-10-25 01:00", []string{
			"2026-10-25 02:00:00 +0200", "2026-10-25 02:59:00 +0200", "2026-10-26 02:00:00 +0100",
		}},
		{"overlap: every hour follows elapsed time", "Europe/Berlin", "30 * * * *", "2026-10-25 01:30", []string{
			"2026-10-25 02:30:00 +0200", "2026-10-25 02:30:00 +0100", "2026-10-25 03:30:00 +0100",
		}},
		{"the instant of the change itself", "Europe/Berlin", "0 3 * * *", "2026-03-28 03:00", []string{
			"2026-03-29 03:00:00 +0200", "2026-03-30 03:00:00 +0200",
		}},
		{"no midnight", "America/Santiago", "0 0 * * *", "2025-09-06 12:00", []string{
			"2025-09-07 01:00:00 -0300", "2025-09-08 00:00:00 -0300",
		}},
		{"midnight twice", "America/Havana", "30 0 * * *", "2025-11-01 12:00", []string{
			"2025-11-02 00:30:00 -0400", "2025-11-03 00:30:00 -0500",
		}},
		{"back over midnight", "America/Santiago", "30 23 * * *", "2025-04-04 23:30", []string{
			"2025-04-05 23:30:00 -0300", "2025-04-06 23:30:00 -0400",
		}},
		{"half an hour forward", "Australia/Lord_Howe", "15 2 * * *", "2025-10-04 12:00", []string{
			"2025-10-05 02:30:00 +1100", "2025-10-06 02:15:00 +1100",
		}},
		{"half an hour forward, other times stay", "Australia/Lord_Howe", "0 0,23 * * *", "2025-10-04 12:00", []string{
			"2025-10-04 23:00:00 +1030", "2025-10-05 00:00:00 +1030", "2025-10-05 23:00:00 +1100", "2025-10-06 00:00:00 +1100",
		}},
		{"half an hour back", "Australia/Lord_Howe", "45 1 * * *", "2025-04-05 12:00", []string{
			"2025-04-06 01:45:00 +1100", "2025-04-07 01:45:00 +1030",
		}},
		{"the gap ends at midnight: Saturday's tick is Sunday's first instant", "America/Nuuk", "30 23 * * *", "2025-03-28 12:00", []string{
			"2025-03-28 23:30:00 -0200", "2025-03-30 00:00:00 -0100", "2025-03-30 23:30:00 -0100",
		}},
		{"the gap ends at midnight: midnight stays once", "America/Nuuk", "0 0 * * *", "2025-03-29 12:00", []string{
			"2025-03-30 00:00:00 -0100", "2025-03-31 00:00:00 -0100",
		}},
		{"the gap ends at midnight, Scoresbysund", "America/Scoresbysund", "0 23 * * *", "2025-03-29 12:00", []string{
			"2025-03-30 00:00:00 -0100", "2025-03-30 23:00:00 -0100",
		}},
		{"midnight back to 23:00: once", "America/Nuuk", "30 23 * * *", "2025-10-25 12:00", []string{
			"2025-10-25 23:30:00 -0100", "2025-10-26 23:30:00 -0200",
		}},
		{"midnight back to 23:00: midnight", "America/Nuuk", "0 0 * * *", "2025-10-25 12:00", []string{
			"2025-10-26 00:00:00 -0200", "2025-10-27 00:00:00 -0200",
		}},
		{"two hours forward", "Antarctica/Troll", "0,30 1-2 * * *", "2025-03-29 12:00", []string{
			"2025-03-30 03:00:00 +0200", "2025-03-31 01:00:00 +0200",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from := localTime(t, tt.zone, tt.from)
			got := walk(t, mustCron(t, tt.spec, from.Location()), from, len(tt.want))
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestDaysThatDoNotExist is for zones that went across the date line.
func TestDaysThatDoNotExist(t *testing.T) {
	tests := []struct {
		name, zone, spec, from string
		want                   []string
	}{
		{"a daily tick has the next day's for it", "Pacific/Apia", "0 8 * * *", "2011-12-28 12:00", []string{
			"2011-12-29 08:00:00 -1000", "2011-12-31 08:00:00 +1400", "2012-01-01 08:00:00 +1400",
		}},
		{"a tick of the missing day only", "Pacific/Apia", "0 8 30 * *", "2011-12-01 12:00", []string{
			"2011-12-31 00:00:00 +1400", "2012-01-30 08:00:00 +1400",
		}},
		{"friday was left out, saturday is not meant", "Pacific/Fakaofo", "0 8,20 * * fri", "2011-12-23 23:00", []string{
			"2011-12-31 00:00:00 +1300", "2012-01-06 08:00:00 +1300",
		}},
		{"weekdays, Kiritimati", "Pacific/Kiritimati", "0 12 * * *", "1994-12-30 10:00", []string{
			"1994-12-30 12:00:00 -1000", "1995-01-01 12:00:00 +1400",
		}},
		{"the first of the month, Enderbury", "Pacific/Enderbury", "0 12 1 * *", "1994-12-02 00:00", []string{
			"1995-01-01 12:00:00 +1300", "1995-02-01 12:00:00 +1300",
		}},
		{"Kwajalein", "Pacific/Kwajalein", "0 12 1 * *", "1993-08-02 00:00", []string{
			"1993-09-01 12:00:00 +1200", "1993-10-01 12:00:00 +1200",
		}},
		{"Kwajalein, the day itself", "Pacific/Kwajalein", "0 12 21 * *", "1993-08-02 00:00", []string{
			"1993-08-22 00:00:00 +1200", "1993-09-21 12:00:00 +1200",
		}},
		{"every hour follows elapsed time", "Pacific/Apia", "0 * * * *", "2011-12-29 22:30", []string{
			"2011-12-29 23:00:00 -1000", "2011-12-31 00:00:00 +1400", "2011-12-31 01:00:00 +1400",
		}},
		{"a day that came twice, Apia 1892", "Pacific/Apia", "0 12 * * *", "1892-07-03 13:00", []string{
			"1892-07-04 12:00:00 +1233", "1892-07-05 12:00:00 -1126",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from := localTime(t, tt.zone, tt.from)
			got := walk(t, mustCron(t, tt.spec, from.Location()), from, len(tt.want))
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestDSTSkip(t *testing.T) {
	from := localTime(t, "Europe/Berlin", "2026-03-28 12:00")
	c := mustCron(t, "30 2 * * *", from.Location())
	skip := c.WithDST(Skip)
	if got := walk(t, skip, from, 1); got[0] != "2026-03-30 02:30:00 +0200" {
		t.Errorf("skip: %q", got)
	}
	if got := walk(t, c, from, 1); got[0] != "2026-03-29 03:00:00 +0200" {
		t.Errorf("WithDST changed its receiver: %q", got)
	}
	if got := walk(t, skip.WithDST(RunOnce), from, 1); got[0] != "2026-03-29 03:00:00 +0200" {
		t.Errorf("back to run_once: %q", got)
	}
	autumn := localTime(t, "Europe/Berlin", "2026-10-25 00:00")
	want := []string{"2026-10-25 02:30:00 +0200", "2026-10-26 02:30:00 +0100"}
	if got := walk(t, skip, autumn, 2); !slices.Equal(got, want) {
		t.Errorf("skip in an overlap: %q", got)
	}
	if RunOnce.String() != "run_once" || Skip.String() != "skip" || DST(7).String() != "DST(7)" {
		t.Error("the words of the configuration")
	}
}

// TestQuickChanges is a zone that takes its clocks back by an hour at 10:00 and forward again at 9:30: of the wall times from
// 10:00 to 10:30 only the gap is new, 9:00 to 10:00 had its turn.
func TestQuickChanges(t *testing.T) {
	day := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	back := day.Add(10 * time.Hour)
	loc := madeZone(t, []int64{back.Unix(), back.Add(30 * time.Minute).Unix()}, []byte{1, 0})
	tests := map[string]string{
		"15 9 * * *":      "09:15",
		"45 9 * * *":      "09:45",
		"15 10 * * *":     "10:30",
		"45 10 * * *":     "10:45",
		"*/15 9,10 * * *": "09:00 09:15 09:30 09:45 10:30 10:45",
	}
	for spec, want := range tests {
		c := mustCron(t, spec, loc)
		var got []string
		for after := day; after.Before(back.Add(2 * time.Hour)); after = after.Add(time.Second) { // from anywhere
			if tick, ok := c.Next(after); ok && tick.Equal(after.Add(time.Second)) {
				got = append(got, tick.Format("15:04"))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", spec, got, want)
		}
	}
}

// madeZone builds a zone of two offsets, 0 (type 0) and -1 h (type 1), with changes to the given types.
func madeZone(t *testing.T, changes []int64, types []byte) *time.Location {
	t.Helper()
	b := append([]byte("TZif"), make([]byte, 16)...)
	for _, count := range []int{0, 0, 0, len(changes), 2, 8} {
		b = binary.BigEndian.AppendUint32(b, uint32(count))
	}
	for _, at := range changes {
		b = binary.BigEndian.AppendUint32(b, uint32(at))
	}
	b = append(b, types...)
	b = append(b, 0, 0, 0, 0, 0, 0)             // type 0: offset 0, no daylight time, name 0
	b = append(b, 0xff, 0xff, 0xf1, 0xf0, 0, 4) // type 1: offset -3600, name 4
	b = append(b, "AAA\x00BBB\x00"...)
	loc, err := time.LoadLocationFromTZData("Made", b)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func localTime(t testing.TB, zoneName, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, zone(t, zoneName))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
