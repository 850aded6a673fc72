package otobo

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
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/link"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// emptyHint is what to check when a search never finds anything.
const emptyHint = "check the spelling of queue, states and priorities (upper and lower case, full path with ::) and the agent's rights; " +
	"OTOBO answers mistakes in them with an empty list"

// Client is a ticket.System. It is safe for concurrent use.
type Client struct {
	c     Config
	host  string
	http  *http.Client
	link  *link.Link  // every request goes through it
	notes *keyedLocks // by ticket: look-up and write of a note go together
	empty *ticket.EmptyPolls
}

// New checks the configuration; nothing is reached yet.
func New(c Config) (*Client, error) {
	c, err := c.Checked()
	if err != nil {
		return nil, err
	}
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, fault.NewPermanent(err)
	}
	l, err := link.New(c.Link)
	if err != nil {
		return nil, err
	}
	return &Client{
		c: c, host: u.Scheme + "://" + u.Host, link: l, notes: newKeyedLocks(),
		empty: &ticket.EmptyPolls{After: c.EmptyWarn, Log: c.Log, Hint: emptyHint},
		http: &http.Client{
			Transport: transport,
			// A redirect would carry the password elsewhere, or drop the body.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Describe says which system this is.
func (c *Client) Describe() string { return "OTOBO/Znuny " + c.host }

// Health says how the server does.
func (c *Client) Health() link.Health { return c.link.Health() }

// Close gives the idle connections back.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// call runs one operation and decodes its answer into out. The credentials go with every call: sessions end two hours
// after they began, however busy, and are bound to an address.
func (c *Client) call(ctx context.Context, op string, params map[string]any, out any) error {
	body := maps.Clone(params)
	body["UserLogin"], body["Password"] = c.c.Username, c.c.Password
	payload, err := json.Marshal(body)
	if err != nil {
		return fault.NewPermanent(fmt.Errorf("%s: %w", op, err))
	}
	var reply []byte
	err = c.link.Do(ctx, func(ctx context.Context) (err error) {
		reply, err = c.exchange(ctx, op, payload)
		return c.redact(err)
	})
	if err != nil {
		return c.named(op, err)
	}
	if err := json.Unmarshal(reply, out); err != nil {
		return fault.NewPermanent(fmt.Errorf("%s: the answer has an unexpected form: %w", op, err))
	}
	return nil
}

// exchange does the HTTP part.
func (c *Client) exchange(ctx context.Context, op string, payload []byte) ([]byte, error) {
	send, end := ctx, context.CancelFunc(func() {})
	if op == opUpdate || op == opCreate {
		send, end = link.Linger(ctx)
	}
	defer end()
	ownCtx, cancel := context.WithTimeout(send, c.c.Timeout)
	defer cancel()
	var connected atomic.Bool // from here on the server may have read the request
	traced := httptrace.WithClientTrace(ownCtx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	address := c.c.BaseURL + "/Webservice/" + url.PathEscape(c.c.Webservice) + "/" + c.c.Operations[op]
	req, err := http.NewRequestWithContext(traced, c.c.Methods[op], address, bytes.NewReader(payload))
	if err != nil {
		return nil, fault.NewPermanent(fmt.Errorf("%s: %w", op, err))
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "otai-tui")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.lost(ctx, op, err, connected.Load())
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, c.c.maxReply+1))
	switch {
	case err != nil:
		return nil, c.lost(ctx, op, err, true)
	case int64(len(reply)) > c.c.maxReply:
		return nil, fault.NewPermanent(&Error{
			Op: op, Status: resp.StatusCode, Kind: KindTooLarge, Message: fmt.Sprintf("the answer is larger than %d MiB", c.c.maxReply>>20),
		})
	}
	return reply, answer(op, resp.StatusCode, resp.Header, reply)
}

// lost classes an exchange that ended without an answer.
func (c *Client) lost(ctx context.Context, op string, err error, connected bool) error {
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err // its text repeats the address
	}
	var bad *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("%s: %w", op, ctx.Err())
	case errors.As(err, &bad):
		return fault.Permanentf("%s at %s: %w; verify can name a CA file", op, c.host, err)
	case errors.Is(err, context.DeadlineExceeded):
		err = fault.NewTimeout(fmt.Errorf("%s at %s: no answer within %s", op, c.host, c.c.Timeout))
	default:
		err = fault.NewTransient(fmt.Errorf("%s at %s: %w", op, c.host, err))
	}
	if connected {
		return sentError{err}
	}
	return err
}

// named says which server and operation a refusal of the link is about; the server's own errors say so already.
func (c *Client) named(op string, err error) error {
	if fault.WasTried(err) && err != context.Canceled && err != context.DeadlineExceeded { //nolint:errorlint // bare, from the link
		return err
	}
	return fmt.Errorf("%s at %s: %w", op, c.host, err)
}

// redact takes the password out of an answer that repeats it.
func (c *Client) redact(err error) error {
	var e *Error
	if errors.As(err, &e) && strings.Contains(e.Message, c.c.Password) {
		e.Message = strings.ReplaceAll(e.Message, c.c.Password, "***")
	}
	return err
}
