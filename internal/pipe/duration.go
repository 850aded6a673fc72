package pipe

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	isoPattern   = regexp.MustCompile(`^([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$`)
	clockPattern = regexp.MustCompile(`^(?:(\d+) days?,? )?(\d+):([0-5]\d):([0-5]\d(?:\.\d+)?)$`)
)

// parseDuration reads "1h30m", ISO 8601 such as "PT0.5S", and clock forms such as "0:01:00" or "1 day, 2:00:00".
func parseDuration(s string) (time.Duration, error) {
	if d, err := time.ParseDuration(s); err == nil {
		return d, nil
	}
	if m := isoPattern.FindStringSubmatch(strings.ToUpper(s)); m != nil && strings.ContainsAny(s, "0123456789") {
		d, err := sum(m[2:], 7*24*time.Hour, 24*time.Hour, time.Hour, time.Minute, time.Second)
		if m[1] == "-" {
			d = -d
		}
		return d, err
	}
	if m := clockPattern.FindStringSubmatch(s); m != nil {
		return sum(m[1:], 24*time.Hour, time.Hour, time.Minute, time.Second)
	}
	return 0, fmt.Errorf("%q is not a duration", s)
}

func sum(numbers []string, units ...time.Duration) (time.Duration, error) {
	total := 0.0
	for i, text := range numbers {
		if text == "" {
			continue
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, err
		}
		total += n * float64(units[i])
	}
	if total >= math.MaxInt64 {
		return 0, fmt.Errorf("duration is too long")
	}
	return time.Duration(total), nil
}
