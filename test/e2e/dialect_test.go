//go:build e2e && !windows

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// deskTicket is what desk list --json says of a ticket.
type deskTicket struct {
	ID    string                `json:"id"`
	Queue struct{ Name string } `json:"queue"`
}

func deskTickets(t *testing.T, state, queue string) []deskTicket {
	t.Helper()
	args := []string{"desk", "list", "--json", "--limit", "1000", "--state-dir", state}
	if queue != "" {
		args = append(args, "--queue", queue)
	}
	r := Run(t, 20*time.Second, args...)
	if r.Code != 0 {
		t.Fatalf("desk list: code %d\n%s", r.Code, r.Stderr)
	}
	var out []deskTicket
	for line := range strings.Lines(r.Stdout) {
		var d deskTicket
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("desk list says %q: %v", line, err)
		}
		out = append(out, d)
	}
	return out
}

// TestDialectsRouteTickets runs a routing pipeline of each dialect, unchanged, against the desk: every ticket leaves the
// incoming queue with one note, and SIGTERM ends the engine with 0.
func TestDialectsRouteTickets(t *testing.T) {
	data := filepath.Join(Root(), "testdata", "e2e")
	for _, dialect := range []string{"runners", "v0", "v1"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			state := t.TempDir()
			if r := Run(t, 30*time.Second, "desk", "import", filepath.Join(data, "tickets.jsonl"), "--state-dir", state); r.Code != 0 {
				t.Fatalf("import: %+v", r)
			}
			before := len(deskTickets(t, state, ""))
			env := []string{"OTAI_OTOBO_DEMO_PASSWORD=s3cret-of-otobo", "OTAI_OTOBO_ZNUNY_PASSWORD=s3cret-of-otobo", "OTAI_OTOBO_ZNUNY_SERVER_ADDRESS=http://otobo.invalid"}
			p := Spawn(t, "", env, Binary(t), "-c", filepath.Join(data, dialect+".yml"), "--desk", "--no-ui", "--state-dir", state)
			moved := Poll(t, 60*time.Second, func() bool { return len(deskTickets(t, state, "OpenTicketAI::Incoming")) == 0 })
			if !moved {
				t.Fatalf("tickets are still waiting: %+v\n%s", deskTickets(t, state, "OpenTicketAI::Incoming"), p.Stderr())
			}
			p.WaitFor(t, "ticket-routing", time.Second)
			p.Signal(t, syscall.SIGTERM)
			if r := p.Wait(t, 40*time.Second); r.Code != 0 {
				t.Errorf("SIGTERM: code %d\n%s", r.Code, r.Stderr)
			}
			checkRouted(t, state, before)
			if strings.Contains(p.Stderr(), "s3cret") || grepDir(t, state, "s3cret") {
				t.Error("the password is in the log or in the state directory")
			}
		})
	}
}

func checkRouted(t *testing.T, state string, want int) {
	t.Helper()
	tickets := deskTickets(t, state, "")
	if len(tickets) != want {
		t.Errorf("%d tickets after routing, %d before", len(tickets), want)
	}
	queues := map[string]int{}
	for _, d := range tickets {
		queues[d.Queue.Name]++
		r := Run(t, 20*time.Second, "desk", "show", d.ID, "--state-dir", state)
		if n := strings.Count(r.Stdout, "\nnote by "); n != 1 || strings.Contains(r.Stdout, "visible to the customer") {
			t.Errorf("ticket %s has %d notes, want one internal note:\n%s", d.ID, n, r.Stdout)
		}
		if strings.ContainsRune(r.Stdout, 0x1b) {
			t.Errorf("desk show lets an escape sequence through: %q", r.Stdout)
		}
	}
	if len(queues) < 3 || queues["OpenTicketAI::Unclassified"] == 0 {
		t.Errorf("tickets went to %v: expected several queues and the fallback", queues)
	}
}

func grepDir(t *testing.T, dir, part string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || strings.Contains(string(b), part)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
