package ui

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// maxEntries bounds what the palette lists.
const maxEntries = 50

// palette is the overlay that goes to pipes and runs, acts, and sets. It lists the actions of the screen, those of every
// pipe by name, and the commands without keys.
type palette struct {
	query  string
	cursor int
	past   int // how far back in what was done before; 0 = it is typed
}

// entry is one thing the palette offers.
type entry struct {
	name   string // what is typed for it: "pause crm-sync"
	title  string
	act    *act           // nil = do
	target *screen.Target // what act works on; nil = what is under the cursor
	do     func(*App)

	again bool   // a line that was done before
	typed bool   // made of what was typed: it is found as it is
	noKey bool   // the key of act does not work here
	args  string // what has to be typed behind the name; "" = nothing
	acts  bool   // do changes something in the engine
	off   string // why do cannot be done; "" = it can
}

// commands are the actions that have no key.
func commands() []act {
	var out []act
	for _, name := range theme.Names {
		out = append(out, act{
			ID: "set.theme." + name, Scope: action.Command, Group: "app", Short: "theme " + name, Title: "use the theme " + name,
			Do: func(a *App) { a.setTheme(name) },
		})
	}
	for _, name := range []string{"unicode", "ascii"} {
		out = append(out, act{
			ID: "set.glyphs." + name, Scope: action.Command, Group: "app", Short: "glyphs " + name, Title: "draw with " + name + " glyphs",
			Do: func(a *App) { a.setGlyphs(name) },
		})
	}
	return out
}

// entries lists what the query finds, the best first.
func (a *App) entries(query string) []entry {
	words := strings.Fields(strings.ToLower(query))
	all := a.allEntries(len(words) > 1)
	if run := a.runEntry(strings.Fields(query)); run != nil {
		all = append(all, *run)
	}
	out := slices.DeleteFunc(all, func(e entry) bool { return !e.found(words) })
	if len(words) == 0 {
		out = append(a.recent(), out...)
	}
	out = append(out, a.typedEntries(query)...)
	slices.SortStableFunc(out, func(x, y entry) int { return cmp.Compare(x.rank(query), y.rank(query)) })
	return out[:min(len(out), maxEntries)]
}

// allEntries are the actions of the screen, the commands, and the pipes; with verbs, also what can be done to each pipe.
func (a *App) allEntries(verbs bool) []entry {
	var all []entry
	for _, act := range a.reg.Named(a.scopes()) {
		if act.ID == "app.palette" {
			continue
		}
		if act.Offer != nil {
			all = append(all, entry{name: act.Short + " " + theme.Ellipsis, title: act.Title, do: typeOn(act.Short), args: act.Args})
			continue
		}
		name := act.Short
		if act.Label != nil {
			name = act.Label(a)
		}
		all = append(all, entry{
			name: cmp.Or(name, act.Title), title: act.Title, act: act, noKey: act.Wide && !slices.Contains(a.scopes(), act.Scope),
		})
	}
	for i := range a.data.Runners {
		all = append(all, a.pipeEntries(a.data.Runners[i].ID, verbs)...)
	}
	return all
}

// pipeEntries go to a pipe; with verbs, they also act on it.
func (a *App) pipeEntries(id string, verbs bool) []entry {
	t := &screen.Target{Runner: id}
	out := []entry{{name: "pipe " + id, title: "go to this pipe", do: func(a *App) { a.open(screen.NewPipe(id)) }}}
	if !verbs {
		return out
	}
	aimed := a.aimed(t)
	for _, act := range a.reg.In([]string{"item"}) {
		name := act.Short
		if act.Label != nil {
			name = act.Label(aimed)
		}
		if name == "" {
			continue // a typed action does it by name
		}
		out = append(out, entry{name: name + " " + id, title: act.Title, act: act, target: t})
	}
	return out
}

// runEntry goes to a run by its number, or by the end of its id as the screens show it.
func (a *App) runEntry(words []string) *entry {
	if len(words) != 2 || !strings.EqualFold(words[0], "run") {
		return nil
	}
	run := a.runNamed(words[1])
	return &entry{name: "run " + words[1], title: "go to this run", do: func(a *App) { a.open(screen.NewRun(run)) }}
}

// aimed is a copy of the console whose actions work on a target: to ask them, not to do them.
func (a *App) aimed(t *screen.Target) *App {
	if t == nil {
		return a
	}
	b := *a
	b.aim = t
	return &b
}

// found says that every word is somewhere in the entry; of what acts on a named pipe only the name counts, so that a
// pipe is not found by the words of the action.
func (e *entry) found(words []string) bool {
	s := strings.ToLower(e.name)
	if e.target == nil {
		s += " " + strings.ToLower(e.title)
	}
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// rank orders entries: what begins with the query, what has its words at the beginning of words, the rest.
func (e *entry) rank(query string) int {
	q := strings.ToLower(strings.TrimSpace(query))
	switch name := strings.ToLower(e.name); {
	case name == q || e.typed && e.off == "":
		return 0
	case strings.HasPrefix(name, q):
		return 1
	case strings.Contains(" "+name, " "+q):
		return 2
	case strings.Contains(name, q):
		return 3
	default:
		return 4
	}
}

// why says why the entry cannot be done now; "" = it can.
func (a *App) why(e *entry) string {
	if e.act == nil {
		return e.off
	}
	return a.aimed(e.target).whyNot(e.act)
}

// nearest is the name that looks, or begins, most like what was typed.
func (a *App) nearest(query string) string {
	best, dist := "", 1<<30
	query = strings.ToLower(query)
	verbs := len(strings.Fields(query)) > 1
	all := a.allEntries(verbs)
	for _, act := range a.reg.Named(a.scopes()) {
		if act.Offer == nil || !verbs {
			continue
		}
		for _, o := range act.Offer(a, "") {
			all = append(all, entry{name: o.Line})
		}
	}
	for _, e := range all {
		name := strings.TrimSuffix(strings.ToLower(e.name), " "+theme.Ellipsis)
		begin := string([]rune(name)[:min(utf8.RuneCountInString(query), utf8.RuneCountInString(name))])
		if d := min(distance(query, name), 1+distance(query, begin)); d < dist {
			best, dist = strings.TrimSuffix(e.name, " "+theme.Ellipsis), d
		}
	}
	return best
}

// distance is how many letters have to be put in, taken out or changed to make b of a.
func distance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	row := make([]int, len(rb)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range ra {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range rb {
			d := diagonal
			if x != y {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(rb)]
}

func (a *App) openPalette() {
	if a.frame(a.w, a.h).mini {
		a.notes.say(a.now, theme.Late, "the window is too small for the palette: at least 40x10")
		return
	}
	a.palette = &palette{}
}

func (a *App) paletteKey(key, txt string) {
	p := a.palette
	switch key {
	case "esc":
		a.palette = nil
	case "enter":
		a.runEntryAt()
	case "down", "ctrl+n":
		if p.past > 0 && p.cursor == 0 {
			a.recall(-1)
			return
		}
		p.cursor = min(p.cursor+1, max(len(a.entries(p.query))-1, 0))
	case "up", "ctrl+p":
		if p.cursor == 0 && (p.query == "" || p.past > 0) {
			a.recall(1)
			return
		}
		p.cursor = max(p.cursor-1, 0)
	case "tab":
		if es := a.entries(p.query); p.cursor < len(es) {
			p.query, p.cursor = strings.TrimSuffix(es[p.cursor].name, theme.Ellipsis), 0
		}
	case "ctrl+u":
		p.query, p.cursor = "", 0
	case "backspace", "ctrl+h":
		if p.query == "" {
			a.palette = nil
			return
		}
		_, n := utf8.DecodeLastRuneInString(p.query)
		p.query, p.cursor = p.query[:len(p.query)-n], 0
	default:
		p.typed(txt)
	}
}

func (p *palette) typed(s string) {
	if s != "" && len(p.query)+len(s) <= maxInput {
		p.query, p.cursor, p.past = p.query+s, 0, 0
	}
}

// runEntryAt does what the cursor is on. An action of another pipe goes to that pipe first, so that the user sees what it
// acts on.
func (a *App) runEntryAt() {
	p := a.palette
	es := a.entries(p.query)
	if p.cursor >= len(es) {
		a.notes.say(a.now, theme.Late, "no command "+p.query+"; nearest: "+a.nearest(p.query))
		return
	}
	e := es[p.cursor]
	if why := a.why(&e); why != "" {
		a.notes.say(a.now, theme.Muted, e.name+": "+why)
		return
	}
	a.palette = nil
	if !e.again {
		a.remembered(e.name)
	}
	if e.do != nil {
		if e.acts && a.tooSmall() {
			return
		}
		e.do(a)
		return
	}
	if e.target != nil {
		if r, _ := a.chosen(); r == nil || r.ID != e.target.Runner || !a.whole() {
			a.open(screen.NewPipe(e.target.Runner))
		}
	}
	a.perform(e.act, ":"+e.name)
}

// whole says that the cursor is on a pipe as a whole, not on one of its runs.
func (a *App) whole() bool {
	t, ok := a.top().(screen.Targeter)
	if !ok {
		return false
	}
	tg, ok := t.Target(a.env())
	return ok && tg.Run == nil
}

// keyOf is the key that does the same; "" = none.
func (e *entry) keyOf() string {
	if e.act == nil || e.noKey || len(e.act.Keys) == 0 {
		return ""
	}
	return text.Truncate(action.KeyName(e.act.Keys[0]), 10, theme.Ellipsis)
}
