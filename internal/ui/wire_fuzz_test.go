package ui_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// pair is a console in a terminal and one without, over equal data. What is done to one is done to the other.
type pair struct {
	t testing.TB
	s *uitest.Session
	d *uitest.Driver
	n int64
}

// wireKeys are keys by which a byte chooses: the screens, what opens on them, and what lies above them. None of them quits.
var wireKeys = []string{
	"j", "k", "down", "up", "G", "g", "ctrl+d", "ctrl+u", "enter", "1", "2", "3", "4", "5", "6", "7", "tab", "space", "L", "H", "h", "l", "[", "]",
	"i", "?", ":", "/", "P", "T", "a", "w", "-", "+", "e", "N", "x", "y", "n", "0", "*", ".",
}

// names are foreign text of every kind: wide, combining, right to left, joined, hostile.
var names = []string{
	"printer on fire", "日本語の件名 プリンタ", "e\u0301le\u0301phant", "שלום עולם", "👩‍👩‍👧 family 🏳️‍🌈", "a\x1b[2J\x1b[10;10Hb", "\u202eevil\u202c", "x\u009b31my",
	"tab\there\r\nthere", "\xff\xfe", "한국어 티켓", "ﷺ long", "zero\u200bwidth\u2060", "█▓░─│", "very " + "long long long long long long long long long long name",
}

// do does what a byte says to both, and gives false when the console has quit.
func (p *pair) do(op byte) bool {
	p.n++
	name := names[int(op)%len(names)]
	both := func(change func(f *uitest.Fake)) {
		change(p.s.Fake)
		change(p.d.Fake)
		p.d.Live()
	}
	switch {
	case op < 150:
		k := wireKeys[int(op)%len(wireKeys)]
		p.d.Press(k)
		p.s.Keys(p.t, raw(k))
	case op < 180:
		both(func(f *uitest.Fake) {
			f.Change("kb-suggest", func(r *orchestrator.Runner) { r.Reason, r.Description, r.StepsDone = name, name, int(op)%7 })
		})
	case op < 200:
		both(func(f *uitest.Fake) {
			f.Hub.Event(orchestrator.Event{ID: 7000 + p.n, At: uitest.Now, Kind: "paused", Runner: "dedupe", Text: name, By: "kim"})
		})
	case op < 225:
		both(func(f *uitest.Fake) {
			f.Hub.Log(orchestrator.LogLine{
				Run: uitest.RunID(106), Runner: "kb-suggest", Seq: 9000 + p.n, Step: "kb-suggest/write-note", Level: []string{"info", "warn", "error"}[int(op)%3],
				At: uitest.Now.Add(time.Duration(p.n) * time.Second), Msg: name,
			})
		})
	case op < 245:
		sizes := [][2]int{{80, 24}, {140, 40}, {58, 16}, {40, 10}, {200, 60}, {81, 23}, {30, 8}, {110, 32}}
		size := sizes[int(op)%len(sizes)]
		p.s.Resize(p.t, size[0], size[1])
		p.d.Resize(size[0], size[1])
	default:
		p.s.Clock.Advance(time.Second)
		p.d.Advance(time.Second)
	}
	return !p.d.Quit
}

// same waits until the terminal shows what the console without one would.
func (p *pair) same() {
	p.t.Helper()
	p.s.WaitFrame(p.t, p.d.Lines())
}

func newPair(t *testing.T, glyphs string, ssh bool) *pair {
	sized := func(o *ui.Options) { o.Glyphs, o.OverSSH, o.Detached = glyphs, ssh, true }
	p := &pair{t: t, s: uitest.Start(t, uitest.New(uitest.Promises()), sized), d: uitest.Drive(t, uitest.New(uitest.Promises()), sized)}
	p.same()
	return p
}

// FuzzTerminalShowsTheFrame: whatever keys, sizes, changes and foreign texts come, the terminal shows the frame drawn from the same state.
func FuzzTerminalShowsTheFrame(f *testing.F) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 4))
		ops := make([]byte, 30)
		for i := range ops {
			ops[i] = byte(rng.UintN(256))
		}
		f.Add(ops, seed%2 == 1)
	}
	f.Fuzz(func(t *testing.T, ops []byte, ascii bool) {
		glyphs := "unicode"
		if ascii {
			glyphs = "ascii"
		}
		p := newPair(t, glyphs, ascii)
		for i, op := range ops[:min(len(ops), 60)] {
			if !p.do(op) {
				return
			}
			t.Logf("%d: %d", i, op)
			p.same()
		}
	})
}

// TestOverlaysInTheTerminal: every overlay over every screen, at a size that changes under it.
func TestOverlaysInTheTerminal(t *testing.T) {
	for _, glyphs := range []string{"unicode", "ascii"} {
		p := newPair(t, glyphs, glyphs == "ascii")
		for _, tab := range []string{"1", "2", "4", "5", "6", "7"} {
			for _, over := range []string{"?", ":", "/"} {
				for _, k := range []string{tab, over} {
					p.d.Press(k)
					p.s.Keys(t, raw(k))
				}
				p.same()
				for _, size := range [][2]int{{58, 16}, {80, 24}} {
					p.s.Resize(t, size[0], size[1])
					p.d.Resize(size[0], size[1])
				}
				p.same()
				p.d.Press("esc")
				p.s.Keys(t, "\x1b")
				p.same() // before the next key, which would make alt of the esc
			}
		}
	}
}
