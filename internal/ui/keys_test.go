package ui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ui/action"
)

// keysHead begins docs/keys.md.
const keysHead = `# Keys of the console

This page is made from the console's own list of actions: ` + "`go test ./internal/ui -run TestKeysPage -update`" + `. ` + "`?`" + ` in the
console shows the keys of the screen you are on and searches them; ` + "`:`" + ` does everything by name.

Actions marked *asks* ask first and act on ` + "`y`" + ` only, or open a form that says what will happen. Those marked *dialog* touch
many pipes or the whole engine: a form in which a phrase with their number has to be typed. Actions marked *undo* act at
once, and ` + "`u`" + ` takes them back for 10 seconds, pauses and resumes from forms too. In a form ` + "`tab`" + ` goes on, ` + "`enter`" + ` does, and
` + "`esc`" + ` leaves without doing anything.

Every key can be changed, or taken away, under ` + "`console.keys`" + ` of the [configuration](configuration.md#console); ` + "`otai-tui keys`" + `
lists the names of the actions with the keys in force. What a role may not do stays on show and says so: *admin* marks what needs the
role admin, everything else that acts needs ops.

While rows are marked, fire, pause, retry and cancel work on all of them: a dialog lists each row with what becomes of it, and
takes a phrase such as ` + "`fire 2`" + `.

In the palette, times are UTC: an end is a length such as ` + "`15m`, `1h`, `2d`" + `, a time of day such as ` + "`15:30`" + `, or a date such as
` + "`2026-11-24`" + `. Texts with blanks go into double quotes.
`

// scopeNames are the headings of docs/keys.md in order.
var scopeNames = [][2]string{
	{"global", "Everywhere"},
	{"list", "Lists"},
	{"open", "Rows that open"},
	{"item", "A pipe or run"},
	{"marks", "Lists with marks"},
	{"sort", "Lists with columns"},
	{"filter", "Lists with a filter"},
	{"pipes", "Pipes"},
	{"pipe", "Pipe"},
	{"runs", "Runs"},
	{"run", "Run"},
	{"step", "Steps of a run"},
	{"answer", "Approvals: questions"},
	{"review", "Approvals: decisions"},
	{"engine", "Engine"},
	{"quality", "Quality"},
	{"logs", "Logs"},
	{"timeline", "Timeline"},
	{"longlog", "Logs on a screen of their own"},
	{"events", "Events"},
	{"tickets", "Tickets"},
	{"ticket", "Ticket"},
	{"changes", "Changes of a run"},
	{action.Command, "Palette only"},
}

// keysPage writes docs/keys.md.
func keysPage(acts []act) string {
	var b strings.Builder
	b.WriteString(keysHead)
	for _, s := range scopeNames {
		fmt.Fprintf(&b, "\n## %s\n\n| keys | what | |\n|---|---|---|\n", s[1])
		for _, a := range acts {
			if a.Scope != s[0] {
				continue
			}
			keys := []string{"`:" + strings.TrimSpace(a.Short+" "+strings.ReplaceAll(a.Args, "|", "\\|")) + "`"}
			if len(a.Keys) > 0 {
				keys = keys[:0]
				for _, k := range a.Keys {
					keys = append(keys, "`"+action.KeyName(k)+"`")
				}
			}
			if a.Wide {
				keys = append(keys, "`:"+a.Short+"`")
			}
			what := a.Title
			if a.Tip != "" {
				what += "; " + a.Tip
			}
			note := map[action.Tier]string{action.Ask: "asks", action.Undoable: "undo", action.Dialog: "dialog"}[a.Tier]
			if a.Needs() == action.Admin {
				note += ", admin"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(keys, " "), what, note)
		}
	}
	return b.String()
}

// TestKeysPage: docs/keys.md says what the console does, and leaves no scope out.
func TestKeysPage(t *testing.T) {
	for _, a := range actions() {
		if !slices.ContainsFunc(scopeNames, func(s [2]string) bool { return s[0] == a.Scope }) {
			t.Errorf("%s: scope %s has no heading", a.ID, a.Scope)
		}
	}
	path := filepath.Join("..", "..", "docs", "keys.md")
	want := keysPage(actions())
	if flag.Lookup("update").Value.String() == "true" { // the flag of the golden frames
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatal("docs/keys.md is not what the console does; go test ./internal/ui -run TestKeysPage -update writes it anew")
	}
}
