package uitest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
)

// Driver works a console without a terminal and without waiting: commands run at once, the clock moves when told.
type Driver struct {
	t    testing.TB
	App  *ui.App
	Fake *Fake
	sub  orchestrator.Subscription

	now    time.Time
	timers []timer
	w, h   int
	Quit   bool     // the console has quit
	Raw    []string // sequences sent to the terminal as they are
}

type timer struct {
	at  time.Time
	msg tea.Msg
}

// Drive starts a console over the fake at 80x24. change may change the options first.
func Drive(t testing.TB, f *Fake, change ...func(*ui.Options)) *Driver {
	t.Helper()
	d := &Driver{t: t, Fake: f, now: Now, w: 80, h: 24}
	o := ui.Options{
		Orchestrator: f, Theme: "terminal", Glyphs: "unicode", Actor: orchestrator.Actor{Name: "kim", Via: "ssh"},
		Environ: []string{"TERM=xterm-256color", "LANG=C.UTF-8"},
		Now:     func() time.Time { return d.now },
		After: func(after time.Duration, msg tea.Msg) tea.Cmd {
			d.timers = append(d.timers, timer{d.now.Add(after), msg})
			return nil
		},
	}
	for _, c := range change {
		c(&o)
	}
	if o.Width > 0 {
		d.w, d.h = o.Width, o.Height
	}
	a, err := ui.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	d.App, d.sub = a, f.Subscribe()
	t.Cleanup(d.sub.Close)
	d.do(a.Init())
	return d
}

// do runs commands and feeds what they give back into the console, until nothing is left.
func (d *Driver) do(c tea.Cmd) {
	if c == nil {
		return
	}
	switch m := c().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range m {
			d.do(c)
		}
	case tea.RawMsg:
		d.Raw = append(d.Raw, fmt.Sprint(m.Msg))
	case tea.QuitMsg:
		d.Quit = true
	default:
		d.Send(m)
	}
}

// Send gives the console a message.
func (d *Driver) Send(m tea.Msg) *Driver {
	d.do(d.App.Update(m))
	return d
}

// Press presses keys by name: "j", "G", "enter", "ctrl+d", "space".
func (d *Driver) Press(keys ...string) *Driver {
	for _, k := range keys {
		d.Send(Key(k))
	}
	return d.Live()
}

// Type presses the keys of a text.
func (d *Driver) Type(s string) *Driver {
	for _, r := range s {
		d.Send(Key(string(r)))
	}
	return d
}

// Key makes the message of a key.
func Key(name string) tea.KeyPressMsg {
	special := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight,
		"backspace": tea.KeyBackspace, "home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	}
	if name == "space" || name == " " {
		return tea.KeyPressMsg{Code: ' ', Text: " "}
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: []rune(rest)[0], Mod: tea.ModCtrl}
	}
	if c, ok := special[name]; ok {
		return tea.KeyPressMsg{Code: c}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// Live brings what was published into the console.
func (d *Driver) Live() *Driver {
	if u := d.sub.Take(); !u.Empty() {
		d.Send(ui.UpdateMsg{Update: u})
	}
	return d
}

// Advance moves the clock and lets every timer on the way fire.
func (d *Driver) Advance(by time.Duration) *Driver {
	end := d.now.Add(by)
	for {
		slices.SortStableFunc(d.timers, func(a, b timer) int { return a.at.Compare(b.at) })
		if len(d.timers) == 0 || d.timers[0].at.After(end) {
			break
		}
		t := d.timers[0]
		d.timers = d.timers[1:]
		d.now = t.at
		d.Send(t.msg)
	}
	d.now = end
	return d
}

// Resize changes the size of the window.
func (d *Driver) Resize(w, h int) *Driver {
	d.w, d.h = w, h
	return d.Send(tea.WindowSizeMsg{Width: w, Height: h})
}

// Lines is the frame as plain text.
func (d *Driver) Lines() []string { return d.App.Draw(d.w, d.h).Lines() }

// Text is the frame as one text, without blanks at the ends of lines.
func (d *Driver) Text() string {
	lines := d.Lines()
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// Roles is the role map of the frame.
func (d *Driver) Roles() string {
	lines := d.App.Draw(d.w, d.h).Roles()
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// Sees fails the test when a text is not on the screen.
func (d *Driver) Sees(texts ...string) *Driver {
	d.t.Helper()
	frame := d.Text()
	for _, s := range texts {
		if !strings.Contains(frame, s) {
			d.t.Fatalf("%q is not on the screen:\n%s", s, frame)
		}
	}
	return d
}

// Lacks fails the test when a text is on the screen.
func (d *Driver) Lacks(texts ...string) *Driver {
	d.t.Helper()
	frame := d.Text()
	for _, s := range texts {
		if strings.Contains(frame, s) {
			d.t.Fatalf("%q is on the screen:\n%s", s, frame)
		}
	}
	return d
}

// At puts the cursor of the dashboard on a pipe; it fails when the pipe is not there.
func (d *Driver) At(id string) *Driver {
	d.t.Helper()
	d.Press("g")
	for range 200 {
		if d.Cursor() == id {
			return d
		}
		d.Press("j")
	}
	d.t.Fatalf("no pipe %s:\n%s", id, d.Text())
	return d
}

// Cursor is the first word of the row with the cursor.
func (d *Driver) Cursor() string {
	for _, l := range d.Lines() {
		rest, ok := strings.CutPrefix(l, "›")
		if !ok {
			rest, ok = strings.CutPrefix(l, ">")
		}
		if ok {
			if f := strings.Fields(rest); len(f) > 1 {
				return f[1]
			}
		}
	}
	return ""
}

// Did fails the test when the commands so far are not these.
func (d *Driver) Did(calls ...string) *Driver {
	d.t.Helper()
	if got := d.Fake.Calls(); !slices.Equal(got, calls) {
		d.t.Fatalf("commands %q, want %q", got, calls)
	}
	return d
}
