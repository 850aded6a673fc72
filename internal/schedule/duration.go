package schedule

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// MaxDurationText is the longest duration text accepted, in bytes.
const MaxDurationText = 64

// ParseDuration reads the durations Open Ticket AI writes: ISO-8601 ("PT5S", "P1DT2H", "P0.5D", "-PT5S"), clock time
// ("0:01:00", "36:00:00", "1d 00:00:05", "1 day, 0:00:05") and plain seconds ("5", "0.5"). Fractions below a nanosecond are cut
// off. It refuses years and months (no fixed length), "01:30" (hours or minutes?) and what does not fit into 292 years. A
// negative duration is returned as such: the caller knows whether it makes sense.
func ParseDuration(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("duration %q: %w", s, withHint(s, err))
	}
	return d, nil
}

// withHint replaces an error by the corrected text when it is plain what was meant.
func withHint(s string, err error) error {
	if d, goErr := time.ParseDuration(s); goErr == nil {
		return fmt.Errorf("use %q", isoDuration(d))
	}
	for _, meant := range []string{strings.TrimSpace(s), strings.ToUpper(strings.TrimSpace(s))} {
		if _, meantErr := parseDuration(meant); meantErr == nil {
			return fmt.Errorf("use %q", meant)
		}
	}
	return err
}

func parseDuration(s string) (time.Duration, error) {
	if len(s) > MaxDurationText {
		return 0, fmt.Errorf("too long: expected at most %d characters", MaxDurationText)
	}
	if s == "" {
		return 0, errors.New("empty: expected ISO-8601 such as \"PT5S\", or seconds")
	}
	unsigned := s
	if s[0] == '-' || s[0] == '+' {
		unsigned = s[1:]
	}
	var sum span
	var err error
	switch {
	case strings.HasPrefix(unsigned, "P"):
		err = sum.addISO(unsigned[1:])
	case isSeconds(unsigned):
		whole, fraction, _ := strings.Cut(unsigned, ".")
		err = sum.add(whole, fraction, time.Second)
	default:
		err = sum.addClock(unsigned)
	}
	if err != nil {
		return 0, err
	}
	return sum.duration(s[0] == '-')
}

// span is a sum of quantities in nanoseconds, without its sign.
type span struct {
	nanos    uint64
	overflow bool
}

// add adds whole.fraction units. Both texts are digits or empty.
func (p *span) add(whole, fraction string, unit time.Duration) error {
	if whole == "" && fraction == "" {
		return errors.New("a number is missing")
	}
	n, err := strconv.ParseUint("0"+whole, 10, 64)
	hi, nanos := bits.Mul64(n, uint64(unit))
	p.overflow = p.overflow || err != nil || hi != 0
	billionths, err := strconv.ParseUint((fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a fraction", fraction)
	}
	hi, lo := bits.Mul64(billionths, uint64(unit))
	part, _ := bits.Div64(hi, lo, uint64(time.Second)) // a fraction is below 1, so hi is below the divisor
	for _, v := range []uint64{nanos, part} {
		var carry uint64
		p.nanos, carry = bits.Add64(p.nanos, v, 0)
		p.overflow = p.overflow || carry != 0
	}
	return nil
}

func (p *span) duration(negative bool) (time.Duration, error) {
	if p.overflow || p.nanos > math.MaxInt64 {
		return 0, errors.New("too long: expected less than 292 years")
	}
	if negative {
		return -time.Duration(p.nanos), nil
	}
	return time.Duration(p.nanos), nil
}

// addISO reads what stands behind "P".
func (p *span) addISO(s string) error {
	const example = `expected ISO-8601 such as "PT5S" or "P1DT2H"`
	inTime, quantities := false, 0
	for s != "" {
		if s[0] == 'T' && !inTime {
			inTime, s = true, s[1:]
			continue
		}
		whole, fraction, rest := number(s)
		if whole == "" || rest == "" {
			return errors.New(example)
		}
		unit, err := isoUnit(rest[0], inTime)
		if err != nil {
			return err
		}
		s = rest[1:]
		if fraction != "" && s != "" {
			return errors.New("only the last number may have a fraction")
		}
		if err := p.add(whole, fraction, unit); err != nil {
			return err
		}
		quantities++
	}
	if quantities == 0 {
		return errors.New(example)
	}
	return nil
}

func isoUnit(letter byte, inTime bool) (time.Duration, error) {
	const dayLength = 24 * time.Hour
	switch {
	case !inTime && letter == 'W':
		return 7 * dayLength, nil
	case !inTime && letter == 'D':
		return dayLength, nil
	case !inTime && (letter == 'Y' || letter == 'M'):
		return 0, errors.New("years and months have no fixed length: use days (\"P30D\"); minutes stand behind a T (\"PT5M\")")
	case inTime && letter == 'H':
		return time.Hour, nil
	case inTime && letter == 'M':
		return time.Minute, nil
	case inTime && letter == 'S':
		return time.Second, nil
	case strings.IndexByte("HS", letter) >= 0:
		return 0, fmt.Errorf("%c stands behind a T: \"PT5%c\"", letter, letter)
	case strings.IndexByte("WD", letter) >= 0:
		return 0, fmt.Errorf("%c stands before the T: \"P5%c\"", letter, letter)
	}
	return 0, fmt.Errorf("unknown unit %q: expected W, D, and behind a T H, M, S", rune(letter))
}

// addClock reads "[N d|day|days][,][ ][H:MM:SS[.f]]".
func (p *span) addClock(s string) error {
	const example = `expected ISO-8601 such as "PT5S", clock time such as "0:01:00", or seconds`
	clockText := s
	if head, rest := leadingDigits(s); head != "" && !strings.HasPrefix(rest, ":") {
		var ok bool
		if clockText, ok = cutDayWord(rest); !ok {
			return errors.New(example)
		}
		if err := p.add(head, "", 24*time.Hour); err != nil {
			return err
		}
		if clockText == "" {
			return nil
		}
	}
	parts := strings.Split(clockText, ":")
	if len(parts) == 2 && isDigits(parts[0]) && isDigits(parts[1]) {
		return fmt.Errorf("%q could be hours or minutes: write \"%s:00\" or \"0:%s\"", clockText, clockText, clockText)
	}
	if len(parts) != 3 || !isDigits(parts[0]) {
		return errors.New(example)
	}
	seconds, fraction, rest := number(parts[2])
	if rest != "" || !isSixtieth(parts[1]) || !isSixtieth(seconds) {
		return errors.New("expected H:MM:SS with minutes and seconds from 00 to 59")
	}
	if err := p.add(parts[0], "", time.Hour); err != nil {
		return err
	}
	if err := p.add(parts[1], "", time.Minute); err != nil {
		return err
	}
	return p.add(seconds, fraction, time.Second)
}

// cutDayWord cuts " day, " in its spellings off the front of s.
func cutDayWord(s string) (rest string, ok bool) {
	s = strings.TrimPrefix(s, " ")
	lower := strings.ToLower(s)
	for _, name := range []string{"days", "day", "d"} {
		if strings.HasPrefix(lower, name) {
			rest = strings.TrimPrefix(s[len(name):], ",")
			return strings.TrimPrefix(rest, " "), true
		}
	}
	return "", false
}

// number cuts digits, and a fraction behind a point or comma, off the front of s.
func number(s string) (whole, fraction, rest string) {
	whole, rest = leadingDigits(s)
	if whole != "" && rest != "" && (rest[0] == '.' || rest[0] == ',') {
		fraction, rest = leadingDigits(rest[1:])
	}
	return whole, fraction, rest
}

func leadingDigits(s string) (digits, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	return s[:len(s)-len(rest)], rest
}

// isSeconds says whether s is a plain number: "5", "0.5", and YAML's other spellings "5." and ".5".
func isSeconds(s string) bool {
	whole, fraction, _ := strings.Cut(s, ".")
	return isDigits(whole + fraction)
}

func isSixtieth(s string) bool { return len(s) == 2 && isDigits(s) && s < "60" }

// isoDuration gives the ISO-8601 form: "PT5S", "PT1H30M", "-PT0.5S".
func isoDuration(d time.Duration) string {
	sign, rest := "", uint64(d)
	if d < 0 {
		sign, rest = "-", -rest
	}
	var b strings.Builder
	b.WriteString(sign + "PT")
	for _, u := range []struct {
		length uint64
		letter byte
	}{{uint64(time.Hour), 'H'}, {uint64(time.Minute), 'M'}} {
		if n := rest / u.length; n > 0 {
			fmt.Fprintf(&b, "%d%c", n, u.letter)
			rest %= u.length
		}
	}
	seconds, nanos := rest/uint64(time.Second), rest%uint64(time.Second)
	switch {
	case nanos > 0:
		b.WriteString(strings.TrimRight(fmt.Sprintf("%d.%09d", seconds, nanos), "0") + "S")
	case seconds > 0 || d == 0:
		fmt.Fprintf(&b, "%dS", seconds)
	}
	return b.String()
}
