package screen

import (
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// drawUnread draws why there is nothing to show yet, from row y on and in at most so many rows: that something could not be read, or
// that it is being read. It gives false when it was read.
func drawUnread(c part.Canvas, y, rows int, what, err string, loaded bool) bool {
	switch {
	case err != "":
		for i, s := range part.Wrap(what+" cannot be read: "+err, c.W-2, rows) {
			c.Put(1, y+i, theme.Failed, s)
		}
	case !loaded:
		c.Text(1, y, c.W-2, theme.Muted, "reading"+theme.Ellipsis)
	default:
		return false
	}
	return true
}
