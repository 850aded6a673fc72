package ui

import (
	"slices"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
)

// everyScreen is one of each; a new screen belongs in here.
func everyScreen() []screen.Screen {
	return []screen.Screen{
		screen.NewPipes(), screen.NewRuns(""), screen.NewRun(orchestrator.Run{ID: "x"}),
		screen.NewLogs(orchestrator.LogFilter{}, "all"), screen.NewEvents(), screen.NewTimeline(), screen.NewPipe("x"),
		screen.NewEngine(), screen.NewApprovals(),
		screen.NewTickets(), screen.NewTicket(orchestrator.TicketRef{Ticket: "x"}), screen.NewChanges(orchestrator.Run{ID: "x"}, ""),
		onReview(), screen.NewQuality(),
	}
}

// onReview is the approvals with the cursor on a classifier's decision.
func onReview() screen.Screen {
	var d screen.Data
	d.SetApprovals([]orchestrator.Approval{{Run: "1", Step: "s", Review: &orchestrator.Review{Label: "x"}}})
	s := screen.NewApprovals()
	s.Refresh(screen.Env{Data: &d})
	return s
}

func registry(t *testing.T) *action.Registry[*App] {
	t.Helper()
	r, err := action.New(actions()...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestNoKeyMeansTwoThings: on no screen two actions share a key, not even across its scopes.
func TestNoKeyMeansTwoThings(t *testing.T) {
	r := registry(t)
	for _, s := range everyScreen() {
		seen := map[string]string{}
		for _, a := range r.In(append(s.Scopes(), "global")) {
			for _, k := range a.Keys {
				if o := seen[k]; o != "" {
					t.Errorf("%s: key %q means both %s and %s", s.Scopes()[0], k, o, a.ID)
				}
				seen[k] = a.ID
			}
		}
	}
}

// TestEveryActionIsInTheHelp: what no screen's help lists cannot be found.
func TestEveryActionIsInTheHelp(t *testing.T) {
	a, err := New(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	listed := ""
	for _, s := range everyScreen() {
		a.stack = []screen.Screen{s}
		for _, l := range a.helpLines(&help{}) {
			listed += l.keys + "\t" + l.text + "\n"
		}
	}
	for _, act := range actions() {
		var keys []string
		for _, k := range act.Keys {
			keys = append(keys, action.KeyName(k))
		}
		if len(keys) == 0 {
			keys = []string{":" + act.Short}
		}
		if !strings.Contains(listed, strings.Join(keys, " ")+"\t"+act.Title) {
			t.Errorf("%s is in no help", act.ID)
		}
	}
}

// TestActingKeysAreSafe: nothing that acts lies on a ctrl key or on Esc, which a slow link can make out of an arrow; and
// what acts without a question is not the tail of a split key.
func TestActingKeysAreSafe(t *testing.T) {
	const tails = "ABCDFHMPQRSmO[~;0123456789"
	for _, a := range actions() {
		if !a.Acts() {
			continue
		}
		for _, k := range a.Keys {
			if strings.HasPrefix(k, "ctrl+") || k == "esc" || k == "enter" || k == "space" {
				t.Errorf("%s acts on %q", a.ID, k)
			}
			if a.Tier < action.Ask && strings.Contains(tails, k) {
				t.Errorf("%s acts without a question on %q, which can be the rest of a split key", a.ID, k)
			}
		}
		if a.Why == nil {
			t.Errorf("%s never says why it cannot be done", a.ID)
		}
	}
}

// TestNoActionOnPrefixKeys: keys that tmux, screen and readline take stay free.
func TestNoActionOnPrefixKeys(t *testing.T) {
	reserved := []string{"ctrl+a", "ctrl+b", "ctrl+k", "ctrl+q", "ctrl+s", "ctrl+w", "ctrl+z", "ctrl+\\"}
	for _, a := range actions() {
		for _, k := range a.Keys {
			if slices.Contains(reserved, k) {
				t.Errorf("%s is on %s", a.ID, k)
			}
		}
	}
}

// TestFooterAlwaysFits: at any width the footer has the help and no half key.
func TestFooterAlwaysFits(t *testing.T) {
	a, err := New(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range everyScreen() {
		a.stack = []screen.Screen{s}
		for w := 40; w <= 200; w++ {
			line := a.Draw(w, 24).Lines()[23]
			if !strings.HasSuffix(strings.TrimRight(line, " "), "? help") {
				t.Fatalf("%s at %d: %q", s.Scopes()[0], w, line)
			}
		}
	}
}

// TestKeysKeepTheRules: the console's own keys break none of the rules that a configuration has to keep.
func TestKeysKeepTheRules(t *testing.T) {
	for _, a := range actions() {
		for _, k := range a.Keys {
			if !action.Known(k) {
				t.Errorf("%s is on %q, which no terminal sends", a.ID, k)
			}
			if rule := action.Unsafe(&a, k); rule != "" && a.ID != "app.interrupt" {
				t.Errorf("%s is on %s: %s", a.ID, k, rule)
			}
		}
	}
	m := action.Keymap{}
	for _, a := range actions() {
		if a.Scope != action.Command && a.ID != "app.interrupt" && a.ID != "app.esc" {
			m[a.ID] = a.Keys
		}
	}
	for _, f := range CheckKeys(m) {
		t.Errorf("the own keys as a keymap: %s %s: %s", f.ID, f.Key, f.Msg)
	}
}

// TestKeyScopesKnowEveryScreen: a screen that keyScopes does not know would not be checked.
func TestKeyScopesKnowEveryScreen(t *testing.T) {
	known := keyScopes()
	a, err := New(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := everyScreen()
	for _, tab := range a.tabs {
		all = append(all, tab.s)
	}
	for _, s := range all {
		want := append(slices.Clone(s.Scopes()), "global")
		if !slices.ContainsFunc(known, func(k []string) bool { return slices.Equal(k, want) }) {
			t.Errorf("keyScopes lacks the screen with the scopes %q", want)
		}
	}
	for _, act := range actions() {
		if act.Scope != action.Command && !slices.ContainsFunc(known, func(k []string) bool { return slices.Contains(k, act.Scope) }) {
			t.Errorf("%s: no screen has the scope %s", act.ID, act.Scope)
		}
	}
}

// TestActingActionsSayMore: what acts has a role of its own or by its tier, never that of a viewer; what asks says what it does
// in its tip; what touches the whole engine is the admins'.
func TestActingActionsSayMore(t *testing.T) {
	admins := []string{"engine.drain", "engine.reload", "engine.pause"}
	for _, a := range actions() {
		if a.Acts() != (a.Needs() >= action.Ops) {
			t.Errorf("%s: acts %v, needs %s", a.ID, a.Acts(), a.Needs().Name())
		}
		if a.Tier >= action.Ask && a.Tip == "" {
			t.Errorf("%s asks and has no word on its consequence", a.ID)
		}
		if slices.Contains(admins, a.ID) && a.Needs() != action.Admin {
			t.Errorf("%s needs %s, want admin", a.ID, a.Needs().Name())
		}
	}
}

// TestEveryActionIsInThePalette: with all keys taken away, everything but moving is still done by name.
func TestEveryActionIsInThePalette(t *testing.T) {
	a, err := New(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, s := range everyScreen() {
		a.stack = []screen.Screen{s}
		for _, e := range a.allEntries(false) {
			if e.act != nil {
				found[e.act.ID] = true
			} else {
				found[strings.TrimSuffix(e.name, " …")] = true
			}
		}
	}
	for _, act := range actions() {
		if act.ID != "app.palette" && !found[act.ID] && !found[act.Short] {
			t.Errorf("%s is not in the palette of any screen", act.ID)
		}
	}
}

// TestViewersActNowhere: with the role view, no acting action is done by its key or its name, and each gives the reason.
func TestViewersActNowhere(t *testing.T) {
	a, err := New(t.Context(), Options{Role: "view"})
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range a.reg.All() {
		if why := a.whyNot(act); act.Acts() != strings.Contains(why, "you are view") {
			t.Errorf("%s: %q", act.ID, why)
		}
	}
}

// TestEscNeverActs: on every screen and over every overlay, Esc closes, clears or goes back; it sends no command.
func TestEscNeverActs(t *testing.T) {
	for _, a := range actions() {
		if slices.Contains(a.Keys, "esc") && a.ID != "app.esc" {
			t.Errorf("%s is on esc", a.ID)
		}
	}
	a := registry(t).ByID("app.esc")
	if a == nil || a.Acts() {
		t.Error("esc acts")
	}
}
