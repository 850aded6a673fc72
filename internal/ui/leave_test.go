package ui_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// TestLeftOnSeesModes: the check of the tests below can turn red.
func TestLeftOnSeesModes(t *testing.T) {
	for raw, want := range map[string][]string{
		"":                                  nil,
		"\x1b[?1049h\x1b[?25l":              {"mode 1049", "mode 25"},
		"\x1b[?1049h\x1b[?25lx\x1b[?25h":    {"mode 1049"},
		"\x1b[>1u\x1b[>1u\x1b[<1u":          {"keyboard stack 1 deep"},
		"\x1b[>4;2mx\x1b[>4m":               nil,
		"\x1b[>4;2mx":                       {"modified keys"},
		"\x1b[?1002;1006h\x1b[?1006l\x1b=":  {"keypad", "mode 1002"},
		"\x1b[?2026h\x1b[?2026l\x1b[?2004h": {"mode 2004"},
	} {
		if got := uitest.LeftOn(raw); !slices.Equal(got, want) {
			t.Errorf("%q leaves %v, want %v", raw, got, want)
		}
	}
}

// TestTerminalIsLeftAsItWas: after a quit, the end of the context and panics that do not end, every mode is taken back.
func TestTerminalIsLeftAsItWas(t *testing.T) {
	var sick atomic.Bool
	for name, c := range map[string]struct {
		end func(s *uitest.Session)
		err error
	}{
		"context": {end: (*uitest.Session).Stop},
		"key":     {end: func(s *uitest.Session) { s.Keys(t, "QQ") }},
		"panic": {end: func(s *uitest.Session) {
			sick.Store(true)
			s.Keys(t, strings.Repeat("j", 40))
		}, err: ui.ErrPanicked},
	} {
		t.Run(name, func(t *testing.T) {
			sick.Store(false)
			f := uitest.New(uitest.Tickets())
			s := uitest.Start(t, f, func(o *ui.Options) {
				now := o.Now
				o.Now = func() time.Time {
					if sick.Load() {
						panic("sick on purpose")
					}
					return now()
				}
				o.Environ = append(o.Environ, "TERM=xterm-kitty", "COLORTERM=truecolor")
			})
			s.WaitText(t, "18 pipes")
			if len(uitest.LeftOn(s.Raw())) < 3 {
				t.Fatalf("the console turns on %v only", uitest.LeftOn(s.Raw()))
			}
			c.end(s)
			if err := s.WaitEnd(t); !errors.Is(err, c.err) {
				t.Fatalf("Run gave %v, want %v", err, c.err)
			}
			if left := uitest.LeftOn(s.Raw()); len(left) > 0 {
				t.Errorf("left on: %v", left)
			}
			if n := f.Hub.Viewers(); n != 0 {
				t.Errorf("%d viewers are left on the engine", n)
			}
		})
	}
}

// shaky is an orchestrator that panics where it is told.
type shaky struct {
	*uitest.Fake
	on atomic.Bool
}

func (s *shaky) Runs(ctx context.Context, f orchestrator.RunFilter) ([]orchestrator.Run, error) {
	if s.on.Load() {
		panic("runs are sick")
	}
	return s.Fake.Runs(ctx, f)
}

// TestAPanicIsSurvived: one in a question, in a message or in a drawing is told, and the console goes on.
func TestAPanicIsSurvived(t *testing.T) {
	fake := &shaky{Fake: uitest.New(uitest.Tickets())}
	var noted atomic.Int64
	var sick atomic.Bool
	s := uitest.Start(t, fake.Fake, func(o *ui.Options) {
		o.Orchestrator = fake
		o.OnPanic = func(_ string, _ any, stack []byte) {
			if strings.Contains(string(stack), "goroutine") {
				noted.Add(1)
			}
		}
		now, after := o.Now, o.After
		o.Now = func() time.Time {
			if sick.CompareAndSwap(true, false) {
				panic("the clock is sick")
			}
			return now()
		}
		o.After = func(d time.Duration, m tea.Msg) tea.Cmd { return after(d, m) }
	})
	s.WaitText(t, "18 pipes")
	fake.on.Store(true)
	s.Keys(t, "2")
	s.WaitText(t, "an error of the console itself")
	fake.on.Store(false)
	s.Keys(t, "1")
	s.WaitText(t, "attention first")
	sick.Store(true)
	s.Clock.Advance(time.Second) // the tick itself panics; the next one must come
	s.WaitText(t, "not concerned: the clock is")
	s.Clock.Advance(10 * time.Second)
	s.WaitText(t, "14:02:42Z")
	if n := noted.Load(); n != 2 {
		t.Errorf("%d panics were reported, want 2", n)
	}
}
