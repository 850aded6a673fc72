package zammad_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/zammad"
	"github.com/openticketai/otai-tui/internal/ticket/zammad/zammadtest"
)

func examined(list []ticket.Finding) string {
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprint(f.Verdict, " ", f.What))
	}
	return strings.Join(out, "\n")
}

func TestExamine(t *testing.T) {
	names := ticket.Names{Queues: []string{"Incoming", "IT", "Users", "Nope"}, Priorities: []string{"2 normal", "3 normal"}, States: []string{"open", "offen"}}
	for name, c := range map[string]struct {
		admin, noIndex, none bool
		search, want         string
	}{
		"agent": {want: `fine login
fine queue Incoming
wrong queue IT
unknown queue Users
unknown queue Nope
fine priority 2 normal
wrong priority 3 normal
fine state open
wrong state offen
fine search`},
		"may list groups": {admin: true, want: `fine login
fine queue Incoming
wrong queue IT
unknown queue Users
wrong queue Nope
fine priority 2 normal
wrong priority 3 normal
fine state open
wrong state offen
fine search`},
		"no index":  {noIndex: true, want: "wrong search"},
		"database":  {noIndex: true, search: zammad.SearchDatabase, want: "fine search"},
		"no ticket": {none: true, want: "unknown search"},
	} {
		s := zammadtest.New()
		s.Admin, s.NoIndex = c.admin, c.noIndex
		s.Rights = map[string]string{"Incoming": "full", "IT": "read"}
		if !c.none {
			s.Add(zammadtest.Seed{Title: "x", Group: "Incoming", Body: "b"})
		}
		got := examined(open(t, s, zammad.Options{Search: c.search}).Examine(t.Context(), names))
		if !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: got\n%s", name, got)
		}
		if len(s.Writes()) > 0 {
			t.Errorf("%s: it wrote %q", name, s.Writes())
		}
	}
	got := open(t, zammadtest.New(), zammad.Options{Token: "wrong"}).Examine(t.Context(), names)
	if examined(got) != "wrong login" || !strings.Contains(got[0].Says, "access_token") {
		t.Errorf("wrong token: %+v", got)
	}
}
