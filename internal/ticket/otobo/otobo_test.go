package otobo_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/otobo"
	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
	"github.com/openticketai/otai-tui/internal/ticket/tickettest"
)

const password = "otai-agent-pass"

// journal keeps what the client logs.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func start(t *testing.T, o otobotest.Options) *otobotest.Server {
	t.Helper()
	s := otobotest.Start(o)
	t.Cleanup(s.Close)
	return s
}

func client(t *testing.T, s *otobotest.Server, change func(*otobo.Config)) *otobo.Client {
	t.Helper()
	c := otobo.Config{BaseURL: s.BaseURL(), Password: password}
	if change != nil {
		change(&c)
	}
	got, err := otobo.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = got.Close() })
	return got
}

func TestContract(t *testing.T) {
	for name, o := range map[string]otobotest.Options{"with data": {}, "ids only": {NoData: true}} {
		t.Run(name, func(t *testing.T) {
			tickettest.Suite{
				New:    func(t *testing.T) ticket.System { return client(t, start(t, o), nil) },
				Queues: [2]string{"Incoming", "Support::Billing"}, Priorities: [2]string{"3 normal", "5 very high"},
				OpenState: "open", Closed: "closed successful", UnknownID: "99999", Field: "AiConfidence", Locks: true,
			}.Run(t)
		})
	}
}

func TestTLS(t *testing.T) {
	s := start(t, otobotest.Options{TLS: true})
	id := s.Add(otobotest.Seed{Title: "over TLS"})
	_, err := client(t, s, nil).Get(t.Context(), id)
	if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "verify") {
		t.Errorf("unknown authority: %v", err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*otobo.Config){
		"CA file": func(c *otobo.Config) { c.CAFile = ca }, "not verified": func(c *otobo.Config) { c.SkipVerify = true },
	} {
		if got, err := client(t, s, change).Get(t.Context(), id); err != nil || got.Subject != "over TLS" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := otobo.New(otobo.Config{BaseURL: "https://x", Password: "p", CAFile: "/nowhere.pem"}); fault.ClassOf(err) != fault.Permanent {
		t.Errorf("missing CA file: %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for want, c := range map[string]otobo.Config{
		"base_url is missing":         {Password: "p"},
		"base_url is no http":         {BaseURL: "otobo.example", Password: "p"},
		"base_url must have no user":  {BaseURL: "https://u:secret9@x", Password: "p"},
		"password is missing":         {BaseURL: "https://x"},
		"page_size 51":                {BaseURL: "https://x", Password: "p", PageSize: 51},
		`unknown operation "merge"`:   {BaseURL: "https://x", Password: "p", Operations: map[string]string{"merge": "x"}},
		"operation_urls: get is":      {BaseURL: "https://x", Password: "p", Operations: map[string]string{"get": " "}},
		"TicketGet must be POST, PUT": {BaseURL: "https://x", Password: "p", Methods: map[string]string{"get": "get"}},
	} {
		_, err := otobo.New(c)
		if fault.ClassOf(err) != fault.Permanent || !strings.Contains(fmt.Sprint(err), want) || strings.Contains(fmt.Sprint(err), "secret9") {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
	if _, err := otobo.New(otobo.Config{
		BaseURL: "https://x/", Password: "p",
		Operations: map[string]string{"search": "/a", "TicketGet": "b", "ticket-update": "c"}, Methods: map[string]string{"update": "post"},
	}); err != nil {
		t.Error(err)
	}
}

// TestParallel holds that no more than the configured number of requests are there at a time.
func TestParallel(t *testing.T) {
	s := start(t, otobotest.Options{})
	for i := range 40 {
		s.Add(otobotest.Seed{Title: fmt.Sprint(i), Queue: "Raw"})
	}
	c := client(t, s, func(c *otobo.Config) { c.PageSize, c.Parallel = 2, 3 })
	got, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Raw"), Limit: 40})
	if err != nil || len(got) != 40 || got[0].Subject != "0" || got[39].Subject != "39" {
		t.Fatalf("%d tickets, %v", len(got), err)
	}
	if most := s.MostAtOnce(); most > 3 {
		t.Errorf("%d requests at a time", most)
	}
	if calls := len(s.Calls()); calls != 21 {
		t.Errorf("%d calls", calls)
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault otobotest.Fault
		class fault.Class
		says  string
	}{
		"dropped":       {otobotest.DropBefore, fault.Transient, "TicketGet"},
		"timeout":       {otobotest.Hang, fault.Timeout, "no answer within"},
		"fault object":  {otobotest.FaultObject, fault.Transient, "fault object"},
		"plain 500":     {otobotest.Plain500, fault.Transient, "500"},
		"413":           {otobotest.TooLarge, fault.Permanent, "MaxLength"},
		"404 HTML":      {otobotest.Page404, fault.Permanent, "base_url"},
		"502 HTML":      {otobotest.BadGateway, fault.Transient, "502"},
		"429":           {otobotest.TooMany, fault.RateLimited, "429"},
		"login page":    {otobotest.LoginPage, fault.Permanent, "web page"},
		"broken off":    {otobotest.Cut, fault.Transient, "EOF"},
		"not followed ": {otobotest.Redirect, fault.Permanent, "redirects"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, otobotest.Options{})
			id := s.Add(otobotest.Seed{Title: "x"})
			sys := client(t, s, func(c *otobo.Config) { c.Timeout = 200 * time.Millisecond })
			s.Inject(c.fault)
			_, err := sys.Get(t.Context(), id)
			if fault.ClassOf(err) != c.class || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("%v (%s), want %s with %q", err, fault.ClassOf(err), c.class, c.says)
			}
			if c.fault == otobotest.TooMany {
				_, again := sys.Get(t.Context(), id) // the client keeps away until then
				if fault.RetryAfterOf(err) != 7*time.Second || fault.WasTried(again) || fault.RetryAfterOf(again) < 6*time.Second || len(s.Calls()) != 1 {
					t.Errorf("retry after %s, then %v", fault.RetryAfterOf(err), again)
				}
				return
			}
			if calls := len(s.Calls()); calls != 1 {
				t.Errorf("%d calls: the client repeats by itself", calls)
			}
			if _, err := sys.Get(t.Context(), id); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestServerIsDown(t *testing.T) {
	s := otobotest.Start(otobotest.Options{})
	c := client(t, s, nil)
	s.Close()
	err := c.AddNote(t.Context(), "1", ticket.Note{Body: "without key"})
	if fault.ClassOf(err) != fault.Transient {
		t.Errorf("%v (%s): a refused connection has stored nothing and may be tried again", err, fault.ClassOf(err))
	}
}

func TestCancelledWhileWaiting(t *testing.T) {
	s := start(t, otobotest.Options{})
	id := s.Add(otobotest.Seed{Title: "x"})
	c := client(t, s, nil)
	s.Inject(otobotest.Hang)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Get(ctx, id); fault.ClassOf(err) != fault.Timeout {
		t.Errorf("%v (%s)", err, fault.ClassOf(err))
	}
}

// TestWrongFrame meets the answers of a web service that is configured otherwise.
func TestWrongFrame(t *testing.T) {
	s := start(t, otobotest.Options{MaxSize: 3000})
	id := s.Add(otobotest.Seed{Title: "x"})
	for name, c := range map[string]struct {
		change func(*otobo.Config)
		says   string
	}{
		"service":  {func(c *otobo.Config) { c.Webservice = "Other" }, "webservice_name"},
		"route":    {func(c *otobo.Config) { c.Operations = map[string]string{"get": "ticket-get/"} }, "operation_urls"},
		"verb":     {func(c *otobo.Config) { c.Methods = map[string]string{"get": "PUT"} }, "operation_methods"},
		"prefix":   {func(c *otobo.Config) { c.BaseURL = strings.Replace(c.BaseURL, "/otobo/", "/znuny/", 1) }, "base_url"},
		"password": {func(c *otobo.Config) { c.Password = "wrong-secret" }, "AuthFail"},
		"username": {func(c *otobo.Config) { c.Username = "nobody" }, "AuthFail"},
	} {
		_, err := client(t, s, c.change).Get(t.Context(), id)
		if fault.ClassOf(err) != fault.Permanent || !strings.Contains(fmt.Sprint(err), c.says) || strings.Contains(fmt.Sprint(err), "wrong-secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := client(t, s, nil).AddNote(t.Context(), id, ticket.Note{Body: strings.Repeat("x", 4000)})
	if fault.ClassOf(err) != fault.Permanent || !strings.Contains(fmt.Sprint(err), "413") {
		t.Errorf("large: %v", err)
	}
}

// TestSecretsStayInside logs at the lowest level and fails on purpose.
func TestSecretsStayInside(t *testing.T) {
	var log journal
	s := start(t, otobotest.Options{})
	c := client(t, s, func(c *otobo.Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.EmptyWarn = 1
	})
	var all []string
	for _, f := range []otobotest.Fault{otobotest.DropAfter, otobotest.FaultObject, otobotest.Plain500, otobotest.LoginPage, otobotest.Cut} {
		s.Inject(f)
		_, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Raw")})
		all = append(all, fmt.Sprintf("%v %+v", err, err))
	}
	_, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Raw")})
	all = append(all, fmt.Sprint(err), c.Describe(), log.String())
	if text := strings.Join(all, "\n"); strings.Contains(text, password) {
		t.Errorf("the password shows in %s", text)
	}
}
