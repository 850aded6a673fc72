package ui_test

import (
	"testing"

	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// TestDrawingChangesNothing: a frame drawn at another size in between leaves the next frame as it was.
func TestDrawingChangesNothing(t *testing.T) {
	for _, s := range scenes {
		d := uitest.Drive(t, uitest.New(s.data()))
		s.play(d)
		before := d.Text()
		for _, size := range sizes {
			d.App.Draw(size[0], size[1])
		}
		if d.Text() != before {
			t.Errorf("%s: drawing changed the state", s.name)
		}
	}
}

func BenchmarkDraw140x40(b *testing.B) {
	d := uitest.Drive(b, uitest.New(uitest.Tickets()), func(o *ui.Options) { o.Width, o.Height = 140, 40 })
	b.ReportAllocs()
	for b.Loop() {
		d.App.Draw(140, 40)
	}
}
