package config

import "slices"

// Console is what the console shows and which keys it takes. The zero value is the console's own.
type Console struct {
	Theme  string              // "auto", "terminal", "otai-dark", "otai-light", "mono"; "" = auto
	Glyphs string              // "auto", "unicode", "ascii"; "" = auto
	Env    string              // which installation this is, beside the engine's name; "" = nothing
	Danger bool                // that word is shown in the colour of danger
	Keys   map[string][]string // by action; an empty list takes the keys of an action away
}

// KeyRules say what may stand under console.keys. The console has them; config only knows where in the file something is.
type KeyRules struct {
	Actions []string                             // the names of actions, for the nearest one
	Check   func(map[string][]string) []KeyFault // nil = nothing is checked
}

// KeyFault is one rule of the console that console.keys breaks.
type KeyFault struct {
	Action, Key string // as the file names them; Key "" = it is about the action
	Msg, Want   string
}

func consoleKeys() []key {
	return []key{
		{"theme", "themeName", "Colours, where neither --theme nor the viewer chose others.", "auto"},
		{"glyphs", "glyphsName", "Signs, where neither --glyphs nor the viewer chose others.", "auto"},
		{"env", "consoleEnv", "Word in the header for which installation this is, such as prod.", "none"},
		{"keys", "keymap", "Keys by action, as otai-tui keys lists them; [] takes an action's keys away.", ""},
	}
}

func consoleEnvKeys() []key {
	return []key{
		{"name", "text", "The word.", "none"},
		{"danger", "bool", "Show it in the colour of danger.", "false"},
	}
}

func themeWords() []string  { return []string{"auto", "terminal", "otai-dark", "otai-light", "mono"} }
func glyphsWords() []string { return []string{"auto", "unicode", "ascii"} }

func (c *checker) readConsole(v *value) Console {
	var out Console
	o := c.object(v, "console", consoleKeys())
	if o == nil {
		return out
	}
	if w := o.get("theme"); w != nil {
		out.Theme = c.wordOf(w, themeWords(), "theme")
	}
	if w := o.get("glyphs"); w != nil {
		out.Glyphs = c.wordOf(w, glyphsWords(), "set of glyphs")
	}
	if env := o.get("env"); env != nil && env.kind == kindMap {
		e := c.object(env, "env", consoleEnvKeys())
		out.Env, _ = c.textOf(e.get("name"))
		out.Danger = c.boolOf(e.get("danger"), false)
		e.finish()
	} else {
		out.Env, _ = c.textOf(env)
	}
	out.Keys = c.readKeymap(o.get("keys"))
	o.finish()
	return out
}

// readKeymap reads the keys of actions and has the console's rules checked.
func (c *checker) readKeymap(v *value) map[string][]string {
	fields := c.mapOf(v, "keys by action, such as {pipe.fire: [t]}")
	out := map[string][]string{}
	for _, f := range fields {
		if f.val.kind == kindNull {
			c.at(f.key).expect("a key, a list of keys, or [] for none").errorf("%s says no key", f.key.text)
			continue
		}
		keys := []string{}
		for _, k := range c.textsOf(f.val) {
			keys = append(keys, k.text)
		}
		out[f.key.text] = keys
	}
	if c.opts.Keys.Check == nil || len(out) == 0 {
		return out
	}
	for _, fault := range c.opts.Keys.Check(out) {
		r := c.at(keyPlace(fields, fault)).expect("%s", fault.Want)
		if !slices.Contains(c.opts.Keys.Actions, fault.Action) {
			r = r.near(fault.Action, c.opts.Keys.Actions)
		}
		r.errorf("%s", fault.Msg)
	}
	return out
}

// keyPlace is where in the file a fault is: at its key, else at its action.
func keyPlace(fields []field, fault KeyFault) *value {
	for _, f := range fields {
		if f.key.text != fault.Action {
			continue
		}
		all := []*value{f.val}
		if f.val.kind == kindList {
			all = f.val.items
		}
		for _, k := range slices.Backward(all) { // of two alike the second one is too much
			if fault.Key != "" && k.scalar() && k.text == fault.Key {
				return k
			}
		}
		return f.key
	}
	return fields[0].key
}
