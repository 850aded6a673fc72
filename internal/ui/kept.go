package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Memory keeps what one viewer set between visits. Its methods may wait for a disk: Load is called once before the console
// begins, the others off its event loop. keep.File is one.
type Memory interface {
	Load() ([]byte, error) // nil = nothing was kept
	Save(data []byte) error
	Aside() (where string, err error) // puts what cannot be read out of the way
}

// Bounds of what is kept, and how it is written.
const (
	keptVersion = 1
	keepWait    = 2 * time.Second // a change is written after this much time
	leaveSave   = 2 * time.Second // quitting waits for the disk no longer
	maxViews    = 50
	maxHistory  = 50
	maxStack    = 10
	maxViewName = 40
)

// kept is the file: what the viewer set, not what the engine says.
type kept struct {
	Version int                        `json:"version"`
	Theme   string                     `json:"theme,omitempty"` // "" = not chosen
	Glyphs  string                     `json:"glyphs,omitempty"`
	Tab     string                     `json:"tab,omitempty"`   // title
	Stack   []screen.Place             `json:"stack,omitempty"` // outermost first
	Screens map[string]json.RawMessage `json:"screens,omitempty"`
	Views   []view                     `json:"views,omitempty"`   // by name
	History []string                   `json:"history,omitempty"` // of the palette, newest first
}

// view is how a screen was set, saved by a name.
type view struct {
	Name   string          `json:"name"`
	Screen string          `json:"screen"`
	Set    json.RawMessage `json:"set"`
}

// parseKept reads the file. Whatever is in it, it gives an error or something that can be used.
func parseKept(data []byte) (kept, error) {
	var k kept
	if err := json.Unmarshal(data, &k); err != nil {
		return kept{}, fmt.Errorf("it is not what the console writes: %w", err)
	}
	if k.Version != keptVersion {
		return kept{}, fmt.Errorf("it is of version %d, this console knows %d", k.Version, keptVersion)
	}
	k.Views = slices.DeleteFunc(k.Views, func(v view) bool { return v.Name == "" || text.Line(v.Name, maxViewName) != v.Name || len(v.Set) == 0 })
	k.Views = k.Views[:min(len(k.Views), maxViews)]
	k.Stack = k.Stack[:min(len(k.Stack), maxStack)]
	k.History = k.History[:min(len(k.History), maxHistory)]
	for i, h := range k.History {
		k.History[i] = text.Line(h, maxInput)
	}
	return k, nil
}

// remember brings back what was kept; it is called once, before the console begins. What cannot be read is put aside.
func (a *App) remember() {
	if a.opts.Memory == nil {
		return
	}
	data, err := a.opts.Memory.Load()
	if err != nil {
		a.putAside(err)
		return
	}
	if len(data) == 0 {
		return
	}
	k, err := parseKept(data)
	if err != nil {
		a.putAside(err)
		return
	}
	a.restore(k)
	a.saved = data
}

func (a *App) putAside(err error) {
	s := "what the console kept is not used: " + text.Line(err.Error(), 200)
	if where, e := a.opts.Memory.Aside(); e == nil {
		s += "; it is now " + where
	}
	a.notes.notices([]string{text.Line(s, 400)})
}

func (a *App) restore(k kept) {
	if t, known := theme.Named(k.Theme); known && k.Theme != "" && !theme.NoColor(a.opts.Environ) && auto(a.opts.Theme) {
		a.theme, a.decided, a.choseTheme = t, true, true
	}
	if k.Glyphs != "" && auto(a.opts.Glyphs) {
		a.setGlyphs(k.Glyphs)
	}
	a.views, a.history = k.Views, k.History
	var errs []error
	for _, t := range a.tabs {
		if s, ok := t.s.(screen.Keeper); ok && k.Screens[s.KeepAs()] != nil {
			errs = append(errs, s.Restore(a.env(), k.Screens[s.KeepAs()]))
		}
	}
	if err := errors.Join(errs...); err != nil {
		a.notes.notices([]string{text.Line(err.Error(), 300)})
	}
	a.tab = max(slices.IndexFunc(a.tabs, func(t tab) bool { return t.title == k.Tab }), 0)
	for _, p := range k.Stack {
		if s := p.Open(); s != nil {
			a.stack = append(a.stack, s)
		}
	}
	a.restored = len(a.stack) > 0
	if f, ok := a.top().(screen.Filterer); ok && f.Filter() != "" {
		a.notes.say(a.now, theme.Late, "filter kept from last visit: "+f.Filter()+" ("+a.keyOf("app.esc")+" clears)")
	}
}

func auto(choice string) bool { return choice == "" || choice == "auto" }

// prune leaves kept screens of pipes that the configuration no longer has; once, when it is known what it has.
func (a *App) prune() {
	if !a.restored {
		return
	}
	a.restored = false
	for i, s := range a.stack {
		if p, _ := screen.PlaceOf(s); p.Runner != "" && a.data.Runner(p.Runner) == nil {
			a.stack = a.stack[:i]
			a.show()
			return
		}
	}
}

// toKeep is the file for how the console is set now.
func (a *App) toKeep() ([]byte, error) {
	k := kept{Version: keptVersion, Tab: a.tabs[a.tab].title, Screens: map[string]json.RawMessage{}, Views: a.views, History: a.history}
	if a.choseTheme {
		k.Theme = a.theme.Name()
	}
	if a.choseGlyphs {
		k.Glyphs = map[bool]string{false: "unicode", true: "ascii"}[a.ascii]
	}
	for _, s := range a.stack {
		if p, ok := screen.PlaceOf(s); ok && len(k.Stack) < maxStack {
			k.Stack = append(k.Stack, p)
		} else {
			break // what was opened on a screen that is not remembered is not either
		}
	}
	for _, t := range a.tabs {
		s, ok := t.s.(screen.Keeper)
		if !ok || s.KeepAs() == "" {
			continue
		}
		data, err := json.Marshal(s.Keep())
		if err != nil {
			return nil, fmt.Errorf("keep the console's state: %w", err)
		}
		k.Screens[s.KeepAs()] = data
	}
	data, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("keep the console's state: %w", err)
	}
	return append(data, '\n'), nil
}

// Messages of what is kept.
type (
	keepMsg struct{} // write it now
	keptMsg struct { // it was written
		data []byte
		err  error
	}
)

// keepSoon writes what was set after a while, unless that is going on already.
func (a *App) keepSoon() {
	if a.opts.Memory == nil || a.keeping {
		return
	}
	a.keeping = true
	a.run(a.opts.After(keepWait, keepMsg{}))
}

// keepNow writes what was set off the event loop; nil = nothing changed.
func (a *App) keepNow() tea.Cmd {
	a.keeping = false
	data, err := a.toKeep()
	if err == nil && bytes.Equal(data, a.saved) {
		return nil
	}
	m := a.opts.Memory
	return func() tea.Msg {
		if err == nil {
			err = m.Save(data)
		}
		return keptMsg{data, err}
	}
}

func (a *App) keptDone(m keptMsg) {
	if m.err == nil {
		a.saved = m.data
		return
	}
	a.notes.notices([]string{"what you set here is not kept: " + text.Line(m.err.Error(), 300)}) // shown once
}

// goodbye ends the program after what was set is written. A disk that hangs does not hold the viewer back.
func (a *App) goodbye() tea.Cmd {
	if a.opts.Memory == nil {
		return tea.Quit
	}
	save := a.keepNow()
	if save == nil {
		return tea.Quit
	}
	return func() tea.Msg {
		done := make(chan struct{})
		go func() {
			save()
			close(done)
		}()
		t := time.NewTimer(leaveSave)
		defer t.Stop()
		select {
		case <-done:
		case <-t.C:
		}
		return tea.Quit()
	}
}
