package otobo_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/otobo"
	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
)

// The tests named TestRow… are the rows of the checklist of behaviours that a client of OTOBO must handle. Rows 1 (errors
// in 200, fault objects, pages) and 3 (varying types) are TestFaults, TestReplay and TestTolerantTypes; row 17 is Zammad's.

var raw = ticket.Criteria{Queue: ticket.Named("Raw")}

func TestRow02AuthFailStops(t *testing.T) {
	s := start(t, otobotest.Options{})
	c := client(t, s, func(c *otobo.Config) { c.Password = "wrong" })
	if _, err := c.Find(t.Context(), raw); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "AuthFail") {
		t.Errorf("%v", err)
	}
	calls := s.Calls()
	if len(calls) != 1 {
		t.Errorf("%d calls: repeated wrong passwords can lock the agent out", len(calls))
	}
	if calls[0].Body["UserLogin"] != "open_ticket_ai" || calls[0].Body["SessionID"] != nil {
		t.Errorf("credentials: %v", calls[0].Body)
	}
}

func TestRow04EmptyMayBeMisspelt(t *testing.T) {
	var log journal
	s := start(t, otobotest.Options{})
	s.Add(otobotest.Seed{Title: "x", Queue: "Raw"})
	c := client(t, s, func(c *otobo.Config) { c.EmptyWarn, c.Log = 3, slog.New(slog.NewTextHandler(&log, nil)) })
	for range 10 {
		for _, queue := range []string{"raw", "Raw"} { // upper and lower case matter
			if _, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named(queue)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if text := log.String(); strings.Count(text, "spelling") != 1 || !strings.Contains(text, `\"raw\"`) {
		t.Errorf("log %q, want one warning for raw", text)
	}
}

func TestRow05NoFilterIsRefused(t *testing.T) {
	s := start(t, otobotest.Options{})
	c := client(t, s, nil)
	for _, criteria := range []ticket.Criteria{{}, {States: []string{}}, {States: []string{""}}, {Queue: &ticket.Entity{}}} {
		if _, err := c.Find(t.Context(), criteria); fault.ClassOf(err) != fault.Permanent {
			t.Errorf("%+v: %v", criteria, err)
		}
	}
	if calls := s.Calls(); len(calls) != 0 {
		t.Errorf("asked the server %v", calls)
	}
}

func TestRow06SearchParameters(t *testing.T) {
	s := start(t, otobotest.Options{})
	s.Add(otobotest.Seed{Title: "top", Queue: "Incoming"})
	s.Add(otobotest.Seed{Title: "sub", Queue: "Incoming::AI"})
	s.Add(otobotest.Seed{Title: "locked", Queue: "Incoming", Locked: true})
	s.Add(otobotest.Seed{Title: "closed", Queue: "Incoming", State: "closed successful"})
	s.Add(otobotest.Seed{Title: "pending", Queue: "Incoming", State: "pending reminder"})
	c := client(t, s, func(c *otobo.Config) { c.SubQueues, c.SkipLocked = true, true })
	got, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Incoming"), Priorities: []string{"3 normal"}})
	if err != nil || titles(got) != "top sub pending" {
		t.Errorf("%s, %v", titles(got), err)
	}
	body := s.Calls()[0].Body
	if fmt.Sprint(body["UseSubQueues"]) != "1" || fmt.Sprint(body["Locks"]) != "[unlock]" ||
		fmt.Sprint(body["StateType"]) != "[new open pending reminder pending auto]" || fmt.Sprint(body["Priorities"]) != "[3 normal]" {
		t.Errorf("parameters %v", body)
	}
	for key, value := range body {
		if _, is := value.(bool); is || key == "Queue" || key == "State" || key == "Priority" {
			t.Errorf("%s: %v: booleans and singular keys are ignored by the server", key, value)
		}
	}
}

func titles(list []ticket.Ticket) string {
	var out []string
	for _, t := range list {
		out = append(out, t.Subject)
	}
	return strings.Join(out, " ")
}

func TestRow07StableOrderAndOwnPages(t *testing.T) {
	s := start(t, otobotest.Options{Clock: func() time.Time { return time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC) }}) // all in one second
	for i := range 12 {
		s.Add(otobotest.Seed{Title: fmt.Sprintf("t%02d", i)})
	}
	c := client(t, s, func(c *otobo.Config) { c.SearchLimit = 12 })
	got, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Raw"), Limit: 3, Offset: 9})
	if err != nil || titles(got) != "t09 t10 t11" {
		t.Errorf("%s, %v", titles(got), err)
	}
	body := s.Calls()[0].Body
	if body["SortBy"] != "TicketNumber" || body["OrderBy"] != "Up" || fmt.Sprint(body["Limit"]) != "12" {
		t.Errorf("parameters %v", body)
	}
	_, err = c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Raw"), Limit: 3, Offset: 10})
	if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "search_limit 12") {
		t.Errorf("beyond the cap: %v", err)
	}
}

func TestRow08BatchesFallBackToSingleReads(t *testing.T) {
	s := start(t, otobotest.Options{Keep: 5000})
	for i := range 120 {
		s.Add(otobotest.Seed{Title: fmt.Sprint(i)})
	}
	var log journal
	c := client(t, s, func(c *otobo.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	if got, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Raw"), Limit: 120}); err != nil || len(got) != 120 {
		t.Fatalf("%d, %v", len(got), err)
	}
	for _, call := range s.Calls()[1:] {
		if ids := call.Body["TicketID"].([]any); len(ids) > 50 {
			t.Errorf("%d ids in one call", len(ids))
		}
	}
	denied := &deny{s: s, id: "2"}
	proxied := denied.start(t)
	c, err := otobo.New(otobo.Config{BaseURL: proxied, Password: password, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Raw"), Limit: 5})
	if err != nil || titles(got) != "0 2 3 4" {
		t.Errorf("%s, %v", titles(got), err)
	}
	if !strings.Contains(log.String(), "left out") {
		t.Errorf("log %q", log.String())
	}
}

func TestRow09LockAndOwnerSurviveAMove(t *testing.T) {
	s := start(t, otobotest.Options{})
	for name, want := range map[string]string{"kept": "admin true", "dropped": "root@localhost false"} {
		id := s.Add(otobotest.Seed{Title: name, Owner: "admin", Locked: true})
		c := client(t, s, func(c *otobo.Config) { c.DropLock = name == "dropped" })
		got, err := c.Update(t.Context(), id, ticket.Ticket{Queue: ticket.Named("Network")})
		now, _ := s.Ticket(id)
		if err != nil || fmt.Sprint(now.Owner, " ", now.Locked) != want || now.Queue != "Network" || fmt.Sprint(got.Owner.Name, " ", got.Locked) != want {
			t.Errorf("%s: %+v, answer %+v, %v", name, now, got, err)
		}
	}
}

func TestRow10ReadsBeforeAndAfter(t *testing.T) {
	s := start(t, otobotest.Options{})
	c := client(t, s, func(c *otobo.Config) { c.Timeout = 300 * time.Millisecond })
	writes := func() (n int) {
		for _, call := range s.Calls() {
			if call.Op == "TicketUpdate" {
				n++
			}
		}
		return n
	}
	id := s.Add(otobotest.Seed{Title: "same"})
	if _, err := c.Update(t.Context(), id, ticket.Ticket{Queue: ticket.Named("Raw"), State: ticket.Named("New"), Subject: "same"}); err != nil || writes() != 0 {
		t.Errorf("nothing to change: %v, %d writes", err, writes())
	}
	for _, f := range []otobotest.Fault{otobotest.DropAfter, otobotest.HangAfter, otobotest.BadGatewayAfter} {
		id := s.Add(otobotest.Seed{Title: "x"})
		before := writes()
		s.Inject(otobotest.NoFault, f) // the read, the write
		got, err := c.Update(t.Context(), id, ticket.Ticket{Queue: ticket.Named("Network")})
		if err != nil || got.Queue.Name != "Network" || writes() != before+1 {
			t.Errorf("fault %d: %+v, %v: what was done counts", f, got, err)
		}
	}
	s.Inject(otobotest.NoFault, otobotest.DropBefore)
	if _, err := c.Update(t.Context(), id, ticket.Ticket{Queue: ticket.Named("Network")}); fault.ClassOf(err) != fault.Transient {
		t.Errorf("not done: %v", err)
	}
	_, err := c.Update(t.Context(), id, ticket.Ticket{Subject: "half", Queue: ticket.Named("Archive")})
	if err == nil || !strings.Contains(err.Error(), "changed nevertheless: Title") {
		t.Errorf("half done: %v", err)
	}
}

func TestRow10PendingStatesGetATime(t *testing.T) {
	s := start(t, otobotest.Options{})
	c := client(t, s, func(c *otobo.Config) { c.Pending = time.Hour })
	for _, state := range []*ticket.Entity{ticket.Named("pending reminder"), {ID: "6"}} { // by id the client cannot know
		id := s.Add(otobotest.Seed{Title: "x"})
		got, err := c.Update(t.Context(), id, ticket.Ticket{Queue: ticket.Named("Network"), State: state})
		now, _ := s.Ticket(id)
		if err != nil || got.State.Name != "pending reminder" || now.Queue != "Network" || time.Until(now.Pending) < 50*time.Minute {
			t.Errorf("%+v, %v, pending until %s", got, err, now.Pending)
		}
	}
}

func TestRow11NotesAreInternalAndWhole(t *testing.T) {
	s := start(t, otobotest.Options{})
	id := s.Add(otobotest.Seed{Title: "x", Body: "question"})
	c := client(t, s, nil)
	for _, n := range []ticket.Note{
		{Body: "only body"},
		{Subject: "only subject"},
		{Subject: "two\nlines", Body: "a\x00b\x07\r\nc", ContentType: "text/markdown"},
		{Subject: "page", Body: "<b>x</b>", ContentType: "text/html", Key: "k"},
		{Subject: "seen", Body: "x", Visible: true},
	} {
		if err := c.AddNote(t.Context(), id, n); err != nil {
			t.Fatal(err)
		}
	}
	now, _ := s.Ticket(id)
	for i, a := range now.Articles[1:] {
		if a.Visible != (i == 4) || a.NotifyAgent || a.Subject == "" || a.Body == "" || a.Sender != "agent" {
			t.Errorf("note %d: %+v", i, a)
		}
		if want := map[bool]string{true: "text/html; charset=utf-8", false: "text/plain; charset=utf-8"}[i == 3]; a.ContentType != want {
			t.Errorf("note %d: %s", i, a.ContentType)
		}
	}
	if a := now.Articles[3]; a.Subject != "two lines" || a.Body != "ab\nc" {
		t.Errorf("%q %q", a.Subject, a.Body)
	}
	if err := c.AddNote(t.Context(), id, ticket.Note{Subject: " "}); fault.ClassOf(err) != fault.Permanent {
		t.Errorf("empty: %v", err)
	}
}

func TestRow11NotesAreNotDoubled(t *testing.T) {
	s := start(t, otobotest.Options{})
	id := s.Add(otobotest.Seed{Title: "x", Body: "question"})
	other := client(t, s, nil) // another process, without memory
	for i, f := range []otobotest.Fault{otobotest.DropAfter, otobotest.HangAfter, otobotest.BadGatewayAfter, otobotest.Cut} {
		c := client(t, s, func(c *otobo.Config) { c.Timeout = 300 * time.Millisecond })
		n := ticket.Note{Subject: "AI", Body: "moved", Key: fmt.Sprint("run/", i)}
		s.Inject(otobotest.NoFault, f) // look-up, write
		if err := c.AddNote(t.Context(), id, n); err != nil {
			t.Errorf("fault %d: %v, but the note is there", f, err)
		}
		for _, again := range []*otobo.Client{c, other} {
			if err := again.AddNote(t.Context(), id, n); err != nil {
				t.Error(err)
			}
		}
		if now, _ := s.Ticket(id); len(now.Articles) != i+2 {
			t.Fatalf("fault %d: %d articles", f, len(now.Articles))
		}
	}
	c := client(t, s, nil)
	n := ticket.Note{Subject: "AI", Body: "lost", Key: "lost"}
	s.Inject(otobotest.NoFault, otobotest.DropBefore)
	if err := c.AddNote(t.Context(), id, n); fault.ClassOf(err) != fault.Transient {
		t.Errorf("not stored: %v", err)
	}
	if err := c.AddNote(t.Context(), id, n); err != nil {
		t.Errorf("second try: %v", err)
	}
	s.Inject(otobotest.DropAfter)
	if err := c.AddNote(t.Context(), id, ticket.Note{Body: "no key"}); fault.ClassOf(err) != fault.Permanent {
		t.Errorf("without a key: %v (%s), must not be tried again", err, fault.ClassOf(err))
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	s.Inject(otobotest.HangAfter)
	if err := c.AddNote(short, id, ticket.Note{Body: "no key, step out of time"}); fault.ClassOf(err) != fault.Permanent {
		t.Errorf("step out of time: %v (%s), must not be tried again", err, fault.ClassOf(err))
	}
	got, err := c.Get(t.Context(), id)
	if err != nil || len(got.Notes) != 8 || got.Notes[1].Body != "moved" {
		t.Errorf("%+v, %v", got.Notes, err)
	}
}

// The server finishes a write after the client has given up on it. The error keeps the second try away for long enough.
func TestRow11LateWrites(t *testing.T) {
	s := start(t, otobotest.Options{})
	id := s.Add(otobotest.Seed{Title: "x"})
	const timeout = 2 * otobotest.LateBy
	c := client(t, s, func(c *otobo.Config) { c.Timeout = timeout })
	n := ticket.Note{Subject: "AI", Body: "late", Key: "run/late"}
	s.Inject(otobotest.NoFault, otobotest.Late) // look-up, write
	err := c.AddNote(t.Context(), id, n)
	if fault.ClassOf(err) != fault.Timeout || fault.RetryAfterOf(err) < timeout {
		t.Fatalf("%v (%s), again after %s", err, fault.ClassOf(err), fault.RetryAfterOf(err))
	}
	<-time.After(fault.RetryAfterOf(err))
	if err := c.AddNote(t.Context(), id, n); err != nil {
		t.Error(err)
	}
	if now, _ := s.Ticket(id); len(now.Articles) != 2 {
		t.Errorf("%d articles", len(now.Articles))
	}
}

// A run is cancelled while its write is under way: the answer is waited for, so that what happened is known.
func TestRow11CancelledInTheMiddle(t *testing.T) {
	s := start(t, otobotest.Options{})
	id := s.Add(otobotest.Seed{Title: "x"})
	sent := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(sent)
		<-time.After(150 * time.Millisecond)
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(slow.Close)
	c, err := otobo.New(otobo.Config{BaseURL: slow.URL + "/otobo/nph-genericinterface.pl", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-sent; cancel() }()
	if err := c.AddNote(ctx, id, ticket.Note{Body: "no key, so it is sent once"}); err != nil {
		t.Errorf("%v", err)
	}
	if now, _ := s.Ticket(id); len(now.Articles) != 2 {
		t.Errorf("%d articles", len(now.Articles))
	}
}

func TestRow11CreationIsNotDoubled(t *testing.T) {
	s := start(t, otobotest.Options{})
	c := client(t, s, nil)
	n := ticket.Ticket{
		Subject: "new", Body: "text", Key: "run/create", Customer: ticket.Named("kim"),
		Notes: []ticket.Note{{Subject: "AI", Body: "from a mail"}},
	}
	s.Inject(otobotest.NoFault, otobotest.DropAfter) // search by marker, creation
	first, err := c.Create(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Create(t.Context(), n)
	if err != nil || second.ID != first.ID || first.Body != "text" || len(s.Tickets()) != 1 || len(second.Notes) != 2 {
		t.Errorf("%+v, %v, %d tickets", second, err, len(s.Tickets()))
	}
	n.Key = ""
	s.Inject(otobotest.DropAfter)
	if _, err := c.Create(t.Context(), n); fault.ClassOf(err) != fault.Permanent {
		t.Errorf("without a key: %v", err)
	}
	if _, err := c.Create(t.Context(), ticket.Ticket{Subject: "x"}); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "default_customer") {
		t.Errorf("without a customer: %v", err)
	}
}

func TestRow12Text(t *testing.T) {
	s := start(t, otobotest.Options{})
	c := client(t, s, func(c *otobo.Config) { c.MaxBody = 20 })
	made, err := c.Create(t.Context(), ticket.Ticket{Subject: strings.Repeat("ü", 300), Body: strings.Repeat("é\x00", 50), Customer: ticket.Named("kim")})
	if err != nil || utf8.RuneCountInString(made.Subject) != 191 || made.Body != strings.Repeat("é", 10) {
		t.Errorf("%+v, %v", made, err)
	}
	writes := len(s.Calls())
	if _, err := c.Update(t.Context(), made.ID, ticket.Ticket{Subject: strings.Repeat("ü", 300)}); err != nil || len(s.Calls()) != writes+1 {
		t.Errorf("a cut title is the same: %v, %d calls", err, len(s.Calls())-writes)
	}
	agentFirst := s.Add(otobotest.Seed{Title: "x", Body: "by phone", Sender: "agent"})
	if got, err := c.Get(t.Context(), agentFirst); err != nil || got.Body != "by phone" {
		t.Errorf("without a customer's article: %+v, %v", got, err)
	}
}

func TestRow13NameOrID(t *testing.T) {
	s := start(t, otobotest.Options{})
	id := s.Add(otobotest.Seed{Title: "x"})
	c := client(t, s, nil)
	both := &ticket.Entity{ID: "1", Name: "Network"} // they disagree: the name is sent
	if got, err := c.Update(t.Context(), id, ticket.Ticket{Queue: both}); err != nil || got.Queue.Name != "Network" {
		t.Errorf("%+v, %v", got, err)
	}
	sent, ok := s.Calls()[1].Body["Ticket"].(map[string]any)
	if !ok || sent["QueueID"] != nil || sent["Queue"] != "Network" {
		t.Errorf("sent %v", sent)
	}
	if got, err := c.Update(t.Context(), id, ticket.Ticket{Queue: &ticket.Entity{ID: "2"}}); err != nil || got.Queue.Name != "Raw" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := c.Update(t.Context(), id, ticket.Ticket{Priority: ticket.Named("high")}); fault.ClassOf(err) != fault.Permanent ||
		!strings.Contains(err.Error(), "InvalidParameter") {
		t.Errorf("priority without its number: %v", err)
	}
}

func TestDynamicFields(t *testing.T) {
	s := start(t, otobotest.Options{})
	id := s.Add(otobotest.Seed{Title: "x"})
	c := client(t, s, nil)
	got, err := c.Update(t.Context(), id, ticket.Ticket{
		Queue: ticket.Named("Network"), Fields: map[string]any{"AiConfidence": 0.93, "AiTags": []any{"vpn", "mail"}},
	})
	if err != nil || got.Queue.Name != "Network" || fmt.Sprint(got.Fields) != "map[AiConfidence:0.93 AiTags:[vpn mail]]" {
		t.Errorf("%+v, %v", got, err)
	}
	writes := len(s.Calls())
	if _, err := c.Update(t.Context(), id, ticket.Ticket{Fields: map[string]any{"AiTags": []any{"vpn", "mail"}}}); err != nil || len(s.Calls()) != writes+1 {
		t.Errorf("the same again: %v, %d calls", err, len(s.Calls())-writes)
	}
	network := ticket.Criteria{Queue: ticket.Named("Network"), Fields: map[string]string{"AiTags": "mail"}}
	if found, err := c.Find(t.Context(), network); err != nil || len(found) != 1 {
		t.Errorf("an item of a list: %d found, %v", len(found), err)
	}
	// OTOBO leaves a filter on an unknown field out: the search would give every ticket of the queue.
	network.Fields = map[string]string{"AiConfidense": ""}
	if found, err := c.Find(t.Context(), network); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "AiConfidense") {
		t.Errorf("misspelt in a search: %d found, %v", len(found), err)
	}
	_, err = c.Update(t.Context(), id, ticket.Ticket{Fields: map[string]any{"AiConfidense": "1"}})
	if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "InvalidParameter") {
		t.Errorf("misspelt in an update: %v", err)
	}
}

func TestRow14RightsArePermanent(t *testing.T) {
	s := start(t, otobotest.Options{})
	c := client(t, s, nil)
	for _, id := range []string{s.Add(otobotest.Seed{Title: "x", Queue: "Archive"}), s.Add(otobotest.Seed{Title: "x", Queue: "HR Secret"})} {
		err := c.AddNote(t.Context(), id, ticket.Note{Body: "x"})
		if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("%v", err)
		}
	}
}

func TestRow15PasswordOnlyInBodies(t *testing.T) {
	for _, verb := range []string{"GET", "get", "HEAD", "DELETE"} {
		_, err := otobo.New(otobo.Config{BaseURL: "https://x", Password: "p", Methods: map[string]string{"search": verb}})
		if fault.ClassOf(err) != fault.Permanent {
			t.Errorf("%s: %v", verb, err)
		}
	}
}

func TestRow16ServerTime(t *testing.T) {
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	berlin := time.FixedZone("CEST", 2*60*60)
	s := start(t, otobotest.Options{Clock: func() time.Time { return at }, Location: berlin})
	id := s.Add(otobotest.Seed{Title: "x", Body: "y"})
	got, err := client(t, s, func(c *otobo.Config) { c.Timezone = berlin }).Get(t.Context(), id)
	if err != nil || !got.CreatedAt.Equal(at) || !got.Notes[0].CreatedAt.Equal(at) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRow18NoMoveRight(t *testing.T) {
	s := start(t, otobotest.Options{})
	id := s.Add(otobotest.Seed{Title: "x"})
	c := client(t, s, nil)
	for _, queue := range []string{"HR Secret", "Archive"} {
		_, err := c.Update(t.Context(), id, ticket.Ticket{Queue: ticket.Named(queue)})
		if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "no move right on "+queue) {
			t.Errorf("%v", err)
		}
	}
}
