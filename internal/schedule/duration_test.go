package schedule

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// TestParseDurationLikeUpstream compares with what pydantic 2.13.4 made of each text (testdata/pydantic-durations.json).
// Every difference is one of ours by intent and named here.
func TestParseDurationLikeUpstream(t *testing.T) {
	var cases []struct {
		Text   string
		Micros *json.Number
		Error  string
	}
	data, err := os.ReadFile("testdata/pydantic-durations.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) < 150 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	taken := map[string]time.Duration{ // numbers reach us as text, upstream as numbers
		"5": 5 * time.Second, "0.5": time.Second / 2, "-5": -5 * time.Second, "0": 0, ".5": time.Second / 2, "5.": 5 * time.Second,
		"0:00:05.": 5 * time.Second, "1 dAyS, 10:00:00": 34 * time.Hour, "PT9223372036S": 9223372036 * time.Second, // no harm in them
		"106752": 106752 * time.Second, "9223372036": 9223372036 * time.Second,
	}
	refused := map[string]string{
		"P1Y": "no fixed length", "P1M": "no fixed length", "P1MT1M": "no fixed length", "P1Y2M3DT4H5M6S": "no fixed length",
		"P999999999D": "292 years", "P10000000D": "292 years", "106752d": "292 years", "P106752D": "292 years",
		"PT9223372037S": "292 years", "2562047:47:17": "292 years",
		"01:02": "hours or minutes", "12:30": "hours or minutes", "00:00": "hours or minutes",
	}
	for _, c := range cases {
		got, err := ParseDuration(c.Text)
		want, isTaken := taken[c.Text]
		msg, isRefused := refused[c.Text]
		switch {
		case isTaken:
			if err != nil || got != want {
				t.Errorf("%q = %s, %v, want %s", c.Text, got, err, want)
			}
		case isRefused:
			if err == nil || !strings.Contains(err.Error(), msg) {
				t.Errorf("%q = %s, %v, want an error with %q", c.Text, got, err, msg)
			}
		case c.Micros == nil:
			if err == nil {
				t.Errorf("%q = %s, upstream refuses: %s", c.Text, got, c.Error)
			}
		default:
			micros, numErr := c.Micros.Int64()
			if numErr != nil || err != nil || got.Truncate(time.Microsecond) != time.Duration(micros)*time.Microsecond {
				t.Errorf("%q = %s, %v, upstream has %s microseconds", c.Text, got, err, *c.Micros)
			}
		}
	}
}

func TestParseDuration(t *testing.T) {
	tests := map[string]time.Duration{
		"PT5S": 5 * time.Second, "PT0.01S": 10 * time.Millisecond, "P1DT2H": 26 * time.Hour, "P1W2D": 9 * 24 * time.Hour,
		"P0.5D": 12 * time.Hour, "-PT5S": -5 * time.Second, "00:00:05": 5 * time.Second, "0:01:00": time.Minute,
		"1d 00:00:05": 24*time.Hour + 5*time.Second, "1 day, 0:00:05": 24*time.Hour + 5*time.Second,
		"PT0.000000001S": 1, "PT0.0000000019S": 1, "P106751DT23H47M16.854775807S": math.MaxInt64, "9223372036.854775807": math.MaxInt64,
		"-9223372036.854775807": -math.MaxInt64, "P0.999999999W": 604799999395200, "0.05": 50 * time.Millisecond,
	}
	for text, want := range tests {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q = %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestParseDurationSaysWhatToWrite(t *testing.T) {
	tests := map[string]string{
		"5s": `duration "5s": use "PT5S"`, "2m": `use "PT2M"`, "1h30m": `use "PT1H30M"`, "500ms": `use "PT0.5S"`, "-5s": `use "-PT5S"`,
		"0s": `use "PT0S"`, "-2562047h47m16.854775808s": `use "-PT2562047H47M16.854775808S"`,
		"pt5s": `use "PT5S"`, " PT5S": `use "PT5S"`, "5 ": `use "5"`, "P1d": `use "P1D"`,
		"": "empty", "P": "ISO-8601", "PT": "ISO-8601", "P5": "ISO-8601", "P1H": `"PT5H"`, "PT1D": `"P5D"`, "PT5X": `unknown unit 'X'`,
		"PT1.5H30M": "only the last", "P1M": "years and months", "9223372036.854775808": "292 years", "P99999999999999999999D": "292 years",
		"1:30": `write "1:30:00" or "0:1:30"`, "0:60:00": "from 00 to 59", "five": "clock time", strings.Repeat("1", 65): "too long",
		"1 week": "clock time", "1d 5": "clock time",
	}
	for text, want := range tests {
		if got, err := ParseDuration(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q = %s, %v, want an error with %q", text, got, err, want)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{
		"PT5S", "P1W2DT3H4M5.6S", "-PT0.1S", "5", "0.5", "1 day, 0:00:05", "36:00:00.25", "5s", "1:30", "P", "PT9999999999H", "P0.5D", "+1d",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			if d != 0 || !strings.HasPrefix(err.Error(), "duration ") {
				t.Fatalf("%q: %s with %v", s, d, err)
			}
			if _, hint, ok := strings.Cut(err.Error(), ": use \""); ok {
				if _, err := ParseDuration(strings.TrimSuffix(hint, "\"")); err != nil && !strings.Contains(err.Error(), "292") {
					t.Fatalf("%q: the advice %q does not parse: %v", s, hint, err)
				}
			}
			return
		}
		if strings.HasPrefix(s, "-") != (d < 0) && d != 0 {
			t.Fatalf("%q = %s: wrong sign", s, d)
		}
		if back, err := ParseDuration(isoDuration(d)); err != nil || back != d {
			t.Fatalf("%q = %s, its ISO form %q = %s, %v", s, d, isoDuration(d), back, err)
		}
	})
}
