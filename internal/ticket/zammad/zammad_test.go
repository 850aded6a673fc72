package zammad_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/tickettest"
	"github.com/openticketai/otai-tui/internal/ticket/zammad"
	"github.com/openticketai/otai-tui/internal/ticket/zammad/zammadtest"
)

func open(t *testing.T, h http.Handler, o zammad.Options) *zammad.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	o.BaseURL = s.URL
	if o.Token == "" {
		o.Token = zammadtest.Token
	}
	c, err := zammad.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestContract(t *testing.T) {
	for name, v := range map[string]struct {
		shape, search       string
		admin, noIndex, lag bool
	}{
		"list, agent": {}, "old shape": {shape: "old", admin: true}, "full shape": {shape: "full"},
		"records, slow index": {shape: "records", lag: true, admin: true, search: zammad.SearchDatabase},
		"database, no index":  {noIndex: true, admin: true, search: zammad.SearchDatabase},
	} {
		t.Run(name, func(t *testing.T) {
			tickettest.Suite{
				New: func(t *testing.T) ticket.System {
					s := zammadtest.New()
					s.Shape, s.NoIndex, s.Lag, s.Admin = v.shape, v.noIndex, v.lag, v.admin
					return open(t, s, zammad.Options{Search: v.search})
				},
				Queues: [2]string{"Incoming", "IT"}, Priorities: [2]string{"1 low", "3 high"}, OpenState: "new", Closed: "closed", UnknownID: "4711", Field: "ai_confidence",
			}.Run(t)
		})
	}
}

func create(t *testing.T, c *zammad.Client, subject string) ticket.Ticket {
	t.Helper()
	made, err := c.Create(t.Context(), ticket.Ticket{Subject: subject, Body: "text", Queue: ticket.Named("Incoming")})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// A moved ticket is still found by the index, and must not be given.
func TestIndexLag(t *testing.T) {
	s := zammadtest.New()
	s.Lag = true
	c := open(t, s, zammad.Options{})
	moved, stays := create(t, c, "moved"), create(t, c, "stays")
	if _, err := c.Update(t.Context(), moved.ID, ticket.Ticket{Queue: ticket.Named("IT")}); err != nil {
		t.Fatal(err)
	}
	found, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Incoming")})
	if err != nil || len(found) != 1 || found[0].ID != stays.ID {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestMisspeltNames(t *testing.T) {
	s := zammadtest.New()
	s.Admin = true
	c := open(t, s, zammad.Options{})
	for want, k := range map[string]ticket.Criteria{
		`no group "Incomming"; known are Users, Incoming`: {Queue: ticket.Named("Incomming")},
		`no state "offen"; known are new, open`:           {States: []string{"offen"}},
		`no priority "3 normal"; known are 1 low`:         {Priorities: []string{"3 normal"}},
		`queue id "x"`: {Queue: &ticket.Entity{ID: "x"}},
	} {
		if _, err := c.Find(t.Context(), k); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", k, err, want)
		}
	}
	made := create(t, c, "x")
	_, err := c.Update(t.Context(), made.ID, ticket.Ticket{Queue: ticket.Named("Nope")})
	if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "No lookup value found for 'group'") {
		t.Errorf("update: %v", err)
	}
}

func TestSubQueues(t *testing.T) {
	s := zammadtest.New()
	s.Admin = true
	c := open(t, s, zammad.Options{})
	made := create(t, c, "deep")
	if _, err := c.Update(t.Context(), made.ID, ticket.Ticket{Queue: ticket.Named("IT::Network")}); err != nil {
		t.Fatal(err)
	}
	for with, want := range map[bool]int{false: 0, true: 1} {
		found, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("IT"), WithSubQueues: with})
		if err != nil || len(found) != want {
			t.Errorf("with sub-queues %v: %+v, %v", with, found, err)
		}
	}
	agent := open(t, zammadtest.New(), zammad.Options{})
	_, err := agent.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("IT"), WithSubQueues: true})
	if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "admin.group") {
		t.Errorf("agent: %v", err)
	}
}

func TestManyPages(t *testing.T) {
	s := zammadtest.New()
	c := open(t, s, zammad.Options{})
	for i := range 230 {
		create(t, c, fmt.Sprintf("t%03d", i))
	}
	found, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Incoming"), Limit: 5, Offset: 222})
	if err != nil || len(found) != 5 || found[0].Subject != "t222" || found[4].Subject != "t226" {
		t.Errorf("found %d, %v", len(found), err)
	}
}

func TestWritesAreOneRequest(t *testing.T) {
	s := zammadtest.New()
	c := open(t, s, zammad.Options{})
	made := create(t, c, "x")
	before := len(s.Writes())
	if _, err := c.Update(t.Context(), made.ID, ticket.Ticket{Queue: &ticket.Entity{ID: "3", Name: "Users"}, Priority: ticket.Named("3 high"), Subject: "x"}); err != nil {
		t.Fatal(err)
	}
	if err := c.AddNote(t.Context(), made.ID, ticket.Note{Subject: "AI", Body: "b", Key: "k"}); err != nil {
		t.Fatal(err)
	}
	writes := s.Writes()[before:]
	if len(writes) != 2 || writes[0] != `PUT /tickets/1 {"group_id":3,"priority":"3 high"}` {
		t.Fatalf("writes %q", writes)
	}
	for _, part := range []string{`"internal":true`, `"type":"note"`, `"content_type":"text/plain"`, `[otai:`} {
		if !strings.Contains(writes[1], part) {
			t.Errorf("the note lacks %s: %s", part, writes[1])
		}
	}
	got, err := c.Get(t.Context(), made.ID)
	if err != nil || got.Notes[0].Body != "b" {
		t.Errorf("notes %+v, %v", got.Notes, err)
	}
	if _, err := c.Update(t.Context(), made.ID, ticket.Ticket{Queue: ticket.Named("IT")}); err != nil || len(s.Writes()) != before+2 {
		t.Errorf("an update without a change was sent: %v, %q", err, s.Writes())
	}
}

// The connection ends after the write was done: nothing is doubled, and what happened is a success.
func TestDroppedAfterTheWrite(t *testing.T) {
	s := zammadtest.New()
	var drop atomic.Bool
	s.Drop = func(r *http.Request) bool { return drop.Load() && r.Method != http.MethodGet }
	c := open(t, s, zammad.Options{})
	made := create(t, c, "x")
	drop.Store(true)
	if err := c.AddNote(t.Context(), made.ID, ticket.Note{Subject: "AI", Body: "b", Key: "k"}); err != nil {
		t.Errorf("note: %v", err)
	}
	if got, err := c.Update(t.Context(), made.ID, ticket.Ticket{Queue: ticket.Named("IT")}); err != nil || got.Queue.Name != "IT" {
		t.Errorf("move: %+v, %v", got, err)
	}
	if err := c.AddNote(t.Context(), made.ID, ticket.Note{Body: "no key"}); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "not known") {
		t.Errorf("note without a key: %v", err)
	}
	if _, err := c.Create(t.Context(), ticket.Ticket{Subject: "y", Queue: ticket.Named("IT")}); fault.ClassOf(err) != fault.Permanent {
		t.Errorf("create: %v", err)
	}
	drop.Store(false)
	if err := c.AddNote(t.Context(), made.ID, ticket.Note{Subject: "AI", Body: "b", Key: "k"}); err != nil {
		t.Error(err)
	}
	got, err := c.Get(t.Context(), made.ID)
	if err != nil || len(got.Notes) != 2 {
		t.Errorf("%d notes, %v", len(got.Notes), err)
	}
}

func TestErrorClasses(t *testing.T) {
	for name, v := range map[string]struct {
		status       int
		body, header string
		class        fault.Class
		says         string
	}{
		"maintenance": {403, `{"error":"Maintenance mode enabled!"}`, "", fault.Transient, "Maintenance"},
		"no right":    {403, `{"error":"Not authorized","error_human":"You may not"}`, "", fault.Permanent, "You may not"},
		"bad token":   {401, "", "", fault.Permanent, "access_token"},
		"validation":  {422, `{"error":"Missing required value for field 'x'!"}`, "", fault.Permanent, "field 'x'"},
		"masked":      {500, `{"error":"Error ID abc: Please contact your administrator."}`, "", fault.Transient, "Error ID"},
		"busy":        {429, "", "9", fault.RateLimited, "429"},
		"gateway":     {502, "<html>", "", fault.Transient, "502"},
		"HTML":        {200, "<html>sign in</html>", "", fault.Permanent, "base_url"},
		"redirect":    {302, "", "", fault.Permanent, "302"},
	} {
		c := open(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if v.header != "" {
				w.Header().Set("Retry-After", v.header)
			}
			w.WriteHeader(v.status)
			_, _ = io.WriteString(w, v.body)
		}), zammad.Options{})
		_, err := c.Get(t.Context(), "1")
		if fault.ClassOf(err) != v.class || !strings.Contains(err.Error(), v.says) || strings.Contains(err.Error(), zammadtest.Token) {
			t.Errorf("%s: %v (%s)", name, err, fault.ClassOf(err))
		}
		if v.header != "" && fault.RetryAfterOf(err) != 9*time.Second {
			t.Errorf("%s: wait %s", name, fault.RetryAfterOf(err))
		}
	}
	wrong := open(t, zammadtest.New(), zammad.Options{Token: "wrong"})
	if _, err := wrong.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("IT")}); fault.ClassOf(err) != fault.Permanent || strings.Contains(err.Error(), "wrong") {
		t.Errorf("wrong token: %v", err)
	}
	stop := make(chan struct{})
	slow := open(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }), zammad.Options{Timeout: 20 * time.Millisecond})
	if _, err := slow.Get(t.Context(), "1"); fault.ClassOf(err) != fault.Timeout {
		t.Errorf("slow: %v (%s)", err, fault.ClassOf(err))
	}
	close(stop)
}

func TestArticlesFromHTML(t *testing.T) {
	s := zammadtest.New()
	c := open(t, s, zammad.Options{})
	made := create(t, c, "x")
	s.Article(1, "text/html", `<div>Dear &lt;team&gt;,<br>it&nbsp;fails</div><blockquote>old</blockquote><span class="js-signatureMarker"></span>Kim`)
	got, err := c.Get(t.Context(), made.ID)
	if err != nil || got.Body != "text" || len(got.Notes) != 1 || got.Notes[0].Body != "Dear <team>,\nit fails" || !got.Notes[0].Visible {
		t.Errorf("got %+v, %v", got, err)
	}
	if got.Owner != nil || got.Number != "10001" {
		t.Errorf("owner %v, number %s", got.Owner, got.Number)
	}
}

func TestLongTitle(t *testing.T) {
	c := open(t, zammadtest.New(), zammad.Options{})
	if made := create(t, c, strings.Repeat("ü", 300)); len([]rune(made.Subject)) != 191 {
		t.Errorf("title of %d characters", len([]rune(made.Subject)))
	}
}

func TestTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(zammadtest.New())
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // the refused handshake is meant
	srv.StartTLS()
	t.Cleanup(srv.Close)
	for insecure, want := range map[bool]string{true: "404", false: "CA file"} {
		c, err := zammad.New(zammad.Options{BaseURL: srv.URL + "/api/v1/", Token: zammadtest.Token, Insecure: insecure})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.Get(t.Context(), "1"); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), want) {
			t.Errorf("insecure %v: %v", insecure, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, o := range []zammad.Options{
		{},
		{BaseURL: "x", Token: "t"},
		{BaseURL: "http://x"},
		{BaseURL: "http://u:p@x", Token: "t"},
		{BaseURL: "http://x", Token: "t\n"},
		{BaseURL: "http://x", Token: "t", Search: "magic"},
		{BaseURL: "http://x", Token: "t", CAFile: "/does/not/exist"},
		{BaseURL: "http://x", Token: "t", Timeout: -1},
	} {
		if _, err := zammad.New(o); fault.ClassOf(err) != fault.Permanent {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
