package ui_test

import (
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func TestPaletteGoesToAPipe(t *testing.T) {
	d := tickets(t).Press(":").Sees("─ go ─").Type("pipe vip").Sees("pipe vip-queue").Press("enter")
	d.Sees("Pipes › vip-queue · ✓ ok").Lacks("─ go ─")
}

func TestPaletteGoesToARun(t *testing.T) {
	d := tickets(t).Press("ctrl+p").Type("run 8f0582").Press("enter").Sees("escalations › 8f0582", "raise-priority")
	d.Press(":").Type("run " + strings.ToLower(uitest.RunID(2000))).Press("enter").Sees("the run cannot be read")
	tickets(t).Press(":").Type("runs of all").Press("enter").Sees("[2 Runs]")
}

func TestPaletteActsOnAPipeThatItShows(t *testing.T) {
	d := tickets(t).Press(":").Type("pause dedupe").Sees("pause dedupe").Press("enter")
	d.Did(`pause dedupe by kim reason ""`).Sees("Pipes › dedupe", "paused dedupe by kim (u undo")
	d.Press("q", ":").Type("fire sat").Press("tab").Sees(": fire satisfaction").Press("enter")
	d.Sees("Pipes › satisfaction", "fire satisfaction now?").Did(`pause dedupe by kim reason ""`)
	d.Press("y").Did(`pause dedupe by kim reason ""`, "fire satisfaction by kim")
}

func TestPaletteActsOnTheCursorWithoutLeaving(t *testing.T) {
	d := tickets(t).At("dedupe").Press(":").Type("pause").Press("enter").Sees("attention first")
	d.Did(`pause dedupe by kim reason ""`)
}

func TestPaletteFindsPipesByTheirNamesOnly(t *testing.T) {
	tickets(t).Press(":").Type("pause spam").Sees("pause spam-filter").Lacks("pause dedupe").Press("ctrl+u").Type("pause resume").Lacks("pause dedupe")
}

func TestPaletteSaysWhyNot(t *testing.T) {
	d := tickets(t).Press(":").Type("cancel dedupe").Sees("nothing runs here").Press("enter")
	d.Sees("cancel dedupe: nothing runs here, so there is nothing to cancel", "─ go ─").Did()
}

func TestPaletteSaysTheNearest(t *testing.T) {
	d := tickets(t).Press(":").Type("pase dedup").Sees("no command pase dedup; nearest: pause dedupe").Press("enter")
	d.Did().Press("esc").Lacks("─ go ─").Sees("attention first")
	tickets(t).Press(":").Type("themes").Sees("nearest: theme ")
}

func TestPaletteSets(t *testing.T) {
	d := tickets(t).Press(":").Type("theme otai-light").Press("enter")
	if got := d.App.Theme(); got != "otai-light" {
		t.Errorf("theme %q", got)
	}
	d.Press(":").Type("glyphs ascii").Press("enter").Lacks("─", "✓").Press(":").Type("glyphs uni").Press("enter").Sees("─", "✓")
}

func TestPaletteEdits(t *testing.T) {
	d := tickets(t).Press(":").Type("xq").Press("backspace").Sees(": x").Lacks(": xq").Press("ctrl+u").Type("q").Sees(": q")
	if d.Quit {
		t.Fatal("q in the palette quits")
	}
	d.Press("backspace", "backspace").Lacks("─ go ─")
	d.Resize(20, 5).Press(":").Resize(80, 24).Lacks("─ go ─").Sees("too small for the palette")
}

// TestPaletteHasEveryAction: what a key does on a screen the palette does too.
func TestPaletteHasEveryAction(t *testing.T) {
	for _, title := range []string{"fire now", "filter", "half a page down", "redraw and read the state again", "quit (twice)", "run history of this pipe"} {
		tickets(t, func(o *ui.Options) { o.Width, o.Height = 140, 40 }).Press(":").Type(title).Lacks("no command")
	}
}
