package desk_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/desk"
	"github.com/openticketai/otai-tui/internal/ticket/tickettest"
)

func open(t *testing.T, path string, o desk.Options) *desk.Desk {
	t.Helper()
	d, err := desk.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func deskFile(t *testing.T) string { return filepath.Join(t.TempDir(), "state dir ä%", desk.FileName) }

func TestContract(t *testing.T) {
	tickettest.Suite{
		New:       func(t *testing.T) ticket.System { return open(t, deskFile(t), desk.Options{}) },
		Queues:    [2]string{"Incoming", "Network::VPN"},
		UnknownID: "4711", Priorities: [2]string{"3 normal", "4 high"}, OpenState: "open", Closed: "closed",
		Field: "AiConfidence", Locks: true,
	}.Run(t)
}

// clock steps by a second per look.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Second)
	return c.at
}

func TestHistory(t *testing.T) {
	c := &clock{at: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	d := open(t, deskFile(t), desk.Options{Clock: c.now, Author: "kim"})
	made, err := d.Create(t.Context(), ticket.Ticket{Subject: "VPN\x1b[31m\x00 down", Queue: ticket.Named("Incoming")})
	if err != nil {
		t.Fatal(err)
	}
	if made.Number != "2026030100001" || made.Subject != "VPN[31m down" || made.State.Name != "new" || made.Priority.Name != "3 normal" {
		t.Errorf("made %+v", made)
	}
	for range 2 { // the second changes nothing and leaves no trace
		if _, err := d.Update(t.Context(), made.ID, ticket.Ticket{Queue: ticket.Named("network"), Priority: ticket.Named("4 high"), Owner: ticket.Named("lee")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.AddNote(t.Context(), made.ID, ticket.Note{Subject: "why", Body: "because"}); err != nil {
		t.Fatal(err)
	}
	changes, err := d.History(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, ch := range changes {
		got = append(got, fmt.Sprintf("%s %s %q>%q", ch.Who, ch.What, ch.Before, ch.After))
		if i > 0 && !ch.At.After(changes[i-1].At) {
			t.Errorf("change %d at %s is not after %s", i, ch.At, changes[i-1].At)
		}
	}
	want := []string{
		`kim created "">"VPN[31m down"`, `kim owner "">"lee"`, `kim queue "Incoming">"network"`, `kim priority "3 normal">"4 high"`, `kim note "">"why"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("history\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	after, err := d.Get(t.Context(), made.ID)
	if err != nil || !after.UpdatedAt.After(after.CreatedAt) || after.Notes[0].Author != "kim" {
		t.Errorf("after: %+v, %v", after, err)
	}
	if _, err := d.History(t.Context(), "99"); fault.ClassOf(err) != fault.Permanent {
		t.Errorf("history of no ticket: %v", err)
	}
}

func TestFindOlderThanAndSubQueues(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	d := open(t, deskFile(t), desk.Options{Clock: func() time.Time { return now }})
	for subject, in := range map[string]ticket.Ticket{
		"young": {Queue: ticket.Named("IT"), CreatedAt: now.Add(-time.Hour)},
		"old":   {Queue: ticket.Named("IT"), CreatedAt: now.Add(-25 * time.Hour)},
		"sub":   {Queue: ticket.Named("IT::VPN"), CreatedAt: now.Add(-24 * time.Hour)},
		"other": {Queue: ticket.Named("ITX"), CreatedAt: now.Add(-48 * time.Hour)},
	} {
		in.Subject = subject
		if _, err := d.Create(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		in   ticket.Criteria
		want []string
	}{
		{ticket.Criteria{Queue: ticket.Named("it")}, []string{"old", "young"}},
		{ticket.Criteria{Queue: ticket.Named("IT"), WithSubQueues: true}, []string{"old", "sub", "young"}},
		{ticket.Criteria{OlderThan: 24 * time.Hour}, []string{"other", "old", "sub"}},
		{ticket.Criteria{Queue: ticket.Named("Nope")}, nil},
	} {
		found, err := d.Find(t.Context(), c.in)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			got = append(got, f.Subject)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("find %+v gives %v, want %v", c.in, got, c.want)
		}
	}
}

func TestStrict(t *testing.T) {
	d := open(t, deskFile(t), desk.Options{StrictQueues: true, Queues: []string{"Incoming", "Network"}})
	made, err := d.Create(t.Context(), ticket.Ticket{Subject: "x", Queue: ticket.Named("Incoming")})
	if err != nil {
		t.Fatal(err)
	}
	_, createErr := d.Create(t.Context(), ticket.Ticket{Subject: "x", Queue: ticket.Named("Incomming")})
	_, updateErr := d.Update(t.Context(), made.ID, ticket.Ticket{Queue: ticket.Named("Netwrok")})
	_, priorityErr := d.Update(t.Context(), made.ID, ticket.Ticket{Priority: ticket.Named("4 hihg")})
	_, findErr := d.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Networks")})
	_, farErr := d.Update(t.Context(), made.ID, ticket.Ticket{Queue: ticket.Named("Zoologie")})
	for want, err := range map[string]error{
		`queue "Incomming"; the nearest is "Incoming"`: createErr, `queue "Netwrok"; the nearest is "Network"`: updateErr,
		`priority "4 hihg"; the nearest is "4 high"`: priorityErr, `queue "Networks"; the nearest is "Network"`: findErr,
		`it has Raw, Incoming, Network`: farErr,
	} {
		if fault.ClassOf(err) != fault.Permanent || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("error %v, want a permanent one with %s", err, want)
		}
	}
	if got, err := d.Get(t.Context(), made.ID); err != nil || got.Queue.Name != "Incoming" {
		t.Errorf("after refusals: %+v, %v", got, err)
	}
}

func TestCreateKey(t *testing.T) {
	d := open(t, deskFile(t), desk.Options{})
	a, errA := d.Create(t.Context(), ticket.Ticket{Subject: "once", Key: "k"})
	b, errB := d.Create(t.Context(), ticket.Ticket{Subject: "once", Key: "k"})
	c, errC := d.Create(t.Context(), ticket.Ticket{Subject: "once"})
	if err := errors.Join(errA, errB, errC); err != nil || a.ID != b.ID || a.ID == c.ID {
		t.Errorf("ids %s %s %s, %v", a.ID, b.ID, c.ID, err)
	}
}

func TestListAndQueues(t *testing.T) {
	d := open(t, deskFile(t), desk.Options{})
	for _, in := range []ticket.Ticket{
		{Subject: "VPN down", Queue: ticket.Named("Network")},
		{Subject: "Printer", Body: "no vpn", Queue: ticket.Named("Hardware")},
		{Subject: "Old", Queue: ticket.Named("Network"), State: ticket.Named("closed")},
	} {
		if _, err := d.Create(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		f    desk.ListFilter
		want string
	}{
		{desk.ListFilter{}, "Printer,VPN down"},
		{desk.ListFilter{Closed: true}, "Old,Printer,VPN down"},
		{desk.ListFilter{Queue: "network"}, "VPN down"},
		{desk.ListFilter{State: "closed"}, "Old"},
		{desk.ListFilter{Text: "vpn"}, "Printer,VPN down"},
		{desk.ListFilter{Text: "vpn", Limit: 1}, "Printer"},
		{desk.ListFilter{Priority: "5 very high"}, ""},
	} {
		list, err := d.List(t.Context(), c.f)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range list {
			got = append(got, x.Subject)
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("list %+v gives %v, want %s", c.f, got, c.want)
		}
	}
	queues, err := d.Queues(t.Context())
	want := []desk.QueueCount{{Name: "Hardware", Open: 1, Total: 1}, {Name: "Network", Open: 1, Total: 2}, {Name: "Raw"}}
	if err != nil || !slices.Equal(queues, want) {
		t.Errorf("queues %+v, %v", queues, err)
	}
}

func TestImport(t *testing.T) {
	d := open(t, deskFile(t), desk.Options{})
	in := strings.Join([]string{
		`{"subject":"one","queue":"Incoming","priority":{"name":"4 high"},"created_at":"2026-03-01T08:00:00Z","notes":[{"subject":"s","body":"b"}]}`,
		``,
		`{"subject":"two","queue":`,
		`{"id":7,"number":42,"title":"three","customer":{"name":"kim"}}`,
		`{"subject":"four","qeue":"x"}`,
		`{"subject":5}`,
		`[]`,
		`{"body":""}`,
		`{"subject":"bad note","notes":[{}]}`,
		`{"subject":"six"} {"subject":"seven"}`,
		`{"subject":"eight","queue":["x"]}`,
		`{"subject":"last"}`,
	}, "\n")
	n, problems := d.Import(t.Context(), strings.NewReader(in))
	if n != 3 {
		t.Errorf("imported %d", n)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.Error())
	}
	want := []string{
		"line 3: the JSON ends too early", `line 5: unknown field "qeue"`, "line 6: subject: expected string, got number",
		"line 7: expected a JSON object, got array", "line 8: a ticket needs a subject or a body", "line 9: notes[0]: a note needs a subject or a body",
		"line 10: more than one JSON value on the line", "line 11: expected a name or an object with id and name",
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	list, err := d.List(t.Context(), desk.ListFilter{})
	if err != nil || len(list) != 3 {
		t.Fatalf("%d tickets, %v", len(list), err)
	}

	var out bytes.Buffer
	if n, err := d.Export(t.Context(), &out); n != 3 || err != nil {
		t.Fatalf("exported %d, %v", n, err)
	}
	copied := open(t, deskFile(t), desk.Options{})
	if n, problems := copied.Import(t.Context(), bytes.NewReader(out.Bytes())); n != 3 || len(problems) > 0 {
		t.Fatalf("imported the export: %d, %v", n, problems)
	}
	var again bytes.Buffer
	if _, err := copied.Export(t.Context(), &again); err != nil || strings.Count(again.String(), `"subject":"s"`) != 1 {
		t.Errorf("second export %s, %v", again.String(), err)
	}
}

func FuzzImport(f *testing.F) {
	d, err := desk.Open(f.Context(), filepath.Join(f.TempDir(), desk.FileName), desk.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = d.Close() })
	f.Add(`{"subject":"x","queue":{"id":1,"name":null}}`)
	f.Add("{\"subject\":\"x\"}\n\ufeff{}\nnull")
	f.Add(`{"subject":"x","queue":"","notes":[{"body":"y","visible":true}],"created_at":"9999-12-31T23:59:59Z"}`)
	f.Fuzz(func(t *testing.T, text string) {
		n, problems := d.Import(t.Context(), strings.NewReader(text))
		if lines := strings.Count(text, "\n") + 1; n+len(problems) > lines {
			t.Errorf("%d tickets and %d problems of %d lines", n, len(problems), lines)
		}
		for _, p := range problems {
			if !strings.HasPrefix(p.Error(), "line ") {
				t.Errorf("problem without a line: %v", p)
			}
		}
	})
}

// TestTwoProcesses has this process and another one write to one desk at the same time.
func TestTwoProcesses(t *testing.T) {
	const each = 25
	if path := os.Getenv("OTAI_TEST_DESK"); path != "" {
		writeMany(t, open(t, path, desk.Options{Author: "other"}), each)
		return
	}
	path := deskFile(t)
	d := open(t, path, desk.Options{Author: "this"})
	cmd := exec.Command(os.Args[0], "-test.run=^TestTwoProcesses$")
	cmd.Env = append(os.Environ(), "OTAI_TEST_DESK="+path)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writeMany(t, d, each)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("other process: %v\n%s", err, out.String())
	}
	found, err := d.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Shared"), Limit: 1000})
	if err != nil || len(found) != 2*each {
		t.Errorf("%d tickets, want %d, %v", len(found), 2*each, err)
	}
}

func writeMany(t *testing.T, d *desk.Desk, n int) {
	t.Helper()
	for i := range n {
		made, err := d.Create(t.Context(), ticket.Ticket{Subject: fmt.Sprint(i), Queue: ticket.Named("Shared")})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.AddNote(t.Context(), made.ID, ticket.Note{Body: "x"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "not-a-desk")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is text, not SQLite. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Open(t.Context(), path, desk.Options{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("open a text file: %v", err)
	}
	if _, err := desk.Open(t.Context(), "", desk.Options{}); err == nil {
		t.Error("open without a name")
	}
}
