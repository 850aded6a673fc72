package text

import (
	"regexp"
	"strings"
)

// Sameness is what two error messages share that say the same: numbers, ids, times, addresses and quoted texts are replaced
// by marks, blanks are made one, and the case does not count. Of a message the first 300 bytes count, so that it stays cheap.
func Sameness(s string) string {
	if len(s) > sameBytes {
		s = strings.ToValidUTF8(s[:sameBytes], "")
	}
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	for _, r := range sameRules {
		s = r.find.ReplaceAllString(s, r.mark)
	}
	return s
}

const sameBytes = 300

type sameRule struct {
	find *regexp.Regexp
	mark string
}

// sameRules are in order: what is longer and surer first.
var sameRules = []sameRule{ //nolint:gochecknoglobals // compiled once, never changed
	{regexp.MustCompile(`"[^"]*"|'[^']{2,}'|` + "`[^`]*`" + `|«[^»]*»|“[^”]*”`), `"…"`},
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "#"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d([t ]\d\d:\d\d(:\d\d(\.\d+)?)?z?)?\b`), "#"},
	{regexp.MustCompile(`\b(0x)?[0-9a-f]*\d[0-9a-f]{5,}\b`), "#"},
	{regexp.MustCompile(`\d+([.:]\d+)*`), "#"},
	{regexp.MustCompile(`#([.:/-]?#)+`), "#"},
}
