package remote

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
)

// Bounds of one answer.
const (
	maxAnswer = 4 << 20
	maxError  = 16 << 10
)

// Call is one exchange with the server. It is used by one goroutine.
type Call struct {
	c     *Classifier
	base  string
	token string
	texts []string // of the tickets: kept out of messages
}

// Post sends body as JSON to the base address and path, and reads the answer into dst. A base address that ends in path
// already is taken as it is. Errors are classed; they show neither the token nor the text.
func (c *Call) Post(ctx context.Context, path string, body, dst any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fault.Permanentf("write the question: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, join(c.base, path), bytes.NewReader(data))
	if err != nil {
		return fault.Permanentf("the address cannot be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "otai-tui")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.c.client.Do(req)
	if err != nil {
		return netError(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		// An error's text helps, but the status alone says what to do.
		said, _ := io.ReadAll(io.LimitReader(resp.Body, maxError))
		return c.statusError(resp, said, time.Now())
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer: %w", netError(ctx, err))
	case len(answer) > maxAnswer:
		return fault.Permanentf("the answer is longer than %d MiB", maxAnswer>>20)
	}
	if err := json.Unmarshal(answer, dst); err != nil {
		if said := messageOf(answer); said != "" {
			return fault.Transientf("the server says: %s", c.withhold(said))
		}
		return fault.Permanentf("the answer is not understood (%s); is this the right kind of server?", reason(err))
	}
	return nil
}

// reason tells a decoding error without showing the answer.
func reason(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return "no JSON"
	case errors.As(err, &kind):
		return fmt.Sprintf("unexpected %s", kind.Value)
	default:
		return err.Error()
	}
}

func join(base, path string) string {
	base = strings.TrimRight(base, "/")
	if strings.HasSuffix(base, path) {
		return base
	}
	return base + path
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
	if errors.As(err, &cert) {
		return fault.NewPermanent(err)
	}
	return fault.NewTransient(fmt.Errorf("%w (a model server that is loading does not answer yet)", err))
}
