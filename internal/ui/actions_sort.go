package ui

import (
	"fmt"
	"slices"

	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// sortActions put the rows into another order, choose columns, and keep both by a name.
func sortActions() []act {
	return []act{
		{
			ID: "sort.menu", Scope: "sort", Keys: []string{"s"}, Group: "find", Foot: 3,
			Title: "sort", Short: "sort", Tip: "the same order once more turns it round", Do: (*App).openSort,
		},
		{
			ID: "sort.prev", Scope: "sort", Keys: []string{"<"}, Group: "find",
			Title: "sort by the column before", Do: func(a *App) { a.sortStep(-1) },
		},
		{
			ID: "sort.next", Scope: "sort", Keys: []string{">"}, Group: "find",
			Title: "sort by the next column", Do: func(a *App) { a.sortStep(1) },
		},
		{
			ID: "sort.columns", Scope: "sort", Keys: []string{"C"}, Group: "see",
			Title: "choose the columns", Short: "columns", Do: (*App).openColumns,
		},
		{
			ID: "view.save", Scope: "filter", Keys: []string{"S"}, Group: "find",
			Title: "save filter, order and columns as a view", Short: "save view", Tip: "the palette brings it back: view NAME",
			Do: (*App).startSaveView,
		},
	}
}

func (a *App) openSort() {
	s, ok := a.top().(screen.Sorter)
	if !ok {
		return
	}
	now, _ := s.Sorted()
	a.openMenu(&menu{
		title: "sort", foot: "enter sorts" + theme.Sep + "once more turns it round" + theme.Sep + "esc", opener: "sort.menu",
		items: (*App).sortItems, cursor: max(slices.Index(s.Sorts(), now), 0),
	})
}

func (a *App) sortItems() []menuItem {
	s, ok := a.top().(screen.Sorter)
	if !ok {
		return nil
	}
	now, reverse := s.Sorted()
	var out []menuItem
	for i, name := range s.Sorts() {
		it := menuItem{key: fmt.Sprint(i + 1), name: name, do: func(a *App) { s.SortBy(a.env(), name, name == now && !reverse) }}
		if name == now {
			it.note = map[bool]string{false: "in force", true: "in force, turned round"}[reverse]
		}
		out = append(out, it)
	}
	return out
}

// sortStep sorts by a neighbour of the order in force, round the ends.
func (a *App) sortStep(by int) {
	s, ok := a.top().(screen.Sorter)
	if !ok {
		return
	}
	all := s.Sorts()
	now, _ := s.Sorted()
	name := all[(slices.Index(all, now)+by+len(all))%len(all)]
	s.SortBy(a.env(), name, false)
	a.notes.say(a.now, theme.Muted, "sorted by "+name)
}

func (a *App) openColumns() {
	a.openMenu(&menu{
		title: "columns", foot: "enter shows or hides" + theme.Sep + "esc", opener: "sort.columns", items: (*App).columnItems, stay: true,
		empty: "this screen has no columns to choose",
	})
}

func (a *App) columnItems() []menuItem {
	s, ok := a.top().(screen.Columner)
	if !ok {
		return nil
	}
	var out []menuItem
	for i, c := range s.Columns() {
		it := menuItem{key: fmt.Sprint(i + 1), name: c.Name, note: "shown" + theme.Sep + c.What}
		if !c.Shown {
			it.note, it.role = "hidden"+theme.Sep+c.What, theme.Muted
		}
		it.do = func(a *App) { s.ShowColumn(a.env(), c.Name, !c.Shown) }
		out = append(out, it)
	}
	return out
}
