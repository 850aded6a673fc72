package ui_test

import (
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// TestTimelineMovesAndScales: the window follows the clock until it is moved, and . brings it back.
func TestTimelineMovesAndScales(t *testing.T) {
	d := tickets(t).Press("3").Sees("timeline · 12:42 → 14:42", "2h · + - scale", "paused 12:02 by kim", "slots 3/8").Press("+")
	d.Sees("13:23 → 14:23", "1h ·").Press("-", "-").Sees("6h ·").Press("+")
	d.Press("<").Sees("12:14 → 14:14", ". now").Advance(10 * time.Minute).Sees("12:14 → 14:14").Press(".").Sees("12:52 → 14:52").Lacks(". now")
	d.Press(">", ">", ">", ">", ">", ">", ">").Sees("13:13 → 15:13") // no further ahead than half of it
	d.Press(".").Press("/").Type("state:paused").Press("enter").Sees("/state:paused", "‖ backlog-report").Lacks("crm-sync")
	d.Press("esc").Press("enter").Sees("Timeline › ")
}

// TestTimelineRowsAct: what acts on a pipe elsewhere acts on the row.
func TestTimelineRowsAct(t *testing.T) {
	d := tickets(t).Press("3", "j", "p")
	d.Did("pause crm-sync by kim reason \"\"").Press("g", "t").Sees("fire escalations now?").Press("n")
	d.Press("j", "j", "j").Sees("sla-watch · late", "waits for a slot")
	uitest.Drive(t, uitest.New(uitest.Fixture{})).Press("3", "-", "<", "j", "enter").Sees("no pipes")
}
