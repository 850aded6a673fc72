package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
)

// keyScopes are the scopes of each screen: on each of them a key means one thing. A new screen belongs in here.
func keyScopes() [][]string {
	all := []screen.Screen{
		screen.NewPipes(), screen.NewRuns(""), screen.NewTimeline(), screen.NewRun(orchestrator.Run{}),
		screen.NewLogs(orchestrator.LogFilter{}, ""), screen.NewEvents(), screen.NewPipe(""), screen.NewEngine(), screen.NewApprovals(),
		screen.NewReviews(), screen.NewTickets(), screen.NewTicket(orchestrator.TicketRef{}),
		screen.NewChanges(orchestrator.Run{}, ""), screen.NewQuality(),
	}
	out := make([][]string, len(all))
	for i, s := range all {
		out[i] = append(slices.Clone(s.Scopes()), "global")
	}
	return out
}

// CheckKeys finds every rule that a keymap breaks; nil = it can be used.
func CheckKeys(m action.Keymap) []action.Fault {
	reg, err := action.New(actions()...)
	if err != nil {
		return []action.Fault{{Msg: err.Error()}} // a mistake in the console itself
	}
	return reg.Check(m, keyScopes())
}

// ActionNames are the actions whose keys can be changed.
func ActionNames() []string {
	var out []string
	for _, a := range actions() {
		if a.Scope != action.Command {
			out = append(out, a.ID)
		}
	}
	return out
}

// KeyHelp is one action as "otai-tui keys" lists it.
type KeyHelp struct {
	ID      string   `json:"id"`
	Scope   string   `json:"scope"`
	Keys    []string `json:"keys"`
	Palette string   `json:"palette,omitempty"` // what to type behind ":"
	Title   string   `json:"title"`
	Tier    string   `json:"tier,omitempty"` // "undo", "asks", "dialog"; "" = it changes nothing in the engine
	Role    string   `json:"role"`           // the least role that may do it
	Changed bool     `json:"changed"`        // the keys are not the console's own
}

// KeyList lists every action with the keys that a keymap leaves it.
func KeyList(m action.Keymap) ([]KeyHelp, error) {
	reg, err := action.New(actions()...)
	if err != nil {
		return nil, fmt.Errorf("console actions: %w", err)
	}
	bound := reg.Bind(m)
	out := make([]KeyHelp, 0, len(bound.All()))
	for i, a := range bound.All() {
		out = append(out, KeyHelp{
			ID: a.ID, Scope: a.Scope, Keys: append([]string{}, a.Keys...), Palette: strings.TrimSpace(cmp.Or(a.Short, a.Title) + " " + a.Args),
			Title: a.Title, Tier: tierWords[a.Tier], Role: a.Needs().Name(), Changed: !slices.Equal(a.Keys, reg.All()[i].Keys),
		})
	}
	return out, nil
}

var tierWords = map[action.Tier]string{action.Ask: "asks", action.Undoable: "undo", action.Dialog: "dialog"}

// key is the key in force of an action, for texts that name it; its name in the palette when it has none.
func (a *App) keyOf(id string) string {
	act := a.reg.ByID(id)
	switch {
	case act == nil:
		return "?"
	case len(act.Keys) == 0:
		return ":" + cmp.Or(act.Short, act.Title)
	}
	return action.KeyName(act.Keys[0])
}
