package notify

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
)

func message() Message {
	return Message{
		Schema: Schema, ID: "id-1", Notification: "ops", Engine: "prod", Kind: "failed", Runner: "digest", Run: "42", State: "failed",
		At: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), Reason: `send failed: "no route"`, Step: "digest/send",
		ErrorClass: "permanent", Attempt: 2,
	}
}

// server answers with status and the given headers, and hands on what it was sent.
func server(t *testing.T, status int, headers map[string]string) (url string, got chan *http.Request, bodies chan string) {
	t.Helper()
	got, bodies = make(chan *http.Request, 10), make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r
		bodies <- string(body)
		for k, v := range headers {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL, got, bodies
}

// golden is the schema that docs/notifications.md promises.
const golden = `{"schema":1,"id":"id-1","notification":"ops","engine":"prod","kind":"failed","at":"2026-03-01T08:00:00Z",` +
	`"runner":"digest","run":"42","state":"failed","reason":"send failed: \"no route\"","step":"digest/send",` +
	`"error_class":"permanent","attempt":2}`

func TestPost(t *testing.T) {
	t.Parallel()
	url, got, bodies := server(t, http.StatusNoContent, nil)
	r := Receiver{URL: url + "/hook", Headers: map[string]string{"Authorization": "Bearer abc", "Idempotency-Key": "mine"}}
	if err := r.Deliver(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	req := <-got
	for name, want := range map[string]string{
		"Idempotency-Key": "id-1", "Content-Type": "application/json", "Authorization": "Bearer abc", "User-Agent": "otai-tui",
	} {
		if req.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, req.Header.Get(name), want)
		}
	}
	if body := <-bodies; body != golden || req.Method != http.MethodPost || req.URL.Path != "/hook" {
		t.Errorf("%s %s %s", req.Method, req.URL.Path, body)
	}
}

func TestStatusDecidesOnRetry(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]fault.Class{
		200: "", 202: "", 302: fault.Transient, 400: fault.Permanent, 401: fault.Permanent, 404: fault.Permanent, 410: fault.Permanent,
		408: fault.Transient, 425: fault.Transient, 429: fault.RateLimited, 500: fault.Transient, 502: fault.Transient, 503: fault.RateLimited,
	} {
		url, _, _ := server(t, status, map[string]string{"Retry-After": "7", "Location": "http://127.0.0.1:1/elsewhere"})
		err := Receiver{URL: url}.Deliver(t.Context(), message())
		if fault.ClassOf(err) != want {
			t.Errorf("%d: %v is %s, want %s", status, err, fault.ClassOf(err), want)
		}
		if want == fault.RateLimited && fault.RetryAfterOf(err) != 7*time.Second {
			t.Errorf("%d: comes again after %s, want 7s", status, fault.RetryAfterOf(err))
		}
	}
}

func TestUnreachableSaysNoURL(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	for _, url := range []string{s.URL + "/hook-token-123", "http://hook-token-123 x/", "ftp://hook-token-123/"} {
		err := Receiver{URL: url}.Deliver(t.Context(), message())
		if err == nil || strings.Contains(err.Error(), "hook-token-123") {
			t.Errorf("error is %v", err)
		}
	}
}

func TestSlowReceiverTimesOut(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the client has gone
		<-r.Context().Done()
	}))
	defer s.Close()
	err := Receiver{URL: s.URL, Timeout: 50 * time.Millisecond}.Deliver(t.Context(), message())
	if fault.ClassOf(err) != fault.Timeout || !strings.Contains(err.Error(), "timeout of 50ms") {
		t.Errorf("error is %v, class %s", err, fault.ClassOf(err))
	}
}

func TestNoReceiver(t *testing.T) {
	t.Parallel()
	if err := (Receiver{}).Deliver(t.Context(), message()); fault.ClassOf(err) != fault.Permanent {
		t.Errorf("error is %v", err)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	m, err := Decode([]byte(golden))
	if err != nil || m != message() {
		t.Errorf("%+v, %v", m, err)
	}
	for _, bad := range []string{"", "[]", `{"schema":2}`, `{"schema":1,"at":5}`} {
		var syntax *json.SyntaxError
		if _, err := Decode([]byte(bad)); err == nil || bad == "" && !errors.As(err, &syntax) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
