package ui

import (
	"cmp"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// openActions lists everything that can be done here, with keys; what cannot be done now says why.
func (a *App) openActions() {
	a.openMenu(&menu{
		title: "actions" + theme.Sep + a.itemName(), foot: "enter or the key does it" + theme.Sep + "esc", opener: "app.actions",
		items: (*App).actionItems,
	})
}

// actionItems are the actions of the screen: what acts first, moving left out.
func (a *App) actionItems() []menuItem {
	var out []menuItem
	all := a.reg.In(a.top().Scopes())
	for _, g := range []string{"act", "see", "find", "app"} {
		for _, act := range all {
			if act.Group != g || act.Scope == "list" {
				continue
			}
			name, by := cmp.Or(a.label(act), act.Title), ":"+act.Short
			it := menuItem{name: name, note: act.Title, why: a.whyNot(act), do: func(a *App) { a.perform(act, by) }}
			if act.Tip != "" && strings.Contains(act.Title, name) {
				it.note = act.Tip
			}
			if len(act.Keys) > 0 {
				it.key = act.Keys[0]
			}
			out = append(out, it)
		}
	}
	return slices.Clip(out)
}

// itemName is what the keys of a pipe or run would act on.
func (a *App) itemName() string {
	if n := len(a.marked()); n > 0 {
		return plural(n, "marked row")
	}
	t, ok := a.top().(screen.Targeter)
	if !ok {
		return a.tabTitle()
	}
	switch tg, ok := t.Target(a.env()); {
	case !ok:
		return a.tabTitle()
	case tg.Run != nil:
		return tg.Runner + theme.Sep + "run " + screen.ShortID(tg.Run.ID)
	default:
		return cmp.Or(tg.Runner, a.tabTitle())
	}
}

// menuActions open the menus.
func menuActions() []act {
	return []act{
		{
			ID: "app.actions", Scope: "global", Keys: []string{"a"}, Group: "app",
			Title: "menu of everything that can be done here", Short: "actions", Foot: 3, Do: (*App).openActions,
		},
		{
			ID: "app.copy", Scope: "global", Keys: []string{"y"}, Group: "app",
			Title: "copy: name, number, error, command line", Tip: "to the terminal's clipboard, or to a file", Do: (*App).openCopy,
		},
		{
			ID: "app.log", Scope: "global", Keys: []string{"@"}, Group: "app",
			Title: "who did what: the latest actions from everywhere", Tip: "and what failed here", Do: (*App).openLog,
		},
	}
}
