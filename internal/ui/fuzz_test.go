package ui

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/action"
)

// FuzzPalette: whatever is typed, the palette lists safe lines, keeps its bounds and does nothing by itself.
func FuzzPalette(f *testing.F) {
	for _, s := range []string{"", "pause tag x 1h \"a b\"", "fire x name=\"", "run 1", "view ", "rerun x from ", "backfill x 2026-13-01", "\x1b[2J", "🎫"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		a, err := New(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		a.data.SetSnapshot(orchestrator.Snapshot{Runners: []orchestrator.Runner{{ID: "x", Tags: []string{"x"}}, {ID: "crm-sync"}}})
		a.views = []view{{Name: "x", Screen: "pipes", Set: json.RawMessage("{}")}}
		a.openPalette()
		for _, r := range line {
			a.paletteKey("", string(r))
		}
		if a.palette == nil || len(a.palette.query) > maxInput {
			t.Fatalf("the palette after %q: %v", line, a.palette)
		}
		if n := len(a.entries(a.palette.query)); n > maxEntries {
			t.Errorf("%d entries", n)
		}
		_ = a.nearest(a.palette.query)
		for _, l := range a.Draw(80, 24).Lines() {
			if strings.ContainsAny(l, "\x1b\r\n\x00") {
				t.Errorf("a line of the frame is not safe: %q", l)
			}
		}
		for _, k := range []string{"tab", "up", "down", "enter", "backspace", "esc"} {
			if a.palette != nil {
				a.paletteKey(k, "")
			}
		}
	})
}

// FuzzKept: whatever the file holds, the console starts, draws, and what it writes then can be read again.
func FuzzKept(f *testing.F) {
	f.Add([]byte(`{"version":1,"tab":"Runs","stack":[{"kind":"pipe","runner":"x"}],"screens":{"pipes":{"filter":"!a","sort":"ok","hide":["ok"],"marks":["x"]}}}`))
	f.Add([]byte(`{"version":1,"views":[{"name":"a","screen":"runs","set":{"idle":true}}],"history":["fire x"],"theme":"mono","glyphs":"ascii"}`))
	f.Add([]byte(`{"version":1,"screens":{"pipes":[],"logs":{"level":"x"},"events":null}}`))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &memory{data: data}
		a, err := New(t.Context(), Options{Memory: m})
		if err != nil {
			t.Fatal(err)
		}
		a.data.SetSnapshot(orchestrator.Snapshot{Runners: []orchestrator.Runner{{ID: "x"}}})
		a.prune()
		a.show()
		for _, l := range a.Draw(80, 24).Lines() {
			if strings.ContainsAny(l, "\x1b\r\n\x00") {
				t.Errorf("a line of the frame is not safe: %q", l)
			}
		}
		out, err := a.toKeep()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseKept(out); err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out)
		}
	})
}

type memory struct{ data []byte }

func (m *memory) Load() ([]byte, error)  { return m.data, nil }
func (m *memory) Save(b []byte) error    { m.data = b; return nil }
func (m *memory) Aside() (string, error) { return "aside", nil }

// FuzzKeymap: whatever a configuration says of keys, checking and binding it never fails, and a keymap without faults leaves
// each key with one meaning on each screen.
func FuzzKeymap(f *testing.F) {
	f.Add("pipe.fire", "z", "app.help", "f1")
	f.Add("pipe.fire", "ctrl+x", "run.retry", "t")
	f.Add("app.palette", "", "x", "\x00")
	f.Add("marks.toggle", "space", "list.down", "space")
	f.Fuzz(func(t *testing.T, id1, key1, id2, key2 string) {
		reg, err := action.New(actions()...)
		if err != nil {
			t.Fatal(err)
		}
		m := action.Keymap{id1: {key1}, id2: strings.Fields(key2)}
		faults := reg.Check(m, keyScopes())
		bound := reg.Bind(m)
		for _, fault := range faults {
			if fault.Msg == "" || fault.Want == "" {
				t.Errorf("a fault without words: %+v", fault)
			}
		}
		if len(faults) > 0 {
			return
		}
		for _, scopes := range keyScopes() {
			seen := map[string]string{}
			for _, a := range bound.In(scopes) {
				for _, k := range a.Keys {
					if o := seen[k]; o != "" && o != a.ID {
						t.Errorf("%q means %s and %s in %s", k, o, a.ID, scopes[0])
					}
					seen[k] = a.ID
					if found := bound.Find(scopes, k); found != nil && found.ID != a.ID && !slices.Contains(found.Keys, k) {
						t.Errorf("%q finds %s", k, found.ID)
					}
				}
			}
		}
	})
}
