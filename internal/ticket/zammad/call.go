package zammad

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/link"
	"github.com/openticketai/otai-tui/internal/text"
)

// Bounds of one answer.
const (
	maxAnswer = 16 << 20
	maxError  = 16 << 10
	maxSaid   = 300
)

// errNotFound marks an answer of 404.
var errNotFound = errors.New("no such thing")

// errUncertain marks failures after which a write may have happened all the same.
var errUncertain = errors.New("whether it was done is not known")

// call sends one request, when the link lets it through, and reads the answer into dst. Errors are classed and show neither
// the token nor what was sent.
func (c *Client) call(ctx context.Context, method, path string, body, dst any) error {
	return c.link.Do(ctx, func(ctx context.Context) error { return c.exchange(ctx, method, path, body, dst) })
}

// searchPath is where a search of the database is posted to, which changes nothing.
const searchPath = "/tickets/search"

func (c *Client) exchange(caller context.Context, method, path string, body, dst any) error {
	send, end := caller, context.CancelFunc(func() {})
	if method != http.MethodGet && path != searchPath {
		send, end = link.Linger(caller)
	}
	defer end()
	timeout := fault.NewTimeout(fmt.Errorf("no answer within %s", c.o.Timeout))
	ctx, cancel := context.WithTimeoutCause(send, c.o.Timeout, timeout)
	defer cancel()
	netError := func(err error) error {
		if caller.Err() != nil {
			return netError(caller, err)
		}
		return netError(ctx, err)
	}
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" { // nothing was sent
			return netError(err)
		}
		return uncertain(method, netError(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, maxError)) // the status alone says what to do
		err := c.statusError(resp, said)
		if resp.StatusCode >= http.StatusInternalServerError {
			return uncertain(method, err)
		}
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return uncertain(method, netError(err))
	case len(answer) > maxAnswer:
		return fault.Permanentf("the answer is longer than %d MiB", maxAnswer>>20)
	}
	if dst == nil {
		return nil
	}
	if err := json.Unmarshal(answer, dst); err != nil {
		return fault.Permanentf("the answer is not understood; is base_url the address of a Zammad?")
	}
	return nil
}

func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, fault.Permanentf("write the request: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1"+path, bytes.NewReader(data))
	if err != nil {
		return nil, fault.Permanentf("the address cannot be used")
	}
	req.Header.Set("Authorization", "Token token="+c.o.Token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "otai-tui")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// uncertain marks a writing request's failure. Its class stays.
func uncertain(method string, err error) error {
	if method == http.MethodGet {
		return err
	}
	return fmt.Errorf("%w (%w)", err, errUncertain)
}

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
	if errors.As(err, &cert) {
		return fault.Permanentf("%w; verify takes the path of a CA file", err)
	}
	return fault.NewTransient(err)
}

// statusError classifies an answer. A 403 is final but for maintenance, which the text tells.
func (c *Client) statusError(resp *http.Response, body []byte) error {
	err := fmt.Errorf("answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	said := messageOf(body)
	if said == "" {
		said = resp.Header.Get("X-Failure")
	}
	if said != "" {
		err = fmt.Errorf("%w: %s", err, text.Line(strings.ReplaceAll(said, c.o.Token, "***"), maxSaid))
	}
	after := fault.ParseRetryAfter(resp.Header.Get("Retry-After"), c.o.Clock())
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && after > 0:
		return fault.NewRateLimited(err, after)
	case code == http.StatusForbidden && strings.Contains(strings.ToLower(said), "maintenance"),
		code == http.StatusRequestTimeout, code >= http.StatusInternalServerError && code != http.StatusNotImplemented:
		return fault.NewTransient(err)
	case code == http.StatusUnauthorized:
		return fault.Permanentf("%w; check access_token", err)
	case code == http.StatusNotFound:
		return fault.Permanentf("%w (%w)", err, errNotFound)
	default:
		return fault.NewPermanent(err)
	}
}

// messageOf reads {"error":"…","error_human":"…"}; the human one is said to people.
func messageOf(body []byte) string {
	var said struct {
		Error string `json:"error"`
		Human string `json:"error_human"`
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	if said.Human != "" {
		return said.Human
	}
	return said.Error
}
