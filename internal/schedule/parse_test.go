package schedule

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
)

func TestParseCronErrors(t *testing.T) {
	tests := []struct {
		spec  string
		col   int
		field string
		msg   string
	}{
		{"", 0, "", "empty"},
		{" \t ", 0, "", "empty"},
		{"* * * *", 0, "", "expected 5 fields (minute, hour, day of month, month, day of week), or 6 with seconds first, found 4"},
		{"* * * * * * *", 0, "", "found 7"},
		{"TZ=Europe/Berlin 0 8 * * *", 1, "", `"timezone"`},
		{"CRON_TZ=UTC 0 8 * * *", 1, "", `"timezone"`},
		{"TZ=", 1, "", `"timezone"`},
		{"  tz=UTC 0 8 * * *", 1, "", `"timezone"`},
		{"0 8 * * *\n", 0, "", ""}, // trimmed, and good
		{"0 8 *\n* *", 6, "", "ASCII"},
		{"0 8 * * mön", 10, "", "ASCII"},
		{"0 8 * * \x00", 9, "", "ASCII"},
		{strings.Repeat("1,", 200) + "1 * * * *", 0, "", "at most 256"},
		{"@every 5m", 1, "", "interval_seconds"},
		{"@every", 1, "", "interval_seconds"},
		{"@reboot", 1, "", "names no time"},
		{"@dayly", 1, "", `unknown descriptor "@dayly"`},
		{"@", 1, "", "unknown descriptor"},
		{"@daily 5", 8, "", `unexpected "5"`},
		{", * * * *", 1, "minute", "empty list item: expected 0-59"},
		{"1,,2 * * * *", 3, "minute", "empty list item"},
		{"1, * * * *", 3, "minute", "empty list item"},
		{"60 * * * *", 1, "minute", "60 is out of range: expected 0-59"},
		{"0 24 * * *", 3, "hour", "expected 0-23"},
		{"0 0 0 * *", 5, "day of month", "expected 1-31"},
		{"0 0 1,32 * *", 7, "day of month", "32 is out of range"},
		{"0 0 * 13 *", 7, "month", "expected 1-12 or jan-dec"},
		{"0 0 * * 8", 9, "day of week", "expected 0-7 (0 and 7 are Sunday) or sun-sat"},
		{"60 * * * * *", 1, "second", "expected 0-59"},
		{"99999999999999999999 * * * *", 1, "minute", "out of range"},
		{"*/60 * * * *", 3, "minute", "step 60 is too large: the range 0-59 has 60 values"},
		{"*/100 * * * *", 3, "minute", "too large"},
		{"*/99999999999999999999 * * * *", 3, "minute", "too large"},
		{"0 */24 * * *", 5, "hour", "too large"},
		{"0 0 */31 * *", 7, "day of month", "too large"},
		{"10-20/11 * * * *", 7, "minute", "the range 10-20 has 11 values"},
		{"50/10 * * * *", 4, "minute", "the range 50-59 has 10 values"},
		{"*/0 * * * *", 3, "minute", "step 0"},
		{"*/ * * * *", 3, "minute", `step "": expected a number`},
		{"*/-5 * * * *", 3, "minute", `step "-5"`},
		{"*/5/5 * * * *", 3, "minute", `step "5/5"`},
		{"*-5 * * * *", 1, "minute", "a range begins with a value"},
		{"5-* * * * *", 3, "minute", "stands alone"},
		{"+5 * * * *", 1, "minute", `"+5": expected 0-59`},
		{"-5 * * * *", 1, "minute", "a value is missing"},
		{"5- * * * *", 3, "minute", "a value is missing"},
		{"1-2-3 * * * *", 3, "minute", `"2-3"`},
		{"*5 * * * *", 1, "minute", "stands alone"},
		{"? * * * *", 1, "minute", `write "*"`},
		{"0 22-2 * * *", 3, "hour", `"22-2" runs backwards: write "22-23,0-2"`},
		{"0 0 * * fri-mon", 9, "day of week", `write "5-6,0-1"`},
		{"0 0 * * monday", 9, "day of week", `write "mon"`},
		{"0 0 * * mon,tuesday", 13, "day of week", `write "tue"`},
		{"0 0 L * *", 5, "day of month", "L, W, # and H"},
		{"0 0 15W * *", 5, "day of month", "L, W, # and H"},
		{"0 0 * * 5#3", 9, "day of week", "L, W, # and H"},
		{"H * * * *", 1, "minute", "L, W, # and H"},
		{"x * * * *", 1, "minute", `"x": expected 0-59`},
		{"0 0 31 2 *", 5, "day of month", `never fires: no month of "2" has a day 31`},
		{"0 0 0 30,31 feb *", 7, "day of month", "never fires"},
		{"0 0 31 4,6,9,11 ?", 5, "day of month", "never fires"},
	}
	for _, tt := range tests {
		c, _, err := ParseCron(tt.spec, nil)
		if tt.msg == "" {
			if err != nil {
				t.Errorf("%q: %v", tt.spec, err)
			}
			continue
		}
		var pe *ParseError
		if !errors.As(err, &pe) || c != nil {
			t.Errorf("%q: error %#v", tt.spec, err)
			continue
		}
		if pe.Col != tt.col || pe.Field != tt.field || !strings.Contains(pe.Msg, tt.msg) {
			t.Errorf("%q: %d %q %q, want %d %q %q", tt.spec, pe.Col, pe.Field, pe.Msg, tt.col, tt.field, tt.msg)
		}
	}
}

// TestParserPanicIsCaught feeds robfig's parser what makes it panic.
func TestParserPanicIsCaught(t *testing.T) {
	if _, err := parseSets("TZ="); err == nil || !strings.Contains(err.Error(), "not a cron spec") {
		t.Errorf("error %v", err)
	}
}

// TestParseCronMeans compares spellings: each pair must be the same times.
func TestParseCronMeans(t *testing.T) {
	tests := [][2]string{
		{"  0   8\t* *  * ", "0 8 * * *"},
		{"0 0 8 * * *", "0 8 * * *"},
		{"@hourly", "0 * * * *"},
		{"@daily", "0 0 * * *"},
		{"@midnight", "0 0 * * *"},
		{"@weekly", "0 0 * * sun"},
		{"@monthly", "0 0 1 * *"},
		{"@yearly", "0 0 1 jan *"},
		{"@annually", "0 0 1 1 *"},
		{"0 0 * * 7", "0 0 * * 0"},
		{"0 0 * * 5-7", "0 0 * * 0,5,6"},
		{"0 0 * * fri-SUN", "0 0 * * 5-6,0"},
		{"0 0 * * 1-7/2", "0 0 * * 1,3,5,0"},
		{"0 0 * * 0-7", "0 0 * * 0-6"},
		{"0 0 * * 7-7", "0 0 * * 0"},
		{"0 0 * * 7/2", "0 0 * * 0,2,4,6"},
		{"0 0 * * sun-sun", "0 0 * * 0"},
		{"0 0 ? * ?", "0 0 * * *"},
		{"05 008 * * *", "5 8 * * *"},
		{"5/15 * * * *", "5,20,35,50 * * * *"},
		{"*/1 */1 * * *", "* * * * *"},
		{"59/1 * * * *", "59 * * * *"},
		{"3-3/1 * * * *", "3 * * * *"},
		{"*/59 * * * *", "0,59 * * * *"},
		{"0 0 * JAN-mar Mon", "0 0 * 1,2,3 1"},
	}
	for _, tt := range tests {
		a, b := mustCron(t, tt[0], nil), mustCron(t, tt[1], nil)
		b.spec = a.spec
		if *a != *b {
			t.Errorf("%q is %+v, %q is %+v", tt[0], *a, tt[1], *b)
		}
	}
}

func TestParseCronWarnings(t *testing.T) {
	const both = "day of month and day of week are both restricted: it fires on days that match either of them, not both"
	tests := map[string][]string{
		"0 8 * * mon-fri":  nil,
		"*/15 */6 * * *":   nil,
		"0 0 1 * mon":      {both},
		"0 0 */2 * mon":    {both, "day of month */2 starts again on the 1st of each month: the last distance is shorter"},
		"*/7 * * * *":      {"minute */7 does not divide 60: the last distance of each hour is 4 minutes, not 7"},
		"0 */5 * * *":      {"hour */5 does not divide 24: the last distance of each day is 4 hours, not 5"},
		"*/59 * * * * *":   {"second */59 does not divide 60: the last distance of each minute is 1 second, not 59"},
		"0 0 1 */5 *":      {"month */5 does not divide 12: the last distance of each year is 2 months, not 5"},
		"0 0 * * */2":      {"day of week */2 does not divide 7: the last distance of each week is 1 day, not 2"},
		"5/7 1-20/3 * * *": nil,
	}
	for spec, want := range tests {
		_, got, err := ParseCron(spec, nil)
		if err != nil {
			t.Errorf("%q: %v", spec, err)
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q warns\n%q, want\n%q", spec, got, want)
		}
	}
}

func TestCronString(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	tests := []struct {
		spec           string
		loc            *time.Location
		text, describe string
	}{
		{" 0 8 * * mon-fri ", berlin, "0 8 * * mon-fri Europe/Berlin", "mon-fri 08:00 Europe/Berlin"},
		{"0 8 * * *", nil, "0 8 * * *", "daily 08:00"},
		{"0 8 * * *", time.UTC, "0 8 * * *", "daily 08:00"},
		{"@daily", berlin, "@daily Europe/Berlin", "daily 00:00 Europe/Berlin"},
		{"@hourly", berlin, "@hourly Europe/Berlin", "hourly"},
		{"5 * * * *", berlin, "5 * * * * Europe/Berlin", "hourly at :05"},
		{"*/15 * * * *", nil, "*/15 * * * *", "every 15 minutes"},
		{"*/7 * * * *", nil, "*/7 * * * *", "*/7 * * * *"},
		{"* * * * *", nil, "* * * * *", "every minute"},
		{"@weekly", nil, "@weekly", "weekly sun 00:00"},
		{"30 17 * * 5", nil, "30 17 * * 5", "weekly fri 17:30"},
		{"30 17 15 * *", berlin, "30 17 15 * * Europe/Berlin", "monthly on day 15 17:30 Europe/Berlin"},
		{"@yearly", nil, "@yearly", "@yearly"},
		{"0 8 1 * mon", nil, "0 8 1 * mon", "0 8 1 * mon"},
		{"* * * * * *", nil, "* * * * * *", "* * * * * *"},
		{"0 8 1-31 * mon", nil, "0 8 1-31 * mon", "0 8 1-31 * mon"},
		{"* 8 * * *", nil, "* 8 * * *", "* 8 * * *"},
		{"*/30 * 1 * *", nil, "*/30 * 1 * *", "*/30 * 1 * *"},
	}
	for _, tt := range tests {
		c := mustCron(t, tt.spec, tt.loc)
		if c.String() != tt.text || c.Describe() != tt.describe {
			t.Errorf("%q: %q, %q, want %q, %q", tt.spec, c.String(), c.Describe(), tt.text, tt.describe)
		}
	}
	skip := mustCron(t, "0 8 * * *", berlin).WithDST(Skip)
	if got := skip.String(); got != "0 8 * * * Europe/Berlin (dst skip)" || got != skip.Describe() {
		t.Errorf("String = %q, Describe = %q", got, skip.Describe())
	}
	if skip.Spec() != "0 8 * * *" || skip.Zone() != berlin {
		t.Errorf("Spec %q, Zone %s", skip.Spec(), skip.Zone())
	}
}

func FuzzParseCron(f *testing.F) {
	for _, s := range []string{
		"0 8 * * mon-fri", "*/15 * * * *", "0 0 29 2 *", "@daily", "@every 5m", "TZ=", "0 0 * * fri-sun", "1,2-5/2,*/7 * ? jan 7", "30 2 * * *",
		"* * * * * *", ", * * * *", "*/60 * * * *", "0 0 31 2 *", "5-7/1 1-2,3 1-31 * 0-7/3",
	} {
		f.Add(s, int64(1774750000))
	}
	berlin, apia := zone(f, "Europe/Berlin"), zone(f, "Pacific/Apia")
	robfig := cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	f.Fuzz(func(t *testing.T, spec string, unix int64) {
		c, _, err := ParseCron(spec, nil)
		if err != nil {
			var pe *ParseError
			if !errors.As(err, &pe) || pe.Msg == "" || pe.Col < 0 || pe.Col > len(strings.TrimSpace(spec))+1 {
				t.Fatalf("%q: %#v", spec, err)
			}
			return
		}
		again, _, err := ParseCron(c.String(), nil)
		if err != nil || *again != *c {
			t.Fatalf("%q: String %q gives %+v, %v", spec, c, again, err)
		}
		after := time.Unix(min(max(unix, 0), 4102444800), 0).UTC() // 1970 to 2100
		for _, loc := range []*time.Location{time.UTC, berlin, apia} {
			z := *c
			z.zone = loc
			next, ok := z.Next(after)
			if !ok {
				t.Fatalf("%q in %s: nothing after %s", spec, loc, after)
			}
			checkTick(t, after, next)
		}
		theirs, err := robfig.Parse(c.Spec())
		if err != nil {
			return // 7, fri-sun and @ forms of ours
		}
		theirs.(*cron.SpecSchedule).Location = time.UTC
		ours, _ := c.Next(after)
		if want := theirs.Next(after); !want.IsZero() && !ours.Equal(want) {
			t.Fatalf("%q after %s: %s, robfig has %s", spec, after, ours, want)
		}
	})
}
