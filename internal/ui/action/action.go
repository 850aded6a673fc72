// Package action is the single list of what a user can do: keys, footer, help and tests all come from it.
package action

import (
	"fmt"
	"slices"
)

// Tier says how dangerous an action is; it decides how the console asks.
type Tier int

// The tiers.
const (
	None     Tier = iota // moves and views only
	Undoable             // acts at once, can be undone for a while
	Ask                  // one effect outside: a one-line question
	Dialog               // many or engine-wide: a dialog
)

// Command is the scope of actions that have no key and are reached by the palette only.
const Command = "command"

// Groups in the order help shows them.
var groups = [...]string{"move", "act", "find", "see", "app"}

// Groups gives the groups of the help in order.
func Groups() []string { return groups[:] }

// Action is one thing a user can do. C is what it works on.
type Action[C any] struct {
	ID    string   // "pipe.pause": unique
	Scope string   // where its keys count: "global", "list", or a screen
	Keys  []string // none for what only the palette reaches, in the scope "command"
	Title string   // for help, lower case: "pause or resume"
	Short string   // for the footer: "pause"; "" = never there
	Tip   string   // one sentence more; "" = none
	Group string
	Tier  Tier
	Role  Role           // who may do it; the zero value is derived by Needs
	Foot  int            // larger is shown earlier when the footer is short; 0 = never
	Why   func(C) string // why it cannot be done now; nil or "" = it can
	Do    func(C)        // the action itself
	Label func(C) string // replaces Short by state: "resume"; nil = Short
	Rare  bool           // not in the footer while it cannot be done

	// Wide puts an action that has keys on some screen into the palette and the help of every screen.
	Wide bool
	// Args is what may follow Short in the palette: "PIPE FROM TO"; "" = nothing. Offer then says what can be done with
	// what was typed behind Short so far; an empty rest asks for everything there is.
	Args  string
	Offer func(c C, rest string) []Offer[C]
}

// Offer is one thing that a typed line would do.
type Offer[C any] struct {
	Line  string  // the whole line: "pause tag routing 1h"
	Title string  // what it does, or what is still to be typed
	Why   string  // why it cannot be done; "" = it can
	Do    func(C) // nil = the line is not complete: choosing it puts it into the palette
}

// Acts says that the action changes something in the engine.
func (a *Action[C]) Acts() bool { return a.Tier != None }

// Needs is the least role that may do the action: its own, else ops for what acts and view for the rest.
func (a *Action[C]) Needs() Role {
	if a.Role == Anyone && a.Acts() {
		return Ops
	}
	return max(a.Role, View)
}

// Registry finds actions by scope and key. It does not change after New.
type Registry[C any] struct {
	all   []*Action[C]
	byKey map[string]map[string]*Action[C] // scope, key
}

// New makes a registry. It fails when an action is incomplete or two share an ID, or a key in one scope.
func New[C any](actions ...Action[C]) (*Registry[C], error) {
	r := &Registry[C]{byKey: map[string]map[string]*Action[C]{}}
	ids := map[string]bool{}
	for i := range actions {
		a := &actions[i]
		switch {
		case a.ID == "" || a.Scope == "" || a.Title == "" || a.Do == nil || len(a.Keys) == 0 != (a.Scope == Command),
			(a.Args == "") != (a.Offer == nil):
			return nil, fmt.Errorf("action %q is incomplete", a.ID)
		case ids[a.ID]:
			return nil, fmt.Errorf("action %q is there twice", a.ID)
		case !slices.Contains(groups[:], a.Group):
			return nil, fmt.Errorf("action %q has the unknown group %q", a.ID, a.Group)
		}
		ids[a.ID] = true
		scope := r.byKey[a.Scope]
		if scope == nil {
			scope = map[string]*Action[C]{}
			r.byKey[a.Scope] = scope
		}
		for _, k := range a.Keys {
			if o := scope[k]; o != nil {
				return nil, fmt.Errorf("key %q in %s means both %s and %s", k, a.Scope, o.ID, a.ID)
			}
			scope[k] = a
		}
		r.all = append(r.all, a)
	}
	return r, nil
}

// Find gives the action of a key; earlier scopes win. nil = none.
func (r *Registry[C]) Find(scopes []string, key string) *Action[C] {
	for _, s := range scopes {
		if a := r.byKey[s][key]; a != nil {
			return a
		}
	}
	return nil
}

// In gives the actions of the scopes in the order they were registered.
func (r *Registry[C]) In(scopes []string) []*Action[C] {
	var out []*Action[C]
	for _, a := range r.all {
		if slices.Contains(scopes, a.Scope) {
			out = append(out, a)
		}
	}
	return out
}

// Named gives what can be done by name from the scopes: theirs, the commands, and the wide ones.
func (r *Registry[C]) Named(scopes []string) []*Action[C] {
	var out []*Action[C]
	for _, a := range r.all {
		if a.Wide || a.Scope == Command || slices.Contains(scopes, a.Scope) {
			out = append(out, a)
		}
	}
	return out
}

// ByID gives an action by its ID; nil = none.
func (r *Registry[C]) ByID(id string) *Action[C] {
	for _, a := range r.all {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// All gives every action in the order of registration.
func (r *Registry[C]) All() []*Action[C] { return r.all }

// KeyName prints a key for a person: "ctrl+d" stays, "down" is an arrow.
func KeyName(k string) string {
	switch k {
	case "down":
		return "↓"
	case "up":
		return "↑"
	case "left":
		return "←"
	case "right":
		return "→"
	case "pgdown":
		return "PgDn"
	case "pgup":
		return "PgUp"
	default:
		return k
	}
}
