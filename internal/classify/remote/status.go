package remote

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/text"
)

// Bounds of what a server may ask us to wait.
const (
	maxWait    = 24 * time.Hour
	maxLoading = 5 * time.Minute // estimated_time is a guess, and often too long
	maxSaid    = 300             // bytes of a server's own words in a message
)

// statusError classifies an answer other than 200.
func (c *Call) statusError(resp *http.Response, body []byte, now time.Time) error {
	err := fmt.Errorf("answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	if said := messageOf(body); said != "" {
		err = fmt.Errorf("%w: %s", err, c.withhold(said))
	}
	if h := hint(resp.StatusCode); h != "" {
		err = fmt.Errorf("%w; %s", err, h)
	}
	after := wait(resp.Header, body, now)
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && after > 0:
		return fault.NewRateLimited(err, after)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusFailedDependency,
		code >= 500 && code != http.StatusNotImplemented:
		return &fault.Error{Class: fault.Transient, RetryAfter: after, Err: err}
	default:
		return fault.NewPermanent(err)
	}
}

// hint says what to do about an answer.
func hint(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "check api_token"
	case http.StatusPaymentRequired:
		return "the account has no credits left"
	case http.StatusForbidden:
		return "check the rights of api_token"
	case http.StatusNotFound:
		return "check url and the model's name: the server does not know one of them"
	case http.StatusRequestEntityTooLarge:
		return "lower max_chars"
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return "the address redirects: give the address it leads to"
	default:
		return ""
	}
}

// wait reads how long the server asks to wait; 0 = not said.
func wait(h http.Header, body []byte, now time.Time) time.Duration {
	if d := retryAfter(h.Get("Retry-After"), now); d > 0 {
		return d
	}
	if d := rateLimit(h.Get("RateLimit")); d > 0 {
		return d
	}
	var loading struct {
		Estimated float64 `json:"estimated_time"`
	}
	if json.Unmarshal(body, &loading) != nil || !(loading.Estimated > 0) {
		return 0
	}
	return time.Duration(min(loading.Estimated, maxLoading.Seconds()) * float64(time.Second))
}

// retryAfter reads the header: seconds or a date; 0 = not said or already past.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(maxWait/time.Second))) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxWait)
}

// rateLimit reads `"api";r=0;t=55`: t seconds until the window starts anew. With requests remaining there is nothing to
// wait for.
func rateLimit(header string) time.Duration {
	var seconds int64
	for part := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.ParseInt(value, 10, 64)
		switch {
		case err != nil:
		case name == "r" && n > 0:
			return 0
		case name == "t":
			seconds = n
		}
	}
	return time.Duration(min(max(seconds, 0), int64(maxWait/time.Second))) * time.Second
}

// messageOf finds the server's words in the bodies that the known servers send: {"error":"…"}, {"error":{"message":"…"}},
// {"message":"…"} and {"detail":"…"}. Details in lists repeat the input and are left out.
func messageOf(body []byte) string {
	var all map[string]json.RawMessage
	if json.Unmarshal(body, &all) != nil {
		return ""
	}
	for _, key := range []string{"error", "message", "detail"} {
		var said string
		var inner struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(all[key], &said) == nil && said != "" {
			return said
		}
		if json.Unmarshal(all[key], &inner) == nil && inner.Message != "" {
			return inner.Message
		}
	}
	return ""
}

// probe is how many bytes of a text are enough to find it again in a message.
const probe = 24

// withhold makes one short line of a server's words, without the token and from the ticket's text on cut off.
func (c *Call) withhold(said string) string {
	if c.token != "" {
		said = strings.ReplaceAll(said, c.token, "***")
	}
	for _, t := range c.texts {
		if i := strings.Index(said, t[:min(probe, len(t))]); i >= 0 {
			said = said[:i] + "(text left out)"
		}
	}
	return text.Line(said, maxSaid)
}
