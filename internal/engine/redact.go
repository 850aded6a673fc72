package engine

import (
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/text"
)

// minSecret is the shortest value treated as a secret: shorter ones would blot out ordinary words.
const minSecret = 5

// redactor takes known secrets out of everything that reaches history, a screen or a log. It is immutable.
type redactor struct {
	secrets  []string
	replacer *strings.Replacer
}

func newRedactor(secrets []string) redactor {
	var r redactor
	for _, s := range secrets {
		if len(s) >= minSecret && !slices.Contains(r.secrets, s) {
			r.secrets = append(r.secrets, s)
		}
	}
	slices.SortFunc(r.secrets, func(a, b string) int { return len(b) - len(a) }) // a secret inside a longer one comes later
	pairs := make([]string, 0, 2*len(r.secrets))
	for _, s := range r.secrets {
		pairs = append(pairs, s, "[redacted]")
	}
	r.replacer = strings.NewReplacer(pairs...)
	return r
}

// line makes one safe line of at most limit bytes.
func (r redactor) line(s string, limit int) string {
	if len(r.secrets) > 0 {
		s = r.replacer.Replace(s)
	}
	return text.Line(s, limit)
}

// holds says that a text contains a secret.
func (r redactor) holds(s string) bool {
	return slices.ContainsFunc(r.secrets, func(secret string) bool { return strings.Contains(s, secret) })
}
