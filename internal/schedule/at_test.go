package schedule

import (
	"testing"
	"time"
)

func TestParseMoment(t *testing.T) {
	tests := []struct {
		text, zone, want string
		day              bool
	}{
		{"2026-12-01", "UTC", "2026-12-01T00:00:00Z", true},
		{"2026-12-01", "Europe/Berlin", "2026-11-30T23:00:00Z", true},
		{" 2026-12-01 08:00 ", "Europe/Berlin", "2026-12-01T07:00:00Z", false},
		{"2026-07-01T08:00:30", "Europe/Berlin", "2026-07-01T06:00:30Z", false},
		{"2026-07-01 08:00:00.5", "UTC", "2026-07-01T08:00:00.5Z", false},
		{"2026-07-01T08:00:00+05:30", "Europe/Berlin", "2026-07-01T02:30:00Z", false},
		{"2026-07-01 08:00:00Z", "Europe/Berlin", "2026-07-01T08:00:00Z", false},
		{"2026-03-29 02:30", "Europe/Berlin", "2026-03-29T01:00:00Z", false},    // in the gap: first instant after it
		{"2026-10-25 02:30", "Europe/Berlin", "2026-10-25T00:30:00Z", false},    // twice: the first
		{"2026-10-25 03:00", "Europe/Berlin", "2026-10-25T02:00:00Z", false},    // behind it
		{"2011-12-30 08:00", "Pacific/Apia", "2011-12-30T10:00:00Z", false},     // a day that was not
		{"2025-09-07", "America/Santiago", "2025-09-07T04:00:00Z", true},        // no midnight
		{"2038-01-19 03:14:08", "UTC", "2038-01-19T03:14:08Z", false},           // 2^31
		{"2096-02-29 12:00", "America/New_York", "2096-02-29T17:00:00Z", false}, // beyond the zone's table
		{"2040-12-31 23:59:59", "Europe/Berlin", "2040-12-31T22:59:59Z", false}, // golang/go#81583
		{"9999-12-31 23:59:59", "UTC", "9999-12-31T23:59:59Z", false},
		{"0001-01-01", "UTC", "0001-01-01T00:00:00Z", true},
	}
	for _, tt := range tests {
		got, day, err := ParseMoment(tt.text, zone(t, tt.zone))
		if err != nil || !got.Equal(at(t, tt.want)) || day != tt.day || got.Location() != time.UTC {
			t.Errorf("%q in %s: %s, %t, %v, want %s", tt.text, tt.zone, got, day, err, tt.want)
		}
	}
	for _, text := range []string{
		"", "tomorrow", "2026-13-01", "2026-02-30", "2026-12-01 25:00", "2026-12-01 8", "01.12.2026", "2026-12-01T08:00Z08:00",
		"0000-06-01", "9999-12-31 23:59:59-10:00", "2026-12-01 08:00 Europe/Berlin",
	} {
		if got, _, err := ParseMoment(text, nil); err == nil {
			t.Errorf("%q was read as %s", text, got)
		}
	}
	if got, _, err := ParseMoment("9999-12-31 23:59:59", zone(t, "America/New_York")); err == nil {
		t.Errorf("beyond the calendar in UTC: %s", got)
	}
}

func TestAt(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	moment := at(t, "2026-12-01T07:00:00Z")
	a, err := Once(moment.In(berlin), berlin)
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Time]bool{
		{}: true, moment.Add(-1): true, moment: false, moment.Add(1): false, time.Unix(-1<<62, 0): true, time.Unix(1<<62, 0): false,
	} {
		got, ok := a.Next(after)
		if ok != want || (ok && !got.Equal(moment)) {
			t.Errorf("Next(%s) = %s, %t", after, got, ok)
		}
		if ok {
			checkTick(t, after, got)
		}
	}
	for _, far := range []time.Time{time.Unix(1<<62, 0), time.Unix(maxUnix+1, 0), time.Unix(minUnix-1, 0)} {
		if a, err := Once(far, nil); err == nil {
			t.Errorf("Once(%d) = %s", far.Unix(), a)
		}
	}
}

// TestStampNamesOneMoment: the string is the cursor's spec, so two moments never share one.
func TestStampNamesOneMoment(t *testing.T) {
	for moment, want := range map[string]string{
		"2026-12-01T07:00:00Z":   "at 2026-12-01 08:00 Europe/Berlin",
		"2026-12-01T07:00:05Z":   "at 2026-12-01 08:00:05 Europe/Berlin",
		"2026-12-01T07:00:00.5Z": "at 2026-12-01 08:00:00.5 Europe/Berlin",
		"2026-10-25T00:30:00Z":   "at 2026-10-25 02:30 Europe/Berlin",
		"2026-10-25T01:30:00Z":   "at 2026-10-25 02:30 +01:00 Europe/Berlin",
	} {
		a, err := Once(at(t, moment), zone(t, "Europe/Berlin"))
		if err != nil || a.String() != want {
			t.Errorf("%s: %q, %v, want %q", moment, a, err, want)
		}
	}
	if got := once(t, "2026-12-01T07:00:00Z").String(); got != "at 2026-12-01 07:00 UTC" {
		t.Errorf("without a zone: %q", got)
	}
}

func FuzzParseMoment(f *testing.F) {
	for _, s := range []string{"2026-12-01", "2026-03-29 02:30", "2026-10-25T02:30:00.25", "2026-12-01T08:00:00+05:30", "2011-12-30", "1892-07-04 12:00"} {
		f.Add(s)
	}
	zones := []*time.Location{nil, zone(f, "Europe/Berlin"), zone(f, "Pacific/Apia"), zone(f, "America/Nuuk")}
	f.Fuzz(func(t *testing.T, s string) {
		for _, loc := range zones {
			got, _, err := ParseMoment(s, loc)
			if err != nil {
				if !got.IsZero() {
					t.Fatalf("%q: %s with %v", s, got, err)
				}
				continue
			}
			a, err := Once(got, loc)
			if err != nil {
				t.Fatalf("%q: %s: %v", s, got, err)
			}
			checkTick(t, got.Add(-1), got)
			_ = a.String()
			if tick, ok := a.Next(got.Add(-1)); !ok || !tick.Equal(got) {
				t.Fatalf("%q: %s, then %s", s, got, tick)
			}
		}
	})
}
