package action

// Role says what somebody may do. A larger role may do all that a smaller one may.
type Role int

// The roles.
const (
	Anyone Role = iota // not said: see Action.Needs
	View               // looks
	Ops                // acts on pipes and runs
	Admin              // acts on the engine as a whole
)

// Name is the word for a role: "view", "ops", "admin".
func (r Role) Name() string {
	return [...]string{"anyone", "view", "ops", "admin"}[min(max(r, 0), Admin)]
}

// RoleNamed gives the role of a word; false = there is none.
func RoleNamed(name string) (Role, bool) {
	for r := View; r <= Admin; r++ {
		if r.Name() == name {
			return r, true
		}
	}
	return Anyone, false
}
