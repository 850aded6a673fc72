// Package otobotest is a stateful stand-in for OTOBO's generic interface over real HTTP and TLS, written from exchanges
// recorded with OTOBO 11.0.6: a moved ticket is moved, errors come with status 200, names that do not exist find nothing.
package otobotest

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Right of the agent in a queue.
type Right int

// The rights; the zero value is all of them.
const (
	Full     Right = iota
	ReadOnly       // read, not move into, not create, no notes
	None
)

// Options of a server; the zero value is usable.
type Options struct {
	Username string           // default open_ticket_ai
	Password string           // default otai-agent-pass
	Service  string           // default OpenTicketAI
	Prefix   string           // default /otobo/nph-genericinterface.pl
	Queues   map[string]Right // nil = those of the recordings
	Fields   []string         // dynamic fields of tickets; nil = AiConfidence and AiTags
	TLS      bool
	NoData   bool                  // IncludeTicketData is off: writes answer with ids only
	MaxSize  int                   // bytes of a request; default 10,000,000
	Location *time.Location        // of the times in answers; default UTC
	Clock    func() time.Time      // default time.Now
	Fault    func(call Call) Fault // asked once per call; nil = none
	Keep     int                   // how many requests Calls keeps; default 1000
	Retry    int                   // seconds of Retry-After that TooMany asks for; default 7, below 0 = it does not say
}

// Call is one request.
type Call struct {
	N    int // from 1
	Op   string
	Body map[string]any // without the password
}

// Fault is what happens to a call instead of its answer.
type Fault int

// The faults.
const (
	NoFault         Fault = iota
	DropBefore            // the connection ends, nothing is done
	DropAfter             // the work is done, then the connection ends
	Hang                  // the work is not done; no answer until the client goes
	HangAfter             // the work is done; no answer until the client goes
	FaultObject           // 500 with a fault object
	Plain500              // 500 "Internal Server Error"
	TooLarge              // 413
	Page404               // 404 with a page
	BadGateway            // 502 with a page
	BadGatewayAfter       // the work is done, 502 with a page
	TooMany               // 429 with Options.Retry
	LoginPage             // 200 with a page
	Cut                   // 200, the answer breaks off
	Redirect              // 302
	Late                  // no answer until the client goes; the work is done LateBy after that
)

// LateBy is how long after the client has gone a Late call is carried out.
const LateBy = 50 * time.Millisecond

// Server is a running server. It is safe for concurrent use; mu guards everything below it.
type Server struct {
	http *httptest.Server
	o    Options

	mu       sync.Mutex
	queues   []queue
	tickets  []*record
	articles int
	number   int
	calls    []Call
	total    int
	faults   []Fault
	inFlight int
	most     int
}

type queue struct {
	id    int
	name  string
	right Right
}

// Start starts a server; Close ends it.
func Start(o Options) *Server {
	def(&o.Username, "open_ticket_ai")
	def(&o.Password, "otai-agent-pass")
	def(&o.Service, "OpenTicketAI")
	def(&o.Prefix, "/otobo/nph-genericinterface.pl")
	def(&o.MaxSize, 10_000_000)
	def(&o.Keep, 1000)
	def(&o.Retry, 7)
	if o.Fields == nil {
		o.Fields = []string{"AiConfidence", "AiTags"}
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s := &Server{o: o}
	names := []string{"Postmaster", "Raw", "Junk", "Misc", "Incoming", "Incoming::AI", "Support", "Support::Billing", "Network", "Hardware"}
	if o.Queues == nil {
		o.Queues = map[string]Right{"HR Secret": None, "Archive": ReadOnly}
	} else {
		names = nil
	}
	for _, name := range names {
		s.queues = append(s.queues, queue{id: len(s.queues) + 1, name: name})
	}
	for _, name := range sortedKeys(o.Queues) {
		s.queues = append(s.queues, queue{id: len(s.queues) + 1, name: name, right: o.Queues[name]})
	}
	s.http = httptest.NewUnstartedServer(s)
	s.http.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // refused handshakes
	if o.TLS {
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	return s
}

func def[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// BaseURL is what to configure.
func (s *Server) BaseURL() string { return s.http.URL + s.o.Prefix }

// Certificate is the server's own, with Options.TLS.
func (s *Server) Certificate() *x509.Certificate { return s.http.Certificate() }

// Close ends the server and its connections.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// Inject lets the next calls meet the faults, one each.
func (s *Server) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Calls gives the requests so far, without passwords; at most Options.Keep.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// Total is how many requests there were.
func (s *Server) Total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// MostAtOnce is the largest number of calls that were there at a time.
func (s *Server) MostAtOnce() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

type reply struct {
	status int
	kind   string
	body   []byte
}

func plain(status int, body string) reply { return reply{status, "text/plain", []byte(body)} }

func object(v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		return plain(http.StatusInternalServerError, err.Error())
	}
	return reply{http.StatusOK, "application/json; charset=UTF-8", body}
}

func failure(op, kind, message string) reply {
	return object(map[string]any{"Error": map[string]any{"ErrorCode": op + "." + kind, "ErrorMessage": op + ": " + message}})
}

func faultObject(text string) reply {
	body, _ := json.Marshal(map[string]string{"faultcode": "Server", "faultstring": text}) // strings cannot fail
	return plain(http.StatusInternalServerError, string(body))
}

func page(status int, title string) reply {
	body := "<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"
	return reply{status, "text/html", []byte(body)}
}

func (r reply) write(w http.ResponseWriter) {
	if r.kind != "" {
		w.Header().Set("Content-Type", r.kind)
	} else {
		w.Header()["Content-Type"] = nil
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body) // the client may be gone
}

// ServeHTTP finds the operation, lets the fault happen and answers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(s.o.MaxSize)+1))
	if err != nil {
		return
	}
	op, refused := s.route(r)
	if refused != nil {
		refused.write(w)
		return
	}
	if len(body) > s.o.MaxSize {
		plain(http.StatusRequestEntityTooLarge, "Payload Too Large").write(w)
		return
	}
	call, params, bad := s.begin(op, body)
	defer s.end()
	what := s.fault(call)
	if what == Late && bad == nil {
		<-r.Context().Done()
		<-time.After(LateBy)
		s.run(op, params)
		return
	}
	if instead, ok := s.before(what, w, r); ok {
		if instead != nil {
			instead.write(w)
		}
		return
	}
	answer := bad
	if answer == nil {
		got := s.run(op, params)
		answer = &got
	}
	s.after(what, *answer, w, r)
}

// route gives the operation, or what is answered where there is none.
func (s *Server) route(r *http.Request) (string, *reply) {
	refuse := func(rep reply) (string, *reply) { return "", &rep }
	rest, ok := strings.CutPrefix(r.URL.Path, s.o.Prefix)
	if !ok {
		return refuse(page(http.StatusNotFound, "404 Not Found"))
	}
	rest, ok = strings.CutPrefix(rest, "/Webservice/"+s.o.Service+"/")
	if !ok {
		return refuse(reply{status: http.StatusInternalServerError})
	}
	routes := map[string]struct{ op, verb string }{
		"ticket-search": {"TicketSearch", "POST"}, "ticket-get": {"TicketGet", "POST"},
		"ticket-update": {"TicketUpdate", "PUT"}, "ticket-create": {"TicketCreate", "POST"},
	}
	if route, ok := routes[rest]; ok && route.verb == r.Method {
		return route.op, nil
	}
	return refuse(plain(http.StatusInternalServerError, "HTTP::REST Error while determine Operation for request URI '/"+rest+"'."))
}

// begin decodes the body and notes the call.
func (s *Server) begin(op string, body []byte) (Call, map[string]any, *reply) {
	var bad *reply
	refuse := func(r reply) { bad = &r }
	var value any
	params := map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	switch err := decoder.Decode(&value); {
	case len(body) > 0 && err != nil:
		refuse(plain(http.StatusInternalServerError, "Error while decoding request content."))
	default:
		switch v := value.(type) {
		case map[string]any:
			if params = v; len(v) == 0 {
				refuse(plain(http.StatusInternalServerError, "Unsupported request content structure."))
			}
		case []any:
			refuse(failure(op, "MissingParameter", "The request is empty!"))
		case nil:
		default:
			refuse(plain(http.StatusInternalServerError, "Unsupported request content structure."))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total++
	s.inFlight++
	s.most = max(s.most, s.inFlight)
	call := Call{N: s.total, Op: op, Body: map[string]any{}}
	for k, v := range params {
		if k != "Password" {
			call.Body[k] = v
		}
	}
	if len(s.calls) < s.o.Keep {
		s.calls = append(s.calls, call)
	}
	return call, params, bad
}

func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
}
