package otobotest

import (
	"net/http"
	"strconv"
)

func (s *Server) fault(call Call) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) > 0 {
		f := s.faults[0]
		s.faults = s.faults[1:]
		return f
	}
	if s.o.Fault != nil {
		return s.o.Fault(call)
	}
	return NoFault
}

// before lets the faults happen that come instead of the work.
func (s *Server) before(what Fault, w http.ResponseWriter, r *http.Request) (*reply, bool) {
	give := func(rep reply) (*reply, bool) { return &rep, true }
	switch what {
	case DropBefore:
		drop(w)
		return nil, true
	case Hang:
		<-r.Context().Done()
		return nil, true
	case FaultObject:
		return give(faultObject("Unknown"))
	case Plain500:
		return give(plain(http.StatusInternalServerError, "Internal Server Error"))
	case TooLarge:
		return give(plain(http.StatusRequestEntityTooLarge, "Payload Too Large"))
	case Page404:
		return give(page(http.StatusNotFound, "404 Not Found"))
	case BadGateway:
		return give(page(http.StatusBadGateway, "502 Bad Gateway"))
	case TooMany:
		if s.o.Retry > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(s.o.Retry))
		}
		return give(plain(http.StatusTooManyRequests, "Too Many Requests"))
	case LoginPage:
		return give(page(http.StatusOK, "Login"))
	case Redirect:
		w.Header().Set("Location", "/elsewhere")
		return give(plain(http.StatusFound, ""))
	}
	return nil, false
}

// after answers, or lets the faults happen that hide what was done.
func (s *Server) after(what Fault, answer reply, w http.ResponseWriter, r *http.Request) {
	switch what {
	case DropAfter:
		drop(w)
	case HangAfter:
		<-r.Context().Done()
	case BadGatewayAfter:
		page(http.StatusBadGateway, "502 Bad Gateway").write(w)
	case Cut:
		w.Header().Set("Content-Type", answer.kind)
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(answer.body[:len(answer.body)/2]) // the client may be gone
	default:
		answer.write(w)
	}
}

// drop ends the connection without an answer.
func drop(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler) // HTTP/2 ends the stream
	}
	conn, _, err := hijacker.Hijack()
	if err == nil {
		_ = conn.Close()
	}
}
