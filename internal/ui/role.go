package ui

import (
	"fmt"
	"github.com/openticketai/otai-tui/internal/ui/screen"

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

// marked are the rows that the user marked; nil = none are.
func (a *App) marked() []screen.Target { return nil }

// whyNot says why an action cannot be done: the role first, then the state; "" = it can.
func (a *App) whyNot(act *act) string {
	if why := a.needs(act); why != "" || act.Why == nil {
		return why
	}
	return act.Why(a)
}
