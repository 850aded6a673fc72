package base_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
)

func TestHTTPRequest(t *testing.T) {
	w := newWorld(t)
	var method, path, body, kind, token, key string
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		method, path, body, kind = r.Method, r.URL.String(), string(b), r.Header.Get("Content-Type")
		token, key = r.Header.Get("X-Token"), r.Header.Get("Idempotency-Key")
		rw.Header().Set("X-Answer", "yes")
		rw.Header().Set("Set-Cookie", "session=hunter2")
		fmt.Fprint(rw, `{"n": 5, "f": 0.5, "list": [1, "a", null]}`)
	}))
	defer srv.Close()
	w.scope.Vars = m{"n": int64(7)}
	r := w.must("HTTPPipe", m{"method": "post", "url": srv.URL + "/a?token=hunter2", "headers": m{"X-Token": "hunter2"}, "json": m{"n": "{{ n }}", "s": "42"}})
	if method != "POST" || path != "/a?token=hunter2" || body != `{"n":7,"s":"42"}` || kind != "application/json" || token != "hunter2" || key != "run/step" {
		t.Errorf("sent %s %s %q %q token %q key %q", method, path, body, kind, token, key)
	}
	data := r.Data["json"].(m)
	if r.Data["status"] != 200 || data["n"] != int64(5) || data["f"] != 0.5 || r.Data["headers"].(m)["x-answer"] != "yes" || r.Data["truncated"] != false {
		t.Errorf("result %+v", r.Data)
	}
	if all := fmt.Sprint(w.log.all(), r.Data["headers"]); strings.Contains(all, "hunter2") {
		t.Errorf("a secret is shown: %s", all)
	}
	w.must("HTTPPipe", m{"url": srv.URL, "body": "plain", "headers": m{"content-type": "text/x"}})
	if method != "GET" || body != "plain" || kind != "text/x" || key != "" {
		t.Errorf("sent %s %q %q key %q", method, body, kind, key)
	}
}

func TestHTTPStatus(t *testing.T) {
	w := newWorld(t)
	retryAfter := ""
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if retryAfter != "" {
			rw.Header().Set("Retry-After", retryAfter)
		}
		var code int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &code)
		rw.WriteHeader(code)
	}))
	defer srv.Close()
	for _, c := range []struct {
		code       int
		retryAfter string
		class      fault.Class
		wait       time.Duration
	}{
		{400, "", fault.Permanent, 0},
		{401, "", fault.Permanent, 0},
		{404, "", fault.Permanent, 0},
		{408, "", fault.Transient, 0},
		{429, "", fault.RateLimited, 0},
		{429, "17", fault.RateLimited, 17 * time.Second},
		{429, "99999999999", fault.RateLimited, 24 * time.Hour},
		{500, "", fault.Transient, 0},
		{501, "", fault.Permanent, 0},
		{502, "", fault.Transient, 0},
		{503, "", fault.Transient, 0},
		{503, "5", fault.RateLimited, 5 * time.Second},
		{503, "nonsense", fault.Transient, 0},
		{503, "-3", fault.Transient, 0},
		{302, "", fault.Permanent, 0},
	} {
		retryAfter = c.retryAfter
		_, err := w.run(t.Context(), "HTTPPipe", m{"url": fmt.Sprintf("%s/%d?key=hunter2", srv.URL, c.code)})
		wantClass(t, err, c.class, fmt.Sprint(c.code))
		if got := fault.RetryAfterOf(err); got != c.wait {
			t.Errorf("%d, Retry-After %q: waits %s, want %s", c.code, c.retryAfter, got, c.wait)
		}
		if strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("a secret is shown: %v", err)
		}
	}
	retryAfter = time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	_, err := w.run(t.Context(), "HTTPPipe", m{"url": srv.URL + "/429"})
	if got := fault.RetryAfterOf(err); got < 59*time.Minute || got > time.Hour {
		t.Errorf("a date in one hour waits %s", got)
	}
	for _, expect := range []any{404, "404", "400-404", "4xx", []any{200, "403-405"}, "200, 404", int64(404)} {
		if r := w.must("HTTPPipe", m{"url": srv.URL + "/404", "expect": expect}); r.Data["status"] != 404 {
			t.Errorf("expect %v: %+v", expect, r)
		}
	}
	for _, expect := range []any{"ok", "404-400", []any{}, 42, "9xx", m{}} {
		_, err := w.run(t.Context(), "HTTPPipe", m{"url": srv.URL + "/200", "expect": expect})
		wantClass(t, err, fault.Permanent, "expect")
	}
}

func TestHTTPNetwork(t *testing.T) {
	w := newWorld(t)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	_, err := w.run(t.Context(), "HTTPPipe", m{"url": srv.URL + "/x?key=hunter2", "timeout": "50ms"})
	wantClass(t, err, fault.Timeout, "no answer within 50ms")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.run(ctx, "HTTPPipe", m{"url": srv.URL})
	wantClass(t, err, fault.Cancelled, "")
	srv.CloseClientConnections()
	srv.Close()
	_, err = w.run(t.Context(), "HTTPPipe", m{"url": srv.URL + "/x?key=hunter2"})
	wantClass(t, err, fault.Transient, "refused")
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret is shown: %v", err)
	}
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	tls.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	defer tls.Close()
	_, err = w.run(t.Context(), "HTTPPipe", m{"url": tls.URL})
	wantClass(t, err, fault.Permanent, "certificate")
	for want, params := range map[string]m{
		"url is not an http": {"url": "ftp://x/hunter2"}, "not an http or https address": {"url": "::hunter2"}, "not both": {"url": "http://x", "body": "a", "json": 1},
		"method": {"url": "http://x", "method": "GE T"},
	} {
		_, err := w.run(t.Context(), "HTTPPipe", params)
		wantClass(t, err, fault.Permanent, want)
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a secret is shown: %v", err)
		}
	}
}

func TestHTTPRedirects(t *testing.T) {
	w := newWorld(t)
	var there http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { there = r.Header }))
	defer other.Close()
	var here http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(rw, r, "/loop", http.StatusFound)
		case "/away":
			http.Redirect(rw, r, other.URL, http.StatusFound)
		case "/here":
			http.Redirect(rw, r, "/end", http.StatusFound)
		default:
			here = r.Header
		}
	}))
	defer srv.Close()
	secret := m{"X-Api-Key": "hunter2", "Authorization": "Bearer hunter2"}
	w.must("HTTPPipe", m{"url": srv.URL + "/here", "headers": secret})
	if here.Get("X-Api-Key") != "hunter2" {
		t.Error("the same host does not get the headers")
	}
	w.must("HTTPPipe", m{"url": srv.URL + "/away?token=hunter2", "headers": secret})
	if there == nil || strings.Contains(fmt.Sprint(there), "hunter2") {
		t.Errorf("another host got %v", there)
	}
	_, err := w.run(t.Context(), "HTTPPipe", m{"url": srv.URL + "/loop"})
	wantClass(t, err, fault.Permanent, "more than 5 redirects")
}

func TestHTTPLargeBody(t *testing.T) {
	w := newWorld(t)
	size := 1 << 20
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, strings.Repeat("x", size))
	}))
	defer srv.Close()
	if r := w.must("HTTPPipe", m{"url": srv.URL}); len(r.Data["body"].(string)) != size || r.Data["truncated"] != false || r.Data["json"] != nil {
		t.Errorf("exactly 1 MiB: truncated %v", r.Data["truncated"])
	}
	size = 5 << 20
	if r := w.must("HTTPPipe", m{"url": srv.URL}); len(r.Data["body"].(string)) != 1<<20 || r.Data["truncated"] != true {
		t.Errorf("5 MiB: %d bytes, truncated %v", len(r.Data["body"].(string)), r.Data["truncated"])
	}
}
