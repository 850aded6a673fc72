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
