//go:build e2e && !windows

package e2e

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
	"github.com/openticketai/otai-tui/internal/ticket/zammad/zammadtest"
)

// block gives the fenced block of a language that follows a heading of the page.
func block(t *testing.T, page, heading, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("the page has no %q", heading)
	}
	_, rest, ok = strings.Cut(rest, "```"+language+"\n")
	text, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("no %s block after %q", language, heading)
	}
	return text
}

// commands gives the lines of a shell block without their comments, split into words.
func commands(text string) [][]string {
	var out [][]string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, " #")
		if words := strings.Fields(line); len(words) > 0 {
			out = append(out, words)
		}
	}
	return out
}

// pageCase is one half of docs/ticket-systems.md.
type pageCase struct {
	config, configHeading, tryHeading string
	address, replacement              string   // of the server
	secret                            string   // variable=value
	says                              []string // what doctor reports
	moved                             func() string
}

// TestPageTicketSystems does what docs/ticket-systems.md tells a newcomer to do, with its configurations and its commands, against
// the test servers.
func TestPageTicketSystems(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(Root(), "docs", "ticket-systems.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	otobo := otobotest.Start(otobotest.Options{})
	t.Cleanup(otobo.Close)
	id := otobo.Add(otobotest.Seed{Title: "The VPN is down", Queue: "Incoming", Body: "no network since nine"})
	zammad := zammadtest.New()
	zammad.Rights = map[string]string{"Incoming": "full", "IT": "change"}
	zammad.Add(zammadtest.Seed{Title: "The printer burns", Group: "Incoming", Body: "<p>please help</p>"})
	srv := httptest.NewServer(zammad)
	t.Cleanup(srv.Close)
	for name, c := range map[string]pageCase{
		"OTOBO": {
			config: "otobo.yml", configHeading: "### 3. The configuration", tryHeading: "### 4. Try it",
			address: "https://tickets.example.org/otobo/nph-genericinterface.pl", replacement: otobo.BaseURL(), secret: "OTOBO_PASSWORD=otai-agent-pass",
			says: []string{"login: accepted for open_ticket_ai", "operation TicketUpdate: answers", "queue Incoming: exists", "?    service otobo  rights to write"},
			moved: func() string {
				now, _ := otobo.Ticket(id)
				return now.Queue
			},
		},
		"Zammad": {
			config: "zammad.yml", configHeading: "### 2. The configuration", tryHeading: "### 3. Try it",
			address: "https://support.example.org", replacement: srv.URL, secret: "ZAMMAD_TOKEN=" + zammadtest.Token,
			says:  []string{"login: accepted as agent@test.example", "queue Incoming: the agent has full there", "search: the search index answers"},
			moved: func() string { return zammad.Tickets()[0].Group },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			half := page
			if name == "Zammad" {
				_, half, _ = strings.Cut(page, "\n## Zammad\n")
			}
			c.run(t, half, map[string]string{"OTOBO": "Network", "Zammad": "IT"}[name])
		})
	}
}

func (c pageCase) run(t *testing.T, page, target string) {
	dir := t.TempDir()
	config := block(t, page, c.configHeading, "yaml")
	if !strings.Contains(config, c.address) {
		t.Fatalf("the configuration does not name %s", c.address)
	}
	config = strings.ReplaceAll(config, c.address, c.replacement)
	if err := os.WriteFile(filepath.Join(dir, c.config), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{c.secret, "XDG_STATE_HOME=" + filepath.Join(dir, "state")}
	variable, _, _ := strings.Cut(c.secret, "=")
	done := map[string]bool{}
	for _, words := range commands(block(t, page, c.tryHeading, "sh")) {
		switch {
		case words[0] == "export":
			if !strings.HasPrefix(words[1], variable+"=") {
				t.Errorf("the page sets %s, the configuration reads %s", words[1], variable)
			}
			continue
		case words[0] != "otai-tui":
			t.Fatalf("a command that is not ours: %q", words)
		case strings.HasPrefix(words[1], "-"):
			c.console(t, dir, env, words[1:])
			done["console"] = true
			continue
		}
		r := Spawn(t, dir, env, append([]string{Binary(t)}, words[1:]...)...).Wait(t, 30*time.Second)
		done[words[1]] = true
		if r.Code != 0 {
			t.Errorf("%s: code %d\n%s%s", strings.Join(words, " "), r.Code, r.Stdout, r.Stderr)
		}
		switch words[1] {
		case "doctor":
			for _, want := range c.says {
				if !regexp.MustCompile(`(?m)` + regexp.QuoteMeta(want)).MatchString(r.Stdout) {
					t.Errorf("doctor does not say %q:\n%s", want, r.Stdout)
				}
			}
		case "run-once":
			if got := c.moved(); got != target {
				t.Errorf("the ticket is in %s, want %s\n%s", got, target, r.Stderr)
			}
		case "runs":
			if !strings.Contains(r.Stdout, "completed") {
				t.Errorf("runs: %s", r.Stdout)
			}
		}
	}
	for _, want := range []string{"validate", "doctor", "run-once", "runs", "console"} {
		if !done[want] {
			t.Errorf("the page does not try %s", want)
		}
	}
}

// console starts it in a terminal, sees the runner, and leaves.
func (c pageCase) console(t *testing.T, dir string, env, args []string) {
	t.Helper()
	argv := append([]string{"env", "-C", dir}, env...)
	x := Start(t, Small, append(append(argv, Binary(t)), args...)...)
	x.WaitFor(t, "routing", quick)
	x.Keys(t, "6")
	x.WaitFor(t, "SERVICES", quick)
	x.Keys(t, "q")
}
