package ui

import (
	"cmp"
	"fmt"

	"github.com/openticketai/otai-tui/internal/ui/action"
)

// role is what the one at this console may do.
func (a *App) role() action.Role {
	if r, ok := action.RoleNamed(a.opts.Role); ok {
		return r
	}
	return action.Admin
}

// needs says that the one at this console may not do an action; "" = may.
func (a *App) needs(act *act) string {
	if need, is := act.Needs(), a.role(); is < need {
		return fmt.Sprintf("needs role %s (you are %s)", need.Name(), is.Name())
	}
	return ""
}

// whyNot says why an action cannot be done: the role first, then the state; "" = it can.
func (a *App) whyNot(act *act) string {
	why := cmp.Or(a.needs(act), a.whyOne(act))
	if why != "" || act.Why == nil {
		return why
	}
	return act.Why(a)
}
