package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// bulk is what an action does to many marked rows.
type bulk struct {
	verb string // "fire"
	past string // "fired"
	end  string // what is true of all of them, in the dialog
	kind string // "pipe" or "run"
	one  func(a *App, t screen.Target) bulkItem
}

// bulkItem is one row and what would become of it.
type bulkItem struct {
	id   string // of the mark
	name string
	mark screen.Mark
	says string // the consequence
	why  string // why it cannot be done; "" = it can
	key  string // changes when the user should look again
	do   func(context.Context) error
	undo func(context.Context) error
}

// bulkMsg is what became of each row.
type bulkMsg struct {
	form *form
	b    bulk
	done []bulkItem
	errs []error // of done, nil = it worked
}

// marked are the rows that the user marked; nil = none are, or an action works on something else.
func (a *App) marked() []screen.Target {
	if m, ok := a.top().(screen.Marker); ok && a.aim == nil {
		return m.Marked(a.env())
	}
	return nil
}

// bulkIDs are the actions that work on many rows. The others say that they work on one.
var bulkIDs = [...]string{"pipe.fire", "pipe.pause", "run.retry", "run.cancel", "answer.give"}

// whyOne says that an action works on one row only while several are marked.
func (a *App) whyOne(act *act) string {
	if act.Acts() && act.Scope == "item" && !slices.Contains(bulkIDs[:], act.ID) && len(a.marked()) > 0 {
		return "works on one row: " + a.keyOf("marks.clear") + " takes the marks away first"
	}
	return ""
}

// bulkItems are the marked rows with what would become of them. Runs of one pipe count once for what acts on pipes.
func (a *App) bulkItems(b bulk) (items []bulkItem, can int) {
	seen := map[string]bool{}
	for _, t := range a.marked() {
		if b.kind == "pipe" {
			if seen[t.Runner] {
				continue
			}
			seen[t.Runner] = true
		}
		aimed := a.aimed(&t)
		it := b.one(aimed, t)
		it.id = t.Runner
		if t.Run != nil {
			it.id = t.Run.ID
		}
		if it.why == "" {
			can++
		}
		items = append(items, it)
	}
	return items, can
}

// whyBulk says why nothing of what is marked can be done.
func (a *App) whyBulk(b bulk) string {
	items, can := a.bulkItems(b)
	if can == 0 && len(items) > 0 {
		return items[0].name + ": " + items[0].why
	}
	return ""
}

// openBulk lists the marked rows with the consequence for each, and asks for the phrase.
func (a *App) openBulk(b bulk) {
	f := &form{title: b.verb + theme.Sep + plural(len(a.marked()), "marked row"), verb: b.verb}
	f.facts = func(a *App, _ *form) facts { return a.bulkFacts(b) }
	f.phrase = func(a *App, f *form) string {
		_, can := a.bulkItems(b)
		f.verb = fmt.Sprintf("%s %d", b.verb, can)
		return f.verb
	}
	f.submit = func(a *App, f *form) { a.submitBulk(f, b) }
	a.openForm(f)
}

func (a *App) bulkFacts(b bulk) facts {
	items, can := a.bulkItems(b)
	if can == 0 {
		return facts{why: cmp.Or(a.whyBulk(b), "no row is marked any more")}
	}
	var out facts
	room, nameW := max(a.h-15, 2), 0
	for _, it := range items {
		nameW = min(max(nameW, text.Width(it.name)), 28)
	}
	slices.SortStableFunc(items, func(x, y bulkItem) int { return strings.Compare(leftOut(x), leftOut(y)) })
	for i, it := range items {
		out.stamp += it.key + it.why + ";"
		if i == room && len(items) > room+1 {
			out.rows = append(out.rows, fact{theme.Muted, fmt.Sprintf("  and %d more", len(items)-i)})
		}
		if i >= room && len(items) > room+1 {
			continue
		}
		name := text.Truncate(it.name, nameW, theme.Ellipsis)
		name += strings.Repeat(" ", nameW-text.Width(name))
		if it.why != "" {
			out.rows = append(out.rows, fact{theme.Faint, theme.GlyphSkipped + " " + name + "  left out: " + it.why})
			continue
		}
		out.rows = append(out.rows, fact{it.mark.Role, it.mark.Glyph + " " + name + "  " + it.says})
	}
	out.rows = append(out.rows, fact{})
	out.lines = append(out.lines, fact{theme.Plain, b.end}, fact{theme.Muted, a.recorded()})
	return out
}

// leftOut sorts what cannot be done behind the rest.
func leftOut(it bulkItem) string {
	if it.why != "" {
		return "1"
	}
	return "0"
}

// submitBulk does one after the other; what fails does not stop the rest.
func (a *App) submitBulk(f *form, b bulk) {
	items, _ := a.bulkItems(b)
	items = slices.DeleteFunc(items, func(it bulkItem) bool { return it.why != "" })
	f.busy, f.note = true, ""
	a.off(func(ctx context.Context) tea.Msg {
		m := bulkMsg{form: f, b: b, done: items, errs: make([]error, len(items))}
		for i := range items {
			m.errs[i] = items[i].do(ctx)
		}
		return m
	})
}

// bulkDone tells what became of each row. Those that failed stay marked.
func (a *App) bulkDone(m bulkMsg) {
	if a.form == m.form {
		a.form = nil
	}
	a.reread()
	var undos []func(context.Context) error
	n, first := 0, ""
	for i, it := range m.done {
		if err := m.errs[i]; err != nil {
			s := it.name + ": " + text.Line(err.Error(), 300)
			a.failed(m.b.verb + " " + s)
			first = cmp.Or(first, s)
			continue
		}
		n++
		if it.undo != nil {
			undos = append(undos, it.undo)
		}
		for _, s := range a.screens() {
			if mk, ok := s.(screen.Marker); ok {
				mk.Unmark(it.id)
			}
		}
	}
	said := fmt.Sprintf("%s %s", m.b.past, plural(n, m.b.kind))
	switch bad := len(m.done) - n; {
	case bad > 0:
		said = fmt.Sprintf("%s %d of %d; %s", m.b.past, n, len(m.done), first)
		if bad > 1 {
			said += fmt.Sprintf("; %d more failed: %s tells", bad-1, a.keyOf("app.log"))
		}
		a.notes.say(a.now, theme.Late, theme.GlyphFailed+" "+said)
	case len(undos) > 0:
		a.notes.sayUndo(a.now, theme.GlyphOK+" "+said, &undo{what: m.b.verb + " of " + plural(n, m.b.kind), do: func(ctx context.Context) error {
			var errs []error
			for _, u := range undos {
				errs = append(errs, u(ctx))
			}
			return errors.Join(errs...)
		}})
	default:
		a.notes.say(a.now, theme.OK, theme.GlyphOK+" "+said)
	}
}

// screens are all that are open.
func (a *App) screens() []screen.Screen {
	out := slices.Clone(a.stack)
	for _, t := range a.tabs {
		out = append(out, t.s)
	}
	return out
}
