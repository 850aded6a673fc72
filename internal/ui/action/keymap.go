package action

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Keymap puts other keys in the place of an action's own, by the action's ID. No keys = the action has none and is reached
// by the palette.
type Keymap map[string][]string

// Fault is one rule that a keymap breaks.
type Fault struct {
	ID   string // the action as the keymap names it
	Key  string // "" = the fault is not about one key
	Msg  string // what is wrong
	Want string // the rule, as what was expected instead
}

// Fixed are the actions whose keys cannot be changed: how to leave must be known without looking.
var fixed = map[string]string{"app.interrupt": "ctrl+c quits everywhere", "app.esc": "esc goes back everywhere and never acts"}

// needed are the actions that must keep a key: the others are found through them.
var needed = []string{"app.palette", "app.help", "app.back"}

// prefixes are the keys that tmux, GNU screen, readline and terminals take for themselves.
var prefixes = []string{"ctrl+a", "ctrl+b", "ctrl+k", "ctrl+q", "ctrl+s", "ctrl+w", "ctrl+z", "ctrl+\\"}

// twins are keys that a terminal sends as another one.
var twins = map[string]string{"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+h": "backspace", "ctrl+[": "esc"}

// named are the keys with names.
var named = []string{
	"enter", "esc", "tab", "shift+tab", "space", "backspace", "delete", "insert", "home", "end", "pgup", "pgdown", "up", "down", "left",
	"right",
}

// splitTails are the letters that end a key's sequence: over a slow link they can arrive alone.
const splitTails = "ABCDFHMPQRSmO[~;0123456789"

// Known says that a terminal has a key of this name.
func Known(key string) bool {
	if slices.Contains(named, key) {
		return true
	}
	if n, ok := strings.CutPrefix(key, "f"); ok && slices.Contains([]string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"}, n) {
		return true
	}
	for _, mod := range []string{"ctrl+", "alt+"} {
		if k, ok := strings.CutPrefix(key, mod); ok {
			return len(k) == 1 && k[0] > ' ' && k[0] < 0x7f && !unicode.IsUpper(rune(k[0]))
		}
	}
	r, n := utf8.DecodeRuneInString(key)
	return n == len(key) && n > 0 && r != utf8.RuneError && unicode.IsPrint(r) && r != ' '
}

// Unsafe says which rule forbids an action a key; "" = none does.
func Unsafe[C any](a *Action[C], key string) string {
	switch {
	case slices.Contains(prefixes, key):
		return "a key that tmux, screen, readline and terminals leave alone: they take " + key + " for themselves"
	case key == "ctrl+c":
		return "another key: ctrl+c quits everywhere"
	case key == "esc" && a.ID != "app.esc":
		return "another key: esc only goes back"
	case !a.Acts():
		return ""
	case strings.HasPrefix(key, "ctrl+") || strings.HasPrefix(key, "alt+") || slices.Contains([]string{"enter", "space", "backspace"}, key):
		return "a plain letter or sign: what acts is on no ctrl or alt key and not on enter, space or backspace"
	case a.Tier < Ask && strings.Contains(splitTails, key):
		return "another key: over a slow link " + key + " can be the rest of an arrow key, and this acts without a question"
	}
	return ""
}

// Bind gives a registry with other keys. What the keymap names wrongly is left out; Check finds it.
func (r *Registry[C]) Bind(m Keymap) *Registry[C] {
	out := &Registry[C]{byKey: map[string]map[string]*Action[C]{}}
	for _, old := range r.all {
		a := *old
		if keys, ok := m[a.ID]; ok && a.Scope != Command {
			a.Keys = slices.Clone(keys)
		}
		scope := out.byKey[a.Scope]
		if scope == nil {
			scope = map[string]*Action[C]{}
			out.byKey[a.Scope] = scope
		}
		for _, k := range a.Keys {
			if scope[k] == nil {
				scope[k] = &a
			}
		}
		out.all = append(out.all, &a)
	}
	return out
}

// Check finds every rule that a keymap breaks. screens are the scopes of each screen, "global" included: a key means one
// thing on each of them. Faults are sorted by action, then by key.
func (r *Registry[C]) Check(m Keymap, screens [][]string) []Fault {
	var out []Fault
	ids := make([]string, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		out = append(out, r.checkAction(id, m[id])...)
	}
	bound := r.Bind(m)
	said := map[string]bool{}
	for _, scopes := range screens {
		by := map[string]*Action[C]{}
		for _, a := range bound.In(scopes) {
			for _, k := range a.Keys {
				o := by[k]
				if o == nil || o == a {
					by[k] = a
					continue
				}
				if f, ok := clash(m, o, a, k); ok && !said[f.ID+" "+k+" "+f.Msg] {
					said[f.ID+" "+k+" "+f.Msg] = true
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// checkAction finds what is wrong with the keys of one action alone.
func (r *Registry[C]) checkAction(id string, keys []string) []Fault {
	a := r.ByID(id)
	switch {
	case a == nil:
		return []Fault{{ID: id, Msg: fmt.Sprintf("there is no action %q", id), Want: "the name of an action, as otai-tui keys lists them"}}
	case a.Scope == Command:
		return []Fault{{ID: id, Msg: id + " takes words and is done in the palette only", Want: "an action with keys"}}
	case fixed[id] != "":
		return []Fault{{ID: id, Msg: "the keys of " + id + " cannot be changed", Want: "nothing here: " + fixed[id]}}
	case len(keys) == 0 && slices.Contains(needed, id):
		return []Fault{{ID: id, Msg: id + " would have no key", Want: "at least one key: what has no key is found by the palette and the help"}}
	}
	var out []Fault
	for i, k := range keys {
		switch rule := Unsafe(a, k); {
		case twins[k] != "":
			out = append(out, Fault{id, k, fmt.Sprintf("%s cannot be told from %s", k, twins[k]), "another key: terminals send both alike"})
		case !Known(k):
			out = append(out, Fault{
				id, k, fmt.Sprintf("%q is no key", k),
				"one sign, f1 to f12, ctrl+letter, or one of " + strings.Join(named, ", "),
			})
		case slices.Contains(keys[:i], k):
			out = append(out, Fault{id, k, fmt.Sprintf("%s is given twice", k), "each key once"})
		case rule != "":
			out = append(out, Fault{id, k, fmt.Sprintf("%s cannot be on %s", id, k), rule})
		}
	}
	return out
}

// clash is the fault of two actions on one key, told at the one that the keymap names. Defaults that clash are New's and the
// tests' matter.
func clash[C any](m Keymap, x, y *Action[C], key string) (Fault, bool) {
	_, mx := m[x.ID]
	_, my := m[y.ID]
	if !mx && !my {
		return Fault{}, false
	}
	if !my {
		x, y = y, x
	}
	kind := "is also the key of"
	if x.Scope != y.Scope {
		kind = "would hide or be hidden by"
	}
	return Fault{
		ID: y.ID, Key: key, Msg: fmt.Sprintf("%s of %s %s %s (%s)", key, y.ID, kind, x.ID, x.Title),
		Want: "a key that is free on every screen that has both, or another key for " + x.ID,
	}, true
}
