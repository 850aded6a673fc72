// Package zammadtest is a small Zammad for tests: stateful, with the replies, error bodies and quirks of the real one as far
// as the client meets them.
package zammadtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Token is the access token that the server takes.
const Token = "test-token-1234567890"

// Server is the handler. Its fields are set before it is used.
type Server struct {
	Shape    string                             // of search replies: "" = list, "old", "full", "records"
	Admin    bool                               // the token may list groups
	NoIndex  bool                               // no Elasticsearch: field queries find nothing
	Lag      bool                               // the index never learns of changes after a ticket's creation
	MaxPage  int                                // 0 = 200
	PageSeen []int                              // per_page of the searches; guarded by the server's lock, read it when all is done
	Fields   []string                           // custom attributes of tickets; nil = ai_confidence
	Groups   []string                           // nil = Users, Incoming, IT, IT::Network; ids count from 1
	Rights   map[string]string                  // of the token in a group, by its name: "read", "change", "full"; nil = full in all
	Fault    func(n int, r *http.Request) Fault // asked once per request, n counts from 1; nil = none
	Retry    int                                // seconds of Retry-After that TooMany asks for; 0 = it does not say

	// Before may answer a request instead of the server; true = it did. After a request was carried out, Drop tells whether
	// the connection ends without a reply.
	Before func(w http.ResponseWriter, r *http.Request) bool
	Drop   func(r *http.Request) bool

	mu       sync.Mutex
	tickets  []*Ticket
	articles int64
	bodies   []string // of writing requests
	requests int
}

// Ticket is one stored ticket.
type Ticket struct {
	ID, Group, State, Priority, Owner, Customer int64
	Title, CustomerLogin, Pending               string
	Created, Updated                            time.Time
	Articles                                    []map[string]any
	Custom                                      map[string]any
	indexed                                     *Ticket
}

var (
	usual      = []string{"Users", "Incoming", "IT", "IT::Network"}
	states     = [][2]string{{"new", "new"}, {"open", "open"}, {"pending reminder", "pending reminder"}, {"closed", "closed"}, {"merged", "merged"}}
	priorities = []string{"1 low", "2 normal", "3 high"}
)

// New makes an empty server.
func New() *Server { return &Server{} }

// Writes gives the bodies of the writing requests so far.
func (s *Server) Writes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bodies)
}

// Article adds an article as a mail or phone call does.
func (s *Server) Article(id int64, contentType, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addArticle(s.tickets[id-1], map[string]any{"content_type": contentType, "body": body, "type": "email", "internal": false})
}

// ServeHTTP answers as Zammad.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what := s.fault(r)
	if s.before(what, w, r) {
		return
	}
	if s.Before != nil && s.Before(w, r) {
		return
	}
	switch r.Header.Get("Authorization") {
	case "Token token=" + Token:
	case "":
		fail(w, http.StatusForbidden, "Authentication required")
		return
	default:
		fail(w, http.StatusUnauthorized, "Can't find User for token")
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v1")
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	status, reply := s.answer(r, path)
	if s.Drop != nil && s.Drop(r) {
		what = DropAfter
	}
	if s.after(what, w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(reply) // the client may be gone
}

// answer does the work, and writes the reply while nobody changes what is in it.
func (s *Server) answer(r *http.Request, path string) (int, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status, reply := s.route(r, path)
	if said, bad := reply.(string); bad {
		reply = map[string]any{"error": said}
	}
	text, err := json.Marshal(reply)
	if err != nil {
		return http.StatusInternalServerError, nil
	}
	return status, text
}

func fail(w http.ResponseWriter, status int, message string) {
	w.Header().Set("X-Failure", message)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": message})
}

func (s *Server) route(r *http.Request, path string) (int, any) {
	var body map[string]any
	if r.Method != http.MethodGet {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return http.StatusBadRequest, "invalid JSON"
		}
		text, _ := json.Marshal(body)
		s.bodies = append(s.bodies, r.Method+" "+path+" "+string(text))
	}
	expand := r.URL.Query().Get("expand") == "true" || body["expand"] == true
	switch head, tail := r.Method+" "+path, path[strings.LastIndexByte(path, '/')+1:]; {
	case head == "GET /groups" && !s.Admin:
		return http.StatusForbidden, "Not authorized (user)!"
	case head == "GET /groups":
		return list(s.groups())
	case head == "GET /users/me":
		return s.me(expand)
	case head == "GET /ticket_priorities":
		return list(priorities)
	case head == "GET /ticket_states":
		return stateList(expand)
	case head == "GET /tickets":
		first := []any{}
		for _, t := range s.tickets[:min(1, len(s.tickets))] {
			first = append(first, s.json(t, expand))
		}
		return http.StatusOK, first
	case head == "GET /tickets/search":
		return s.search(r.URL.Query().Get("query"), nil, number(r.URL.Query().Get("page")), number(r.URL.Query().Get("per_page")))
	case head == "POST /tickets/search":
		c, _ := body["condition"].(map[string]any)
		return s.search("", c, int(body["page"].(float64)), int(body["per_page"].(float64)))
	case head == "POST /tickets":
		return s.create(body)
	case strings.HasPrefix(head, "GET /ticket_articles/by_ticket/"), strings.HasPrefix(head, "GET /tickets/"),
		strings.HasPrefix(head, "PUT /tickets/"):
		id := number(tail)
		if id < 1 || id > len(s.tickets) {
			return http.StatusNotFound, fmt.Sprintf("Couldn't find Ticket with 'id'=%s", tail)
		}
		t := s.tickets[id-1]
		switch {
		case strings.Contains(path, "by_ticket"):
			return http.StatusOK, t.Articles
		case r.Method == http.MethodPut:
			return s.update(t, body, expand)
		default:
			return http.StatusOK, s.json(t, expand)
		}
	}
	return http.StatusNotFound, "No route matches"
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func list(names []string) (int, any) {
	out := make([]any, len(names))
	for i, name := range names {
		out[i] = map[string]any{"id": i + 1, "name": name, "active": true}
	}
	return http.StatusOK, out
}

func stateList(expand bool) (int, any) {
	out := make([]any, len(states))
	for i, st := range states {
		m := map[string]any{"id": i + 1, "name": st[0], "active": true, "state_type_id": i + 1}
		if expand {
			m["state_type"] = st[1]
		}
		out[i] = m
	}
	return http.StatusOK, out
}

func (s *Server) groups() []string {
	if s.Groups == nil {
		return usual
	}
	return s.Groups
}

func (s *Server) fields() []string {
	if s.Fields == nil {
		return []string{"ai_confidence"}
	}
	return s.Fields
}

func (s *Server) json(t *Ticket, expand bool) map[string]any {
	m := map[string]any{
		"id": t.ID, "number": fmt.Sprint(10000 + t.ID), "title": t.Title, "group_id": t.Group, "state_id": t.State, "priority_id": t.Priority,
		"owner_id": t.Owner, "customer_id": t.Customer, "organization_id": nil, "pending_time": nil,
		"created_at": t.Created.Format("2006-01-02T15:04:05.000Z"), "updated_at": t.Updated.Format("2006-01-02T15:04:05.000Z"),
	}
	for _, name := range s.fields() {
		m[name] = t.Custom[name]
	}
	if expand {
		m["group"], m["state"], m["priority"] = s.groups()[t.Group-1], states[t.State-1][0], priorities[t.Priority-1]
		m["owner"], m["customer"] = "-", t.CustomerLogin
		if t.Owner > 1 {
			m["owner"] = fmt.Sprintf("agent%d", t.Owner)
		}
	}
	return m
}

// search filters by what the index knows, in the order of creation.
func (s *Server) search(query string, condition map[string]any, page, perPage int) (int, any) {
	s.PageSeen = append(s.PageSeen, perPage)
	limit := s.MaxPage
	if limit == 0 {
		limit = 200
	}
	perPage = min(perPage, limit)
	var hit []*Ticket
	for _, t := range s.tickets {
		known := t
		if s.Lag && condition == nil {
			known = t.indexed
		}
		if (condition != nil && known.meets(condition)) || (condition == nil && !s.NoIndex && s.matches(known, query)) {
			hit = append(hit, known)
		}
	}
	hit = hit[min((page-1)*perPage, len(hit)):]
	return http.StatusOK, s.shape(hit[:min(perPage, len(hit))])
}

func (s *Server) shape(hit []*Ticket) any {
	ids, full, assets := []int64{}, []any{}, map[string]any{}
	for _, t := range hit {
		ids, full = append(ids, t.ID), append(full, s.json(t, true))
		assets[fmt.Sprint(t.ID)] = s.json(t, false)
	}
	switch s.Shape {
	case "old":
		return map[string]any{"tickets": ids, "tickets_count": len(ids), "assets": map[string]any{"Ticket": assets}}
	case "full":
		return map[string]any{"record_ids": ids, "assets": map[string]any{"Ticket": assets}, "total_count": len(s.tickets)}
	case "records":
		return map[string]any{"records": full, "total_count": len(s.tickets)}
	default:
		return full
	}
}

var term = regexp.MustCompile(`(\w+)_id:\(([^)]*)\)|group\.name:"([^"]*)"`)

func (t *Ticket) field(name string) int64 {
	return map[string]int64{"group": t.Group, "state": t.State, "priority": t.Priority}[name]
}

func (s *Server) matches(t *Ticket, query string) bool {
	if id, ok := strings.CutPrefix(query, "id:"); ok {
		return id == strconv.FormatInt(t.ID, 10)
	}
	found := term.FindAllStringSubmatch(query, -1)
	for _, m := range found {
		if m[3] != "" && s.groups()[t.Group-1] != m[3] {
			return false
		}
		if m[1] != "" && !slices.Contains(strings.Split(m[2], " OR "), fmt.Sprint(t.field(m[1]))) {
			return false
		}
	}
	for _, m := range customTerm.FindAllStringSubmatch(query, -1) {
		if slices.Contains(s.fields(), m[1]) && fmt.Sprint(t.Custom[m[1]]) != m[2] || m[3] != "" && t.Custom[m[3]] != nil {
			return false
		}
	}
	return len(found) > 0
}

var customTerm = regexp.MustCompile(`(\w+):"([^"]*)"|NOT _exists_:(\w+)`)

func (t *Ticket) meets(condition map[string]any) bool {
	for name, c := range condition {
		values, _ := c.(map[string]any)["value"].([]any)
		if custom := strings.TrimPrefix(name, "ticket."); t.Custom[custom] != nil || !strings.HasSuffix(name, "_id") {
			if !slices.Contains(values, t.Custom[custom]) {
				return false
			}
			continue
		}
		field := strings.TrimSuffix(strings.TrimPrefix(name, "ticket."), "_id")
		if !slices.Contains(values, any(fmt.Sprint(t.field(field)))) {
			return false
		}
	}
	return len(condition) > 0
}
