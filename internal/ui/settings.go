package ui

import (
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Settings are the console's part of the configuration. The zero value changes nothing.
type Settings struct {
	Keys   action.Keymap // checked by CheckKeys
	Theme  string        // used where the viewer has chosen none; "" = auto
	Glyphs string        // the same
	Env    string        // which installation this is, such as "prod", beside the engine's name; "" = nothing
	Danger bool          // the word is shown in the colour of danger
}

// takeSettings takes the console's settings: at the start, and again after each reload.
func (a *App) takeSettings() {
	if a.opts.Settings == nil {
		return
	}
	s := a.opts.Settings()
	s.Env = text.Line(s.Env, 40)
	a.settings = s
	a.reg = a.actions.Bind(s.Keys)
	if !a.choseTheme && s.Theme != "" && (a.opts.Theme == "" || a.opts.Theme == "auto") && !theme.NoColor(a.opts.Environ) {
		if t, known := theme.Named(s.Theme); known {
			a.theme, a.decided = t, true
		}
	}
	if !a.choseGlyphs && (a.opts.Glyphs == "" || a.opts.Glyphs == "auto") {
		a.ascii = theme.UseASCII(s.Glyphs, a.opts.Environ)
	}
}

// followConfig takes the settings again when another configuration is in force.
func (a *App) followConfig() {
	if h := a.data.Engine.ConfigHash; h != a.configHash {
		a.configHash = h
		a.takeSettings()
	}
}

// setTheme is the viewer's own choice; it is kept.
func (a *App) setTheme(name string) { a.theme, a.decided, a.choseTheme = themeNamed(name), true, true }

// setGlyphs is the viewer's own choice; it is kept.
func (a *App) setGlyphs(name string) { a.ascii, a.choseGlyphs = name == "ascii", true }
