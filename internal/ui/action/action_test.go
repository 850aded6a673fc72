package action

import "testing"

func act(id, scope string, keys ...string) Action[int] {
	return Action[int]{ID: id, Scope: scope, Keys: keys, Title: id, Group: "move", Do: func(int) {}}
}

func TestRegistryRefuses(t *testing.T) {
	bad := act("x", "list", "j")
	bad.Title = ""
	group := act("x", "list", "j")
	group.Group = "other"
	for name, as := range map[string][]Action[int]{
		"same key in one scope": {act("a", "list", "j"), act("b", "list", "k", "j")},
		"same id":               {act("a", "list", "j"), act("a", "list", "k")},
		"incomplete":            {bad},
		"unknown group":         {group},
	} {
		if _, err := New(as...); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestFindInnerScopeFirst(t *testing.T) {
	r, err := New(act("global.q", "global", "q"), act("logs.q", "logs", "q"), act("list.j", "list", "j", "down"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		scopes    []string
		key, want string
	}{
		{[]string{"logs", "global"}, "q", "logs.q"},
		{[]string{"pipes", "list", "global"}, "q", "global.q"},
		{[]string{"pipes", "list", "global"}, "down", "list.j"},
		{[]string{"global"}, "j", ""},
	} {
		got := ""
		if a := r.Find(c.scopes, c.key); a != nil {
			got = a.ID
		}
		if got != c.want {
			t.Errorf("Find(%v, %q) = %q, want %q", c.scopes, c.key, got, c.want)
		}
	}
	if n := len(r.In([]string{"list", "logs"})); n != 2 {
		t.Errorf("In gave %d", n)
	}
}
