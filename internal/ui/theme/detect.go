package theme

import "strings"

// Env looks a variable up in an environment list ("KEY=value"); the last one counts.
func Env(environ []string, key string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if k, v, ok := strings.Cut(environ[i], "="); ok && k == key {
			return v
		}
	}
	return ""
}

// NoColor says that the user wants no colours: NO_COLOR set to anything but the empty string.
func NoColor(environ []string) bool { return Env(environ, "NO_COLOR") != "" }

// UseASCII says that the glyphs have to be ASCII: asked for, or the locale is not UTF-8, or the terminal is one that has
// no font for them. choice is "auto", "unicode" or "ascii"; anything else counts as "auto".
func UseASCII(choice string, environ []string) bool {
	switch choice {
	case "unicode":
		return false
	case "ascii":
		return true
	}
	term := Env(environ, "TERM")
	if term == "linux" || term == "dumb" || strings.HasPrefix(term, "vt") {
		return true
	}
	locale := Env(environ, "LC_ALL")
	for _, key := range []string{"LC_CTYPE", "LANG"} {
		if locale == "" {
			locale = Env(environ, key)
		}
	}
	l := strings.ToLower(locale)
	return !strings.Contains(l, "utf-8") && !strings.Contains(l, "utf8")
}
