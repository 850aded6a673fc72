package pipe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Names maps the spellings of `use:` values to canonical names such as "base:FetchTicketsPipe". Pipe types and service
// types share its manners. It is filled at start and read only afterwards.
type Names struct {
	canonical map[string]string   // bare name or alias -> canonical
	prefix    map[string]string   // bare name or alias -> its own normalized prefix, "" = any prefix of upstream
	shared    map[string]struct{} // normalized prefixes that fit every name
	all       []string
}

// NewNames makes an empty table; sharedPrefixes fit every name besides the name's own prefix.
func NewNames(sharedPrefixes ...string) *Names {
	n := &Names{canonical: map[string]string{}, prefix: map[string]string{}, shared: map[string]struct{}{"": {}}}
	for _, p := range sharedPrefixes {
		n.shared[p] = struct{}{}
	}
	return n
}

// Add registers a canonical name and other bare spellings of it. Aliases answer under every prefix that upstream's
// releases used. A name that is taken already is an error.
func (n *Names) Add(canonical string, aliases ...string) error {
	prefix, bare := splitUse(canonical)
	if prefix == "" || bare == "" {
		return fmt.Errorf("name %q must have the form prefix:Name", canonical)
	}
	for i, name := range append([]string{bare}, aliases...) {
		if other, taken := n.canonical[name]; taken {
			return fmt.Errorf("name %q of %q is already taken by %q", name, canonical, other)
		}
		n.canonical[name] = canonical
		if i == 0 {
			n.prefix[name] = normalPrefix(prefix)
		}
	}
	n.all = append(n.all, canonical, bare)
	slices.Sort(n.all)
	return nil
}

// Lookup gives the canonical name for use: "base:X", "otai_base:X", "open_ticket_ai.base:X" and plain "X", for X the
// name itself or an alias. Aliases answer under any prefix of upstream, such as "open_ticket_ai.hf_local:". Versions
// before the colon was introduced wrote a dot; that is read too. Prefixes of other makers are not ours.
func (n *Names) Lookup(use string) (string, bool) {
	prefix, bare := splitUse(strings.TrimSpace(use))
	canonical, ok := n.canonical[bare]
	if !ok {
		return "", false
	}
	normal := normalPrefix(prefix)
	if _, fits := n.shared[normal]; fits {
		return canonical, true
	}
	if own := n.prefix[bare]; own != "" {
		return canonical, normal == own
	}
	ownOfCanonical, _ := splitUse(canonical)
	return canonical, ofUpstream(prefix) || normal == normalPrefix(ownOfCanonical)
}

// All gives the canonical and bare names, sorted, without aliases.
func (n *Names) All() []string { return slices.Clone(n.all) }

// splitUse cuts a use value into prefix and bare name, at the colon or else at the last dot.
func splitUse(use string) (prefix, bare string) {
	i := strings.LastIndexByte(use, ':')
	if i < 0 {
		i = strings.LastIndexByte(use, '.')
	}
	if i < 0 {
		return "", use
	}
	return use[:i], use[i+1:]
}

// normalPrefix folds the spellings of one plugin: "otai_otobo_znuny", "otobo-znuny" and
// "open_ticket_ai.otobo_znuny_plugin" are all "otobo_znuny".
func normalPrefix(prefix string) string {
	p := strings.ReplaceAll(prefix, "-", "_")
	p = strings.TrimPrefix(p, "open_ticket_ai.")
	p = strings.TrimPrefix(p, "otai_")
	return strings.TrimSuffix(p, "_plugin")
}

// ofUpstream says whether a prefix names one of upstream's own packages.
func ofUpstream(prefix string) bool {
	p := strings.ReplaceAll(prefix, "-", "_")
	return strings.HasPrefix(p, "open_ticket_ai.") || strings.HasPrefix(p, "otai_") || p == "hf_local"
}

func compareStrings(a, b string) int { return cmp.Compare(a, b) }
