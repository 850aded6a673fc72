package ui

import (
	"context"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// How long things stay on the line above the footer.
const (
	toastTime  = 6 * time.Second
	undoTime   = 10 * time.Second
	noticeTime = 8 * time.Second
)

// notes is the line above the footer: the latest message, what can be undone, and the engine's notices, each shown once.
type notes struct {
	text  string
	role  theme.Role
	until time.Time
	undo  *undo
	taken string // the message that undo takes back

	queue []string // notices that wait
	seen  []string
	calm  string // the notice on show
	calmU time.Time
}

// undo takes back the latest reversible action.
type undo struct {
	what  string // "pause of crm-sync"
	until time.Time
	do    func(context.Context) error
	here  func(*App) // in place of do, for what only this console knows of: it is done at once, and says so itself
}

// say shows a message for a while.
func (n *notes) say(now time.Time, role theme.Role, s string) {
	n.text, n.role, n.until = s, role, now.Add(toastTime)
}

// sayUndo shows a message that can be taken back for a while.
func (n *notes) sayUndo(now time.Time, s string, u *undo) {
	u.until = now.Add(undoTime)
	n.say(now, theme.OK, s)
	n.until, n.undo, n.taken = u.until, u, s
}

// notices queues those that were not shown before.
func (n *notes) notices(all []string) {
	for _, s := range all {
		if s != "" && !slices.Contains(n.seen, s) {
			n.seen = append(n.seen, s)
			n.queue = append(n.queue, s)
		}
	}
}

// settle drops what is over and brings up the next notice.
func (n *notes) settle(now time.Time) {
	if n.text != "" && !now.Before(n.until) {
		n.text = ""
	}
	if n.undo != nil && !now.Before(n.undo.until) {
		n.undo = nil
	}
	if n.calm != "" && !now.Before(n.calmU) {
		n.calm = ""
	}
	if n.calm == "" && n.text == "" && len(n.queue) > 0 {
		n.calm, n.queue = n.queue[0], n.queue[1:]
		n.calmU = now.Add(noticeTime)
	}
}
