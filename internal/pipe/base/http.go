package base

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// Bounds of one HTTP call.
const (
	maxBody      = 1 << 20
	maxRedirects = 5
)

type httpParams struct {
	Method  string            `param:"method" default:"GET" doc:"GET, POST, PUT, PATCH, DELETE, HEAD"`
	URL     string            `param:"url,required" doc:"address, http or https"`
	Headers map[string]string `param:"headers" doc:"request headers; never shown"`
	Body    string            `param:"body" doc:"request body as text"`
	JSON    any               `param:"json" doc:"request body as data, sent as JSON"`
	Expect  any               `param:"expect" default:"200-299" doc:"status codes that are a success: 200, \"200-299\", \"2xx\", or a list of those"`
	Timeout time.Duration     `param:"timeout" default:"30s" doc:"time for the whole call"`
	Safe    bool              `param:"safe" default:"false" doc:"it changes nothing, so a dry run makes the call, too"`
}

func httpSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:HTTPPipe", Aliases: []string{"HttpPipe"}, Params: &httpParams{},
		Doc: "Calls an address; the result has status, headers, body (at most 1 MiB, else truncated) and json. Retry-After is honoured; " +
			"writing methods carry an Idempotency-Key that stays the same over attempts.",
		New: func() pipe.Pipe { return pipe.Func(callHTTP) }, Dry: dryHTTP,
	}
}

func callHTTP(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p httpParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	want, err := parseExpect(p.Expect)
	if err != nil {
		return pipe.Result{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.Timeout, fault.NewTimeout(fmt.Errorf("no answer within %s", p.Timeout)))
	defer cancel()
	req, err := p.request(ctx, c.Key)
	if err != nil {
		return pipe.Result{}, err
	}
	name := req.Method + " " + shown(req.URL)
	started := time.Now()
	resp, err := p.client(req.URL).Do(req)
	if err != nil {
		return pipe.Result{}, fmt.Errorf("%s: %w", name, netError(ctx, err))
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up; nothing is lost
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return pipe.Result{}, fmt.Errorf("%s: read the answer: %w", name, netError(ctx, err))
	}
	truncated := len(body) > maxBody
	body = body[:min(len(body), maxBody)]
	c.Log.Info(fmt.Sprintf("%s: %s", name, resp.Status), "took", time.Since(started).Round(time.Millisecond).String(), "bytes", len(body))
	if !want.has(resp.StatusCode) {
		return pipe.Result{}, fmt.Errorf("%s: %w", name, statusError(resp, want, time.Now()))
	}
	return pipe.Success(resp.Status, map[string]any{
		"status": resp.StatusCode, "headers": headerData(resp.Header), "body": strings.ToValidUTF8(string(body), "\uFFFD"), "truncated": truncated,
		"json": decodeJSON(body),
	}), nil
}

func (p httpParams) request(ctx context.Context, key string) (*http.Request, error) {
	u, err := url.Parse(p.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		// The address itself may hold a secret.
		return nil, fault.Permanentf("url is not an http or https address")
	}
	if p.Body != "" && p.JSON != nil {
		return nil, fault.Permanentf("give body or json, not both")
	}
	body, kind := []byte(p.Body), ""
	if p.JSON != nil {
		if body, err = json.Marshal(p.JSON); err != nil {
			return nil, fault.Permanentf("json: %w", err)
		}
		kind = "application/json"
	}
	method := strings.ToUpper(strings.TrimSpace(p.Method))
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fault.Permanentf("method %q or url cannot be used", p.Method)
	}
	req.Header.Set("User-Agent", "otai-tui")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if key != "" && slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, method) {
		req.Header.Set("Idempotency-Key", key)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Headers)) {
		if strings.EqualFold(name, "Host") {
			req.Host = p.Headers[name]
			continue
		}
		req.Header.Set(name, p.Headers[name])
	}
	return req, nil
}

// client follows a few redirects and hands the configured headers to the first host only: they may hold secrets.
func (p httpParams) client(first *url.URL) *http.Client {
	return &http.Client{CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fault.Permanentf("more than %d redirects", maxRedirects)
		}
		if req.URL.Host != first.Host || (first.Scheme == "https" && req.URL.Scheme != "https") {
			for name := range p.Headers {
				req.Header.Del(name)
			}
			req.Header.Del("Idempotency-Key")
			req.Header.Del("Referer")
		}
		return nil
	}}
}

// shown is an address without user, query and fragment.
func shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// netError classifies what kept an answer from coming, without the address that net/http puts into its errors.
func netError(ctx context.Context, err error) error {
	var classed *fault.Error
	if cause := context.Cause(ctx); cause != nil {
		if errors.As(cause, &classed) {
			return cause
		}
		return ctx.Err()
	}
	var in *url.Error
	if errors.As(err, &in) {
		err = in.Err
	}
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &classed):
		return err
	case errors.As(err, &cert):
		return fault.NewPermanent(err)
	default:
		return fault.NewTransient(err)
	}
}

// statusError classifies an answer that was not expected.
func statusError(resp *http.Response, want statusSet, now time.Time) error {
	err := fmt.Errorf("answered %s, expected %s", resp.Status, want)
	after := fault.ParseRetryAfter(resp.Header.Get("Retry-After"), now)
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && after > 0:
		return fault.NewRateLimited(err, after)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code >= 500 && code != http.StatusNotImplemented:
		return fault.NewTransient(err)
	default:
		return fault.NewPermanent(err)
	}
}

// headerData gives the answer's headers in lower case, without what could be used to act as us.
func headerData(h http.Header) map[string]any {
	out := map[string]any{}
	for name, values := range h {
		switch textproto.CanonicalMIMEHeaderKey(name) {
		case "Set-Cookie", "Authorization", "Www-Authenticate", "Proxy-Authenticate":
		default:
			out[strings.ToLower(name)] = strings.Join(values, ", ")
		}
	}
	return out
}

// decodeJSON gives the body as data, nil when it is no JSON. Whole numbers stay whole.
func decodeJSON(body []byte) any {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || dec.More() {
		return nil
	}
	return plainNumbers(v)
}

func plainNumbers(v any) any {
	switch x := v.(type) {
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return n
		}
		if f, err := x.Float64(); err == nil {
			return f
		}
		return x.String()
	case []any:
		for i := range x {
			x[i] = plainNumbers(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = plainNumbers(x[k])
		}
	}
	return v
}

// statusSet is a set of status codes as ranges.
type statusSet []statusRange

type statusRange struct{ from, to int }

func (s statusSet) has(code int) bool {
	return slices.ContainsFunc(s, func(r statusRange) bool { return r.from <= code && code <= r.to })
}

func (s statusSet) String() string {
	parts := make([]string, len(s))
	for i, r := range s {
		parts[i] = strconv.Itoa(r.from)
		if r.to != r.from {
			parts[i] += "-" + strconv.Itoa(r.to)
		}
	}
	return strings.Join(parts, ", ")
}

func parseExpect(v any) (statusSet, error) {
	items, ok := v.([]any)
	if !ok {
		items = []any{v}
	}
	var out statusSet
	for _, item := range items {
		for text := range strings.SplitSeq(fmt.Sprint(item), ",") {
			r, ok := parseRange(strings.TrimSpace(text))
			if !ok {
				return nil, fault.Permanentf("expect: %q is no status code; write 200, \"200-299\" or \"2xx\"", text)
			}
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return nil, fault.Permanentf("expect: the list is empty")
	}
	return out, nil
}

func parseRange(text string) (statusRange, bool) {
	if digit, ok := strings.CutSuffix(strings.ToLower(text), "xx"); ok {
		n, err := strconv.Atoi(digit)
		return statusRange{n * 100, n*100 + 99}, err == nil && n >= 1 && n <= 5
	}
	from, to, ranged := strings.Cut(text, "-")
	if !ranged {
		to = from
	}
	a, errA := strconv.Atoi(strings.TrimSpace(from))
	b, errB := strconv.Atoi(strings.TrimSpace(to))
	return statusRange{a, b}, errA == nil && errB == nil && a >= 100 && a <= b && b <= 599
}
