package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
)

const maxAnswer = 64 << 10 // read of an answer, so that its connection can be used again

// client does not follow redirects: they would hand our headers to somebody else.
func client() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (r Receiver) post(ctx context.Context, m Message, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(body))
	if err != nil {
		return fault.Permanentf("the URL cannot be used: %w", withoutURL(err))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "otai-tui")
	for name, value := range r.Headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Idempotency-Key", m.ID)
	resp, err := client().Do(req)
	if err != nil {
		return fault.NewTransient(withoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // the status has said it all
	return statusError(resp, time.Now())
}

// withoutURL takes the address out of an error: it may contain a token.
func withoutURL(err error) error {
	var in *url.Error
	if errors.As(err, &in) {
		return in.Err
	}
	return err
}

// statusError is nil for 2xx. A 4xx says that the request is wrong and will stay so, but for those that ask to come again.
func statusError(resp *http.Response, now time.Time) error {
	code := resp.StatusCode
	err := fmt.Errorf("answered %d %s", code, http.StatusText(code))
	switch {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return fault.NewRateLimited(err, fault.ParseRetryAfter(resp.Header.Get("Retry-After"), now))
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code < 400 || code >= 500:
		return fault.NewTransient(err)
	default:
		return fault.NewPermanent(err)
	}
}
