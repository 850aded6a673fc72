package screen

import (
	"testing"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// TestEveryStateIsToldWithoutColour: each state has a word of its own, a glyph that is one column wide in ASCII too, and states that an
// operator must not mistake for each other differ in the glyph as well.
func TestEveryStateIsToldWithoutColour(t *testing.T) {
	states := []orchestrator.State{
		orchestrator.Scheduled, orchestrator.Late, orchestrator.Pending, orchestrator.Running, orchestrator.AwaitingRetry, orchestrator.Paused,
		orchestrator.Cancelling, orchestrator.Completed, orchestrator.Failed, orchestrator.Crashed, orchestrator.Cancelled, orchestrator.Skipped,
		orchestrator.Missed, orchestrator.Dropped, orchestrator.Interrupted, orchestrator.Disabled,
	}
	words, glyphs := map[string]orchestrator.State{}, map[orchestrator.State]rune{}
	for _, s := range states {
		m := StateMark(s)
		if m.Word == "" || m.Glyph == "" {
			t.Errorf("%s has no word or no glyph", s)
			continue
		}
		if o, taken := words[m.Word]; taken {
			t.Errorf("%s and %s are both %q", o, s, m.Word)
		}
		words[m.Word] = s
		glyphs[s] = theme.ASCII([]rune(m.Glyph)[0])
	}
	apart := []orchestrator.State{
		orchestrator.Running, orchestrator.AwaitingRetry, orchestrator.Late, orchestrator.Paused, orchestrator.Completed, orchestrator.Failed,
	}
	for i, a := range apart {
		for _, b := range apart[i+1:] {
			if glyphs[a] == glyphs[b] {
				t.Errorf("%s and %s are both %c in ASCII", a, b, glyphs[a])
			}
		}
	}
}
