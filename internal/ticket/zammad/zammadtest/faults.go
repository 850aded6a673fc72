package zammadtest

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is what happens to a request instead of its answer.
type Fault int

// The faults.
const (
	NoFault         Fault = iota
	DropBefore            // the connection ends, nothing is done
	DropAfter             // the work is done, then the connection ends
	Hang                  // the work is not done; no answer until the client goes
	HangAfter             // the work is done; no answer until the client goes
	Error500              // 500 with the masked error that agents get
	BadGatewayAfter       // the work is done, 502 with a page
	TooMany               // 429 with Server.Retry
	Maintenance           // 403, for the time being
	Late                  // no answer until the client goes; the work is done LateBy after that
)

// LateBy is how long after the client has gone a Late request is carried out.
const LateBy = 50 * time.Millisecond

func (s *Server) fault(r *http.Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if s.Fault == nil {
		return NoFault
	}
	return s.Fault(s.requests, r)
}

// Requests is how many requests there were.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// before lets the faults happen that come instead of the work; true = one did.
func (s *Server) before(what Fault, w http.ResponseWriter, r *http.Request) bool {
	switch what {
	case DropBefore:
		drop(w)
	case Hang:
		hang(r)
	case Error500:
		fail(w, http.StatusInternalServerError, "Error ID 7aXcE: Please contact your administrator.")
	case TooMany:
		if s.Retry > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(s.Retry))
		}
		w.WriteHeader(http.StatusTooManyRequests)
	case Late:
		body, err := io.ReadAll(r.Body)
		<-r.Context().Done()
		<-time.After(LateBy)
		if path, ok := strings.CutPrefix(r.URL.Path, "/api/v1"); ok && err == nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
			s.answer(r, path)
		}
	case Maintenance:
		fail(w, http.StatusForbidden, "Maintenance mode enabled!")
	default:
		return false
	}
	return true
}

// after lets the faults happen that hide what was done; true = one did.
func (s *Server) after(what Fault, w http.ResponseWriter, r *http.Request) bool {
	switch what {
	case DropAfter:
		drop(w)
	case HangAfter:
		hang(r)
	case BadGatewayAfter:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
	default:
		return false
	}
	return true
}

// hang waits until the client goes. The body must have been read to its end, or the server does not notice.
func hang(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// drop ends the connection without an answer.
func drop(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler) // HTTP/2 ends the stream
	}
	if conn, _, err := hijacker.Hijack(); err == nil {
		_ = conn.Close()
	}
}
