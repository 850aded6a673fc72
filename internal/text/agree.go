package text

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// agree takes out of safe text what terminals do not agree on: some count the columns of each character, others those of each cluster of
// characters that belong together. Where the two differ (signs beside a letter, joined letters) a column would shift on one of them, so the
// cluster keeps what both count alike.
func agree(s string) string {
	if plain(s) {
		return s
	}
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
