package otobo

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxTitle is where OTOBO cuts titles without a word, in characters.
const maxTitle = 191

// clean makes text safe to store and show: UTF-8, line feeds, no other control characters. OTOBO stores them as they come.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20 || (r >= 0x7f && r <= 0x9f):
			return -1
		default:
			return r
		}
	}, s))
}

// title makes one line of at most maxTitle characters.
func title(s string) string {
	s = strings.Join(strings.Fields(clean(s)), " ")
	if utf8.RuneCountInString(s) <= maxTitle {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:maxTitle-1])) + "…"
}

// cutBytes cuts at a character's border.
func cutBytes(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// marker is the line that tells a note, or a created ticket, from its repeats.
func marker(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "[otai:" + hex.EncodeToString(sum[:12]) + "]"
}

var (
	markerLine = regexp.MustCompile(`\s*\[otai:[0-9a-f]{24}\]\s*$`)
	linkLine   = regexp.MustCompile(`^\[\d+\] ?[a-z][a-z0-9+.-]*:\S+$`)
	linkRef    = regexp.MustCompile(`\[\d+\]`)
)

func withoutMarker(s string) string { return markerLine.ReplaceAllString(s, "") }

// withoutLinks takes out the footnotes the server makes of the links in HTML mails: the lines "[1] https://…" at the
// end, and then the "[1]" before the words they belong to.
func withoutLinks(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	end, found := len(lines), 0
	for end > 0 && (strings.TrimSpace(lines[end-1]) == "" || linkLine.MatchString(lines[end-1])) {
		end--
		if lines[end] != "" {
			found++
		}
	}
	if found == 0 || end == 0 {
		return s
	}
	return strings.TrimSpace(linkRef.ReplaceAllString(strings.Join(lines[:end], "\n"), ""))
}
