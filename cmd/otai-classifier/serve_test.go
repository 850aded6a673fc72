package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/cmd/otai-classifier/internal/tinymodel"
	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/remote"
	"github.com/openticketai/otai-tui/internal/classify/tei"
)

// logs is what the server says; it is safe for concurrent use.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs the program on a directory with two models, one of them in an organisation. It stops with the test and must
// then give 0.
func start(t *testing.T, token string, args ...string) (base string, log *logs) {
	t.Helper()
	root := t.TempDir()
	billing := tinymodel.Model{Labels: []string{"spam", "ham"}, Words: map[string]string{"lottery": "spam"}, MaxTokens: 32}
	for name, m := range map[string]tinymodel.Model{"tiny": tinymodel.Help(), "softoft/spam-de": billing} {
		if err := m.Write(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan net.Addr, 1), make(chan int, 1)
	log = &logs{}
	go func() {
		ended <- run(ctx, append([]string{"--models", root, "--listen", "127.0.0.1:0"}, args...), func(string) string { return token },
			io.Discard, log, func(a net.Addr) { ready <- a })
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("exit code %d: %s", code, log)
		}
		if token != "" && strings.Contains(log.String(), token) {
			t.Error("the token is in the log")
		}
	})
	select {
	case a := <-ready:
		return "http://" + a.String(), log
	case code := <-ended:
		ended <- code
		t.Fatalf("ended with %d: %s", code, log)
		return "", nil
	}
}

// TestConsoleClient classifies through the console's own client, by model name in the address, as hf-local does.
func TestConsoleClient(t *testing.T) {
	base, log := start(t, "s3cret", "--keep", "1")
	c, err := tei.New(remote.Options{URL: base + "/models/{model}", Token: "s3cret", Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct{ model, text, want string }{
		{"tiny", "the VPN and the wifi", "network"},
		{"softoft/spam-de", "You won the lottery!", "spam"}, // unloads the first one: there is one place
		{"tiny", strings.Repeat("invoice ", 9999), "billing"},
	} {
		got, err := c.Classify(t.Context(), classify.Request{Text: q.text, Model: q.model})
		if err != nil || got.Label != q.want || got.Confidence < 0.9 {
			t.Errorf("%s: %.40q: %+v, %v", q.model, q.text, got, err)
		}
	}
	if _, err = c.Classify(t.Context(), classify.Request{Text: "x", Model: "softoft/none"}); err == nil || !strings.Contains(err.Error(), "no such model") {
		t.Errorf("unknown model: %v", err)
	}
	if n := strings.Count(log.String(), "model loaded"); n != 3 {
		t.Errorf("%d loads, want 3:\n%s", n, log)
	}
	if strings.Contains(log.String(), "lottery") {
		t.Error("a ticket's text is in the log")
	}
}

func TestProtocol(t *testing.T) {
	base, _ := start(t, "", "--default", "tiny", "--max-tokens", "16")
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"single", "POST", "/predict", `{"inputs":"vpn","truncate":true}`, 200, `[{"label":"network","score":0.9`},
		{"batch", "POST", "/predict", `{"inputs":[["vpn"],["invoice"]]}`, 200, `[[{"label":"network"`},
		{"escaped name", "POST", "/models/softoft%2Fspam-de/predict", `{"inputs":"lottery"}`, 200, `"label":"spam"`},
		{"without predict", "POST", "/models/softoft/spam-de", `{"inputs":"lottery"}`, 200, `"label":"spam"`},
		{"pair", "POST", "/predict", `{"inputs":["a","b"]}`, 422, "list of lists"},
		{"pair in a batch", "POST", "/predict", `{"inputs":[["a","b"]]}`, 422, "pairs are not served"},
		{"not cut", "POST", "/predict", `{"inputs":"` + strings.Repeat("vpn ", 99) + `","truncate":false}`, 422, "truncate: true"},
		{"cut", "POST", "/predict", `{"inputs":"` + strings.Repeat("vpn ", 99) + `"}`, 200, "network"},
		{"raw", "POST", "/predict", `{"inputs":"a","raw_scores":true}`, 422, "raw_scores"},
		{"left", "POST", "/predict", `{"inputs":"a","truncation_direction":"Left"}`, 422, "right"},
		{"no inputs", "POST", "/predict", `{}`, 422, "inputs"},
		{"null", "POST", "/predict", `{"inputs":null}`, 422, "inputs"},
		{"blank", "POST", "/predict", `{"inputs":" \n"}`, 400, `"error_type":"Empty"`},
		{"empty batch", "POST", "/predict", `{"inputs":[]}`, 400, "empty"},
		{"too many", "POST", "/predict", `{"inputs":[` + strings.Repeat(`["a"],`, 32) + `["a"]]}`, 422, "at most 32"},
		{"no JSON", "POST", "/predict", `vpn`, 400, "no JSON"},
		{"large", "POST", "/predict", `{"inputs":"` + strings.Repeat("a", 3<<20) + `"}`, 413, "larger"},
		{"out of the directory", "POST", "/models/..%2F..%2Fetc/predict", `{"inputs":"a"}`, 404, "no such model"},
		{"health", "GET", "/health", "", 200, ""},
		{"info", "GET", "/info", "", 200, `"max_input_length":16`},
		{"models", "GET", "/models", "", 200, `"name":"softoft/spam-de"`},
		{"verb", "GET", "/predict", "", 405, ""},
	} {
		status, got := call(t, c.method, base+c.path, c.body, "")
		if status != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d %.200s, want %d with %q", c.name, status, got, c.status, c.want)
		}
		if status >= 400 && status != 405 && !json.Valid([]byte(got)) {
			t.Errorf("%s: the error is no JSON: %.200s", c.name, got)
		}
	}
}

func call(t *testing.T, method, url, body, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func TestToken(t *testing.T) {
	base, _ := start(t, "s3cret")
	for token, want := range map[string]int{"": 401, "wrong": 401, "s3cre": 401, "s3cret": 200} {
		if status, got := call(t, "POST", base+"/models/tiny/predict", `{"inputs":"vpn"}`, token); status != want {
			t.Errorf("token %q: %d %s", token, status, got)
		}
	}
	if status, _ := call(t, "GET", base+"/health", "", ""); status != 200 {
		t.Errorf("health without a token: %d", status)
	}
	if status, got := call(t, "POST", base+"/predict", `{"inputs":"vpn"}`, "s3cret"); status != 404 || !strings.Contains(got, "name one") {
		t.Errorf("two models and no default: %d %s", status, got)
	}
}

func TestArguments(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"--version", 0, ""},
		{"--help", 0, "POST /predict"},
		{"--nope", 2, "nope"},
		{"--listen 0.0.0.0:0", 2, tokenVar},
		{"--listen nowhere", 2, "--listen"},
		{"--keep 0", 2, "--keep"},
		{"--max-tokens 3", 2, "--max-tokens"},
		{"extra", 2, `"extra"`},
		{"--models " + empty, 1, "no model in"},
		{"--models " + empty + "/none", 1, "no model in"},
	} {
		var out logs
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		code := run(ctx, strings.Fields(c.args), func(string) string { return "" }, io.Discard, &out, nil)
		cancel()
		if code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %d %s, want %d with %q", c.args, code, &out, c.code, c.want)
		}
	}
}

// TestConsoleDoesNotLinkModels holds the console's binary free of the model runtime.
func TestConsoleDoesNotLinkModels(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/otai-tui")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	if n := bytes.Count(out, []byte("\n")); n < 100 {
		t.Fatalf("go list gave %d packages", n)
	}
	for _, module := range []string{"hugot", "gomlx", "onnx"} {
		if bytes.Contains(out, []byte(module)) {
			t.Errorf("the console links %s", module)
		}
	}
}
