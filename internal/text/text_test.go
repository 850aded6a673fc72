package text

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestLine(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		max            int
	}{
		{"plain", "posted 600 entries", "posted 600 entries", 0},
		{"colour", "a\x1b[31;1mred\x1b[0m b", "ared b", 0},
		{"cursor moves", "x\x1b[2J\x1b[10;10Hy\x1b7\x1b8z", "xyz", 0},
		{"osc 52 with bel", "a\x1b]52;c;c2VjcmV0\x07b", "ab", 0},
		{"osc 8 with st", "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", 0},
		{"osc without end keeps the text", "a\x1b]0;title and all the rest", "a0;title and all the rest", 0},
		{"dcs", "a\x1bPq#0;1\x1b\\b", "ab", 0},
		{"c1 csi", "a\u009b31mb", "ab", 0},
		{"c1 osc", "a\u009d52;c;x\u009cb", "ab", 0},
		{"charset", "a\x1b(0b", "ab", 0},
		{"lone escape", "a\x1b", "a", 0},
		{"unfinished csi", "a\x1b[31", "a", 0},
		{"c0", "a\x00b\x07c\x08d\x7fe", "abcde", 0},
		{"tab", "a\tb", "a b", 0},
		{"line ends become one space", "a\r\n\r\nb\nc", "a b c", 0},
		{"bidi", "a\u202eb\u2066c\u200fd", "abcd", 0},
		{"zero width", "a\u200b\u200d\ufeffb", "ab", 0},
		{"emoji variation and joiner", "❤\ufe0f\u200d🔥", "❤🔥", 0},
		{"skin tone", "👍🏽!", "👍!", 0},
		{"marks are bounded", "a\u0301\u0302\u0303\u0304b", "a\u0301\u0302b", 0},
		{"leading mark", "\u0301a", "a", 0},
		{"invalid", "a\xffb\xc3", "a\ufffdb\ufffd", 0},
		{"raw c1 byte", "a\x9b31m", "a\ufffd31m", 0},
		{"no-break space", "a\u00a0b", "a b", 0},
		{"cut", "abcdefghi", "abcde…", 8},
		{"cut at rune boundary", "äöüäöü", "äö…", 7},
		{"fits exactly", "äöü", "äöü", 6},
		{"too small for an ellipsis", "abcdef", "ab", 2},
	} {
		if got := Line(c.in, c.max); got != c.want {
			t.Errorf("%s: Line(%q, %d) = %q, want %q", c.name, c.in, c.max, got, c.want)
		}
	}
}

func TestLineIsLinear(t *testing.T) {
	for _, unit := range []string{"\x1b]", "\u009d", "\x1bP\x1b[", "\xc2\x9d"} {
		began := time.Now()
		Line(strings.Repeat(unit, 1<<19), 0)
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("1 MB of %q took %v", unit, d)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\x1b[31mb\x1b]52;c;x\x07\u202e", 10)
	f.Add("👍🏽❤\ufe0f한\u1160", 0)
	f.Add("\x1b\x1b[\u009b", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n %= 4096
		got := Line(s, n)
		if !utf8.ValidString(got) {
			t.Fatalf("Line(%q) is not UTF-8: %q", s, got)
		}
		if n > 0 && len(got) > n {
			t.Fatalf("Line(%q, %d) is %d bytes", s, n, len(got))
		}
		for _, r := range got {
			if r < 0x20 || r >= 0x7f && r <= 0x9f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f {
				t.Fatalf("Line(%q) kept %U", s, r)
			}
		}
		if ansi.Strip(got) != got {
			t.Fatalf("Line(%q) kept a sequence: %q", s, got)
		}
		drawn := Column(s)
		if w, wc := ansi.StringWidth(drawn), ansi.StringWidthWc(drawn); w != Width(drawn) || wc != Width(drawn) {
			t.Fatalf("terminals do not agree on %q: %d, %d and %d columns", drawn, w, wc, Width(drawn))
		}
		if !InColumns(drawn) {
			t.Fatalf("not stable: %q then %q", drawn, Column(drawn))
		}
		if Line(got, n) != got {
			t.Fatalf("not stable: %q then %q", got, Line(got, n))
		}
		for w := range 6 {
			if x := Truncate(got, w, "…"); Width(x) > w {
				t.Fatalf("Truncate(%q, %d) is %d wide", got, w, Width(x))
			}
			if x := TruncateMiddle(got, w, "…"); Width(x) > w {
				t.Fatalf("TruncateMiddle(%q, %d) is %d wide", got, w, Width(x))
			}
		}
	})
}

func TestRuneWidthAgreesWithTheTerminal(t *testing.T) {
	for r := rune(0x20); r < 0x1ffff; r++ {
		if r >= 0x7f && r <= 0x9f || r >= 0xd800 && r <= 0xdfff {
			continue
		}
		if got, want := RuneWidth(r), ansi.StringWidthWc(string(r)); got != want {
			t.Fatalf("RuneWidth(%U) = %d, the terminal says %d", r, got, want)
		}
	}
}

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		in, end, middle string
		width           int
	}{
		{"ticket-routing", "ticket-routing", "ticket-routing", 14},
		{"ticket-routing", "ticket-r…", "tick…ting", 9},
		{"ticket-routing", "t…", "t…", 2},
		{"ticket-routing", "…", "…", 1},
		{"ticket-routing", "", "", 0},
		{"日本語テスト", "日本…", "日…ト", 5},
		{"日本語テスト", "日本語…", "日…スト", 7},
	} {
		if got := Truncate(c.in, c.width, "…"); got != c.end {
			t.Errorf("Truncate(%q, %d) = %q, want %q", c.in, c.width, got, c.end)
		}
		if got := TruncateMiddle(c.in, c.width, "…"); got != c.middle {
			t.Errorf("TruncateMiddle(%q, %d) = %q, want %q", c.in, c.width, got, c.middle)
		}
	}
}

func TestDurations(t *testing.T) {
	s, m, h, day := time.Second, time.Minute, time.Hour, 24*time.Hour
	for _, c := range []struct {
		d                   time.Duration
		dur, countdown, age string
	}{
		{-s, "0s", "now", "now"},
		{0, "0s", "now", "now"},
		{300 * time.Microsecond, "1ms", "now", "now"},
		{38 * time.Millisecond, "38ms", "now", "now"},
		{800 * time.Millisecond, "0.8s", "now", "now"},
		{8100 * time.Millisecond, "8.1s", "8s", "8s"},
		{9960 * time.Millisecond, "9s", "9s", "9s"},
		{12 * s, "12s", "12s", "12s"},
		{91 * s, "1m31s", "1m31s", "1m"},
		{12*m + 5*s, "12m05s", "12m", "12m"},
		{27 * m, "27m", "27m", "27m"},
		{9*h + 57*m, "9h57m", "9h57m", "9h"},
		{12 * h, "12h", "12h", "12h"},
		{26 * h, "1d2h", "1d2h", "26h"},
		{2 * day, "2d", "2d", "2d"},
		{3*day + 5*h, "3d", "3d", "3d"},
		{92 * day, "92d", "92d", "92d"},
	} {
		if got := Duration(c.d); got != c.dur {
			t.Errorf("Duration(%v) = %q, want %q", c.d, got, c.dur)
		}
		if got := Countdown(c.d); got != c.countdown {
			t.Errorf("Countdown(%v) = %q, want %q", c.d, got, c.countdown)
		}
		if got := Age(c.d); got != c.age {
			t.Errorf("Age(%v) = %q, want %q", c.d, got, c.age)
		}
	}
}

func TestDurationFitsItsColumn(t *testing.T) {
	for d := time.Millisecond; d < 4000*24*time.Hour; d = d*11/10 + 1 {
		if s := Duration(d); len(s) > 6 {
			t.Fatalf("Duration(%v) = %q is wider than six columns", d, s)
		}
		if s := Countdown(d); len(s) > 6 {
			t.Fatalf("Countdown(%v) = %q is wider than six columns", d, s)
		}
	}
}

func TestClockAndMoment(t *testing.T) {
	now := time.Date(2026, 11, 24, 14, 2, 31, 0, time.UTC)
	if got := Clock(now.In(time.FixedZone("x", 3600))); got != "14:02:31" {
		t.Error(got)
	}
	if got := ClockMillis(now.Add(118 * time.Millisecond)); got != "14:02:31.118" {
		t.Error(got)
	}
	for want, at := range map[string]time.Time{
		"-": {}, "11:00": now.Add(-3*time.Hour - 2*time.Minute - 31*time.Second),
		"12 Nov 14:02": now.AddDate(0, 0, -12), "24 Nov 2025": now.AddDate(-1, 0, 0),
	} {
		if got := Moment(at, now); got != want {
			t.Errorf("Moment(%v) = %q, want %q", at, got, want)
		}
	}
}
