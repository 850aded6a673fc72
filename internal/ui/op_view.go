package ui

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// viewCommands bring saved views back, and forget them.
func viewCommands() []act {
	return []act{
		{
			ID: "type.view", Scope: action.Command, Group: "find", Short: "view", Args: "NAME", Title: "bring a saved view back",
			Do: typeOn("view"), Offer: viewOffers("view ", (*App).useView),
		},
		{
			ID: "type.view.forget", Scope: action.Command, Group: "find", Short: "forget view", Args: "NAME", Title: "forget a saved view",
			Do: typeOn("forget view"), Offer: viewOffers("forget view ", (*App).forgetView),
		},
	}
}

func viewOffers(verb string, do func(*App, view)) func(*App, string) []action.Offer[*App] {
	return func(a *App, rest string) []action.Offer[*App] {
		var out []action.Offer[*App]
		for _, v := range a.views {
			if hasPrefixFold(v.Name, strings.TrimSpace(rest)) {
				out = append(out, action.Offer[*App]{Line: verb + v.Name, Title: "of the " + v.Screen, Do: func(a *App) { do(a, v) }})
			}
		}
		return out
	}
}

// keeperNow is the screen on show when its setting can be saved.
func (a *App) keeperNow() screen.Keeper {
	if s, ok := a.top().(screen.Keeper); ok && s.KeepAs() != "" {
		return s
	}
	return nil
}

func (a *App) startSaveView() {
	if a.keeperNow() == nil {
		a.notes.say(a.now, theme.Muted, "the views of this screen are not kept")
		return
	}
	a.input = newInput("save view as: ", "", func(*App, string) {}, (*App).saveView)
}

// saveView saves how the screen is set, without its marks, in the place of one with the same name.
func (a *App) saveView(name string) {
	name = text.Line(strings.Join(strings.Fields(name), " "), maxViewName)
	s := a.keeperNow()
	if name == "" || s == nil {
		return
	}
	data, err := json.Marshal(s.Keep())
	if err == nil {
		data, err = withoutMarks(data)
	}
	if err != nil {
		a.notes.say(a.now, theme.Failed, theme.GlyphFailed+" save the view: "+err.Error())
		return
	}
	a.views = slices.DeleteFunc(slices.Clone(a.views), func(v view) bool { return strings.EqualFold(v.Name, name) })
	if len(a.views) >= maxViews {
		a.notes.say(a.now, theme.Late, "50 views are kept already: forget one first, :forget view NAME")
		return
	}
	a.views = append(a.views, view{Name: name, Screen: s.KeepAs(), Set: data})
	slices.SortFunc(a.views, func(x, y view) int { return strings.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)) })
	said := "saved the view " + name + theme.Sep + ":view " + name + " brings it back"
	if a.opts.Memory == nil {
		said += ", until this console ends"
	}
	a.notes.say(a.now, theme.OK, theme.GlyphOK+" "+said)
}

// withoutMarks takes the marks out: a view is for any day.
func withoutMarks(data []byte) ([]byte, error) {
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, err //nolint:wrapcheck // its own JSON
	}
	delete(m, "marks")
	return json.Marshal(m) //nolint:wrapcheck // its own JSON
}

func (a *App) useView(v view) {
	for i, t := range a.tabs {
		s, ok := t.s.(screen.Keeper)
		if !ok || s.KeepAs() != v.Screen {
			continue
		}
		a.goTab(i)
		if err := s.Restore(a.env(), v.Set); err != nil {
			a.notes.say(a.now, theme.Failed, theme.GlyphFailed+" view "+v.Name+": "+text.Line(err.Error(), 200))
			return
		}
		a.show()
		a.notes.say(a.now, theme.Muted, "view "+v.Name)
		return
	}
	a.notes.say(a.now, theme.Late, "view "+v.Name+": this console has no screen "+text.Line(v.Screen, 40))
}

func (a *App) forgetView(v view) {
	a.views = slices.DeleteFunc(slices.Clone(a.views), func(o view) bool { return o.Name == v.Name })
	a.notes.say(a.now, theme.OK, theme.GlyphOK+" forgot the view "+v.Name)
}
