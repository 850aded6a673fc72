package text

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Column is Line for what is drawn in columns: without what terminals do not agree on. Some count the columns of each character, others
// those of each cluster of characters that belong together. Where the two differ (signs beside a letter, joined letters) a column would
// shift on one of them, so the cluster keeps what both count alike. The letters of flags become letters.
func Column(s string) string {
	s = Line(s, 0)
	if plain(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if r >= 0x1f1e6 && r <= 0x1f1ff { // their width depends on their neighbours
			return 'A' + r - 0x1f1e6
		}
		return r
	}, s)
	ok := true
	for rest := s; rest != "" && ok; {
		cluster, w := ansi.FirstGraphemeCluster(rest, ansi.GraphemeWidth)
		ok, rest = w == Width(cluster), rest[len(cluster):]
	}
	if ok {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		cluster, w := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		s = s[len(cluster):]
		if w == Width(cluster) {
			b.WriteString(cluster)
			continue
		}
		b.WriteString(loosened(cluster))
	}
	return b.String()
}

// InColumns says that Column would give s back as it is.
func InColumns(s string) bool {
	for _, r := range s {
		if (r < 0x20 || r > 0x7e) && !one(r) {
			return Column(s) == s
		}
	}
	return true
}

// loosened is a cluster without the marks in it, or its first character alone when that does not help.
func loosened(cluster string) string {
	var letters []rune
	for _, r := range cluster {
		if w := RuneWidth(r); w > 0 && ansi.StringWidth(string(r)) == w {
			letters = append(letters, r)
		}
	}
	for len(letters) > 0 {
		if s := string(letters); ansi.StringWidth(s) == Width(s) {
			return s
		}
		letters = letters[:len(letters)-1]
	}
	return ""
}
