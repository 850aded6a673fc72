package ui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// maxCopy bounds what is sent to a terminal's clipboard: with base64 around it the sequence stays below 100,000 bytes, which
// is where terminals begin to drop it.
const maxCopy = 74_994

// screenChunk is the longest piece that GNU screen passes on.
const screenChunk = 768

// openCopy lists what can be copied of the thing under the cursor.
func (a *App) openCopy() {
	m := &menu{
		title: "copy" + theme.Sep + a.itemName(), foot: "enter copy" + theme.Sep + "f to a file" + theme.Sep + "esc", opener: "app.copy",
		empty: "nothing here can be copied", items: (*App).copyItems,
	}
	m.extra = map[string]func(*App, *menuItem){"f": func(a *App, it *menuItem) {
		if it != nil {
			a.menu = nil
			a.copyToFile(it.name, it.data)
		}
	}}
	a.openMenu(m)
}

func (a *App) copyItems() []menuItem {
	var out []menuItem
	add := func(name, s string) {
		if s == "" || len(out) == 9 {
			return
		}
		out = append(out, menuItem{
			key: fmt.Sprint(len(out) + 1), name: name, note: s, data: s, do: func(a *App) { a.copyText(name, s) },
		})
	}
	if s, ok := a.top().(interface{ CopyLine() string }); ok {
		add("log line", s.CopyLine())
	} else if l, ok := a.top().(interface{ LogView() *screen.LogView }); ok {
		add("log line", l.LogView().CopyLine())
	}
	t, ok := a.top().(screen.Targeter)
	if !ok {
		return out
	}
	tg, ok := t.Target(a.env())
	if !ok {
		return out
	}
	r, run := a.chosen()
	if tg.Run == nil && r != nil {
		add("name", r.ID)
		if run != nil {
			add("error", run.Error)
			add("run", run.ID)
		}
		add("command: history", a.commandLine("runs", "--runner", r.ID))
		add("command: log", a.commandLine("logs", r.ID))
		add("command: pause", a.commandLine("pause", r.ID))
		add("command: fire", a.commandLine("run-once", r.ID))
		return out
	}
	if run == nil {
		return out
	}
	add("run", run.ID)
	add("error", run.Error)
	if s, ok := a.top().(screen.Stepper); ok {
		if st := s.StepAt(); st != nil {
			add("step", st.Path)
			add("error of the step", st.Error)
		}
	}
	add("name", run.Runner)
	add("command: log", a.commandLine("logs", run.ID))
	add("command: rerun", a.commandLine("rerun", run.ID))
	if run.State.Live() {
		add("command: cancel", a.commandLine("cancel", run.ID))
	}
	return out
}

// commandLine is what does or shows the same from a shell.
func (a *App) commandLine(words ...string) string {
	all := append([]string{"otai-tui"}, words...)
	if c := a.data.Engine.Config; c != "" && !strings.HasPrefix(c, "demo") {
		all = append(all, "-c", c)
	}
	for i, w := range all {
		all[i] = shellQuoted(w)
	}
	return strings.Join(all, " ")
}

// shellQuoted puts a word into single quotes where a shell would read more than the word.
func shellQuoted(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// copyText sends a text to the terminal's clipboard. Nobody answers to that, so the message says what has to be true.
func (a *App) copyText(what, s string) {
	if why := noClipboard(a.opts.Environ, len(s)); why != "" {
		file := ""
		if a.opts.CopyDir != "" {
			file = "; f in the menu writes it to a file"
		}
		a.notes.say(a.now, theme.Late, why+file)
		return
	}
	a.run(tea.Raw(copySequence(a.opts.Environ, s)))
	a.notes.say(a.now, theme.OK, what+" sent to the terminal's clipboard"+copyCaveat(a.opts.Environ))
}

// noClipboard says why a text cannot go to the clipboard of the terminal; "" = it can.
func noClipboard(environ []string, n int) string {
	term := theme.Env(environ, "TERM")
	switch {
	case term == "" || term == "dumb" || term == "linux" || strings.HasPrefix(term, "vt"):
		return fmt.Sprintf("this terminal (%s) has no clipboard", term)
	case n > maxCopy:
		return fmt.Sprintf("%d bytes are too many for a terminal's clipboard (%d)", n, maxCopy)
	}
	return ""
}

// inside is the multiplexer that stands between the console and the terminal: "tmux", "screen", "" = none.
func inside(environ []string) string {
	term := theme.Env(environ, "TERM")
	switch {
	case theme.Env(environ, "TMUX") != "" || strings.HasPrefix(term, "tmux"):
		return "tmux"
	case theme.Env(environ, "STY") != "" || strings.HasPrefix(term, "screen"):
		return "screen"
	}
	return ""
}

// copySequence is OSC 52, in a way that the multiplexer in between understands. tmux gets it twice: as its own, which
// set-clipboard on takes, and passed through, which allow-passthrough on takes.
func copySequence(environ []string, s string) string {
	seq := ansi.SetSystemClipboard(s)
	switch inside(environ) {
	case "tmux":
		return seq + ansi.TmuxPassthrough(seq)
	case "screen":
		return ansi.ScreenPassthrough(seq, screenChunk)
	}
	return seq
}

// copyCaveat says what has to be true for the text to arrive.
func copyCaveat(environ []string) string {
	switch inside(environ) {
	case "tmux":
		return "; tmux needs set-clipboard on"
	case "screen":
		return "; screen passes it on, the terminal has to allow it"
	}
	return "; the terminal has to allow it (OSC 52)"
}

// copyToFile writes a text into a new file of the viewer's directory and says where.
func (a *App) copyToFile(what, s string) {
	dir := a.opts.CopyDir
	if dir == "" {
		a.notes.say(a.now, theme.Late, "this console writes no files")
		return
	}
	name := "copy-" + a.now.UTC().Format("20060102-150405") + "-*.txt"
	a.off(func(context.Context) tea.Msg {
		path, err := writeCopy(dir, name, s)
		return doneMsg{said: what + " written to " + path, what: "copy to a file", err: err}
	})
}

func writeCopy(dir, pattern, s string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the directory for copies: %w", err)
	}
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return "", fmt.Errorf("write a copy: %w", err)
	}
	_, err = f.WriteString(s + "\n")
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return "", fmt.Errorf("write a copy to %s: %w", f.Name(), err)
	}
	return filepath.Clean(f.Name()), nil
}
