package engine

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/openticketai/otai-tui/internal/text"
)

// minSecret is the shortest value treated as a secret: shorter ones would blot out ordinary words.
const minSecret = 5

// vault holds the redactor in force. It is safe for concurrent use.
type vault struct {
	mu  sync.Mutex // guards all
	all []string
	p   atomic.Pointer[redactor]
}

// add makes further values secret; nothing is ever taken back: what was secret may be in a run that goes on.
func (v *vault) add(secrets []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = append(v.all, secrets...)
	slices.Sort(v.all)
	v.all = slices.Compact(v.all)
	r := newRedactor(v.all)
	v.p.Store(&r)
}

func (v *vault) line(s string, limit int) string { return v.p.Load().line(s, limit) }

func (v *vault) holds(s string) bool { return v.p.Load().holds(s) }

// redactor takes known secrets out of everything that reaches history, a screen or a log. It is immutable.
type redactor struct {
	secrets  []string // in every form they are written in, the longest first
	replacer *strings.Replacer
}

func newRedactor(secrets []string) redactor {
	var r redactor
	for _, s := range secrets {
		if len(s) >= minSecret {
			r.secrets = append(r.secrets, forms(s)...)
		}
	}
	// A secret inside a longer one comes later; the text breaks ties, so that equal ones stand side by side.
	slices.SortFunc(r.secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	r.secrets = slices.Compact(r.secrets)
	pairs := make([]string, 0, 2*len(r.secrets))
	for _, s := range r.secrets {
		pairs = append(pairs, s, "[redacted]")
	}
	r.replacer = strings.NewReplacer(pairs...)
	return r
}

// forms are the ways a secret comes to be written: as it is, as a line, quoted, in JSON, in a URL.
func forms(secret string) []string {
	quoted := strconv.Quote(secret)
	out := []string{secret, text.Line(secret, 0), quoted[1 : len(quoted)-1], url.QueryEscape(secret), url.PathEscape(secret)}
	if b, err := json.Marshal(secret); err == nil {
		inner := string(b[1 : len(b)-1])
		plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(inner)
		out = append(out, inner, plain)
	}
	return slices.DeleteFunc(out, func(s string) bool { return len(s) < minSecret })
}

// line makes one safe line of at most limit bytes. It looks twice: what makes a line safe can put a secret together again.
func (r redactor) line(s string, limit int) string {
	if len(r.secrets) > 0 {
		s = r.replacer.Replace(text.Line(r.replacer.Replace(s), 0))
	}
	return text.Line(s, limit)
}

// holds says that a text contains a secret.
func (r redactor) holds(s string) bool {
	return slices.ContainsFunc(r.secrets, func(secret string) bool { return strings.Contains(s, secret) })
}
