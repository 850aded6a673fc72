package ui

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/ui/action"
)

// cutWord takes the first word off a typed line. Quotes hold words together and are taken off.
func cutWord(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		word, rest, _ = strings.Cut(quoted, `"`)
		return word, strings.TrimSpace(rest)
	}
	word, rest, _ = strings.Cut(s, " ")
	return word, strings.TrimSpace(rest)
}

// unquote takes the quotes around a whole text off.
func unquote(s string) string {
	if w, rest := cutWord(s); rest == "" && strings.HasPrefix(strings.TrimSpace(s), `"`) {
		return w
	}
	return strings.TrimSpace(s)
}

// quoted puts a text with blanks into quotes; "" stays.
func quoted(s string) string {
	if s = strings.Trim(s, `"`); strings.Contains(s, " ") {
		return `"` + s + `"`
	}
	return s
}

// join puts the words that are there together with blanks.
func join(words ...string) string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// parseUntil reads an end: "15m", "1h", "2d", a time of day such as "15:30" (the next one), a date, or a date with a
// time, all UTC. "" is the zero time: without an end.
func parseUntil(s string, now time.Time) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, nil
	}
	if d, ok := parseLength(s); ok {
		if d <= 0 {
			return time.Time{}, fmt.Errorf("%s is over at once", s)
		}
		return now.Add(d), nil
	}
	if t, err := time.Parse("15:04", s); err == nil {
		now = now.UTC()
		t = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
		if !t.After(now) {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	t, err := parseMoment(s)
	if err != nil {
		return t, err
	}
	if !t.After(now) {
		return t, fmt.Errorf("%s is over already", s)
	}
	return t, nil
}

// parseLength reads "15m", "1h30m" and "2d".
func parseLength(s string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err == nil && n < 10_000
	}
	d, err := time.ParseDuration(s)
	return d, err == nil
}

// parseMoment reads a date or a date with a time, UTC unless it says otherwise.
func parseMoment(s string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02 15:04:05", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a length such as 15m, 1h or 2d, nor a time such as 15:30 or 2026-11-24T15:30 (UTC)", s)
}

// untilWords say when something ends, for a person.
func untilWords(t, now time.Time) string {
	if t.IsZero() {
		return "until resumed"
	}
	if d := t.Sub(now); d < 24*time.Hour {
		return "until " + t.UTC().Format("15:04:05") + "Z"
	}
	return "until " + t.UTC().Format("2006-01-02 15:04") + "Z"
}

// typedEntries are what the typed line would do when it begins with the name of an action that takes more words.
func (a *App) typedEntries(query string) []entry {
	query = strings.TrimLeft(query, " ")
	var out []entry
	for _, act := range a.reg.Named(a.scopes()) {
		if act.Offer == nil || !hasPrefixFold(query, act.Short+" ") {
			continue
		}
		for _, o := range act.Offer(a, query[len(act.Short)+1:]) {
			out = append(out, a.offerEntry(act, o))
		}
	}
	return out
}

// offerEntry is a line that the palette offers: chosen, it is done, or typed on when it is not complete.
func (a *App) offerEntry(act *act, o action.Offer[*App]) entry {
	e := entry{name: o.Line, title: o.Title, off: cmp.Or(a.needs(act), o.Why), typed: true, do: o.Do, acts: act.Acts()}
	if o.Do == nil {
		e.acts, e.off = false, ""
		e.do = func(a *App) { a.palette = &palette{query: strings.TrimRight(o.Line, " ") + " "} }
		e.title = cmp.Or(o.Title, act.Args)
	}
	return e
}

// typeOn opens the palette with the name of an action that takes more words.
func typeOn(short string) func(*App) {
	return func(a *App) {
		a.openPalette()
		if a.palette != nil {
			a.palette.query = short + " "
		}
	}
}
