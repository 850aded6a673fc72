package otobotest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// record is one ticket.
type record struct {
	id                          int
	number, title, customer     string
	queue, state, priority      int // ids
	owner                       string
	locked                      bool
	created, changed, pendingAt time.Time
	articles                    []article
	fields                      map[string]any
}

type article struct {
	id                   int
	sender, subject      string
	body, kind, from     string
	visible, notifyAgent bool
	created              time.Time
}

type state struct{ name, kind string }

// The states and priorities of a fresh installation; ids count from 1.
var (
	states = []state{
		{"new", "new"},
		{"closed successful", "closed"},
		{"closed unsuccessful", "closed"},
		{"open", "open"},
		{"removed", "removed"},
		{"pending reminder", "pending reminder"},
		{"pending auto close+", "pending auto"},
		{"pending auto close-", "pending auto"},
		{"merged", "merged"},
	}
	priorities = []string{"1 very low", "2 low", "3 normal", "4 high", "5 very high"}
	owners     = []string{"root@localhost", "admin", "ro_agent", "open_ticket_ai"}
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Seed is a ticket to put in directly.
type Seed struct {
	Title, Queue, State, Priority, Customer, Body, Owner string
	Sender                                               string // default customer
	Locked                                               bool
}

// Add puts a ticket in and gives its id.
func (s *Server) Add(seed Seed) string {
	def(&seed.Queue, "Raw")
	def(&seed.State, "new")
	def(&seed.Priority, "3 normal")
	def(&seed.Owner, s.o.Username)
	def(&seed.Sender, "customer")
	s.mu.Lock()
	defer s.mu.Unlock()
	q, _ := s.queueOf(seed.Queue)
	r := s.newRecord(seed.Title, q.id)
	r.state, r.priority = stateID(seed.State), 1+slices.Index(priorities, seed.Priority)
	r.customer, r.owner, r.locked = seed.Customer, seed.Owner, seed.Locked
	s.addArticle(r, article{
		sender: seed.Sender, subject: seed.Title, body: seed.Body, kind: "text/plain; charset=utf8", from: seed.Customer, visible: true,
	})
	return strconv.Itoa(r.id)
}

// Snapshot is a ticket as it is.
type Snapshot struct {
	ID, Title, Queue, State, Priority, Owner, Customer string
	Locked                                             bool
	Pending                                            time.Time
	Articles                                           []Article
	Fields                                             map[string]any
}

// Article is one article of a Snapshot.
type Article struct {
	Sender, Subject, Body, ContentType string
	Visible, NotifyAgent               bool
}

// Ticket gives the ticket with the id; false when there is none.
func (s *Server) Ticket(id string) (Snapshot, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.recordOf(id)
	if r == nil {
		return Snapshot{}, false
	}
	return s.snapshot(r), true
}

// Tickets gives all tickets, oldest first.
func (s *Server) Tickets() []Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Snapshot, len(s.tickets))
	for i, r := range s.tickets {
		out[i] = s.snapshot(r)
	}
	return out
}

// Waiting counts the tickets that are not in the queue yet, or have no note yet.
func (s *Server) Waiting(queue string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.tickets {
		if s.queues[r.queue-1].name != queue || len(r.articles) < 2 {
			n++
		}
	}
	return n
}

func (s *Server) snapshot(r *record) Snapshot {
	out := Snapshot{
		ID: strconv.Itoa(r.id), Title: r.title, Queue: s.queues[r.queue-1].name, State: states[r.state-1].name, Priority: priorities[r.priority-1],
		Owner: r.owner, Customer: r.customer, Locked: r.locked, Pending: r.pendingAt, Fields: maps.Clone(r.fields),
	}
	for _, a := range r.articles {
		out.Articles = append(out.Articles, Article{a.sender, a.subject, a.body, a.kind, a.visible, a.notifyAgent})
	}
	return out
}

func (s *Server) newRecord(title string, queueID int) *record {
	s.number++
	now := s.o.Clock().UTC().Truncate(time.Second)
	r := &record{
		id: len(s.tickets) + 1, number: fmt.Sprintf("%s10%05d", now.Format("20060102"), s.number), title: title, queue: queueID,
		state: 1, priority: 3, owner: s.o.Username, created: now, changed: now, fields: map[string]any{},
	}
	s.tickets = append(s.tickets, r)
	return r
}

func (s *Server) addArticle(r *record, a article) int {
	s.articles++
	a.id, a.created = s.articles, s.o.Clock().UTC()
	a.body = strings.TrimSpace(strings.ReplaceAll(a.body, "\r\n", "\n"))
	a.subject = strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "").Replace(a.subject))
	r.articles = append(r.articles, a)
	r.changed = a.created.Truncate(time.Second)
	return a.id
}

func (s *Server) recordOf(id string) *record {
	n, err := strconv.Atoi(strings.TrimSpace(id))
	if err != nil || n < 1 || n > len(s.tickets) {
		return nil
	}
	return s.tickets[n-1]
}

func (s *Server) queueOf(name string) (queue, bool) {
	i := slices.IndexFunc(s.queues, func(q queue) bool { return q.name == name }) // exact, upper and lower case
	if i < 0 {
		return queue{}, false
	}
	return s.queues[i], true
}

func (s *Server) right(r *record) Right { return s.queues[r.queue-1].right }

func stateID(name string) int {
	return 1 + slices.IndexFunc(states, func(st state) bool { return strings.EqualFold(st.name, name) })
}

// Parameters, as lax as the server is.

func str(v any) string {
	switch x := v.(type) {
	case string:
		return strings.TrimSpace(x)
	case json.Number:
		return x.String()
	case bool:
		if x {
			return "1"
		}
	}
	return ""
}

// strs reads a list or a scalar; nil = not given, null or empty.
func strs(v any) []string {
	switch x := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, item := range x {
			out = append(out, str(item))
		}
		return out
	default:
		return []string{str(x)}
	}
}

func (s *Server) at(t time.Time) string { return t.In(s.o.Location).Format(time.DateTime) }

// wire gives the ticket as TicketGet does: ids of tickets as numbers, some others as strings, unset ones as "".
func (s *Server) wire(r *record) map[string]any {
	lock := "unlock"
	if r.locked {
		lock = "lock"
	}
	return map[string]any{
		"TicketID": r.id, "TicketNumber": r.number, "Title": r.title, "Queue": s.queues[r.queue-1].name, "QueueID": r.queue,
		"State": states[r.state-1].name, "StateID": r.state, "StateType": states[r.state-1].kind,
		"Priority": priorities[r.priority-1], "PriorityID": r.priority, "Lock": lock, "Owner": r.owner, "OwnerID": 1 + slices.Index(owners, r.owner),
		"CustomerUserID": r.customer, "CustomerID": "", "ServiceID": "", "SLAID": "", "TypeID": 1, "Type": "Unclassified",
		"Created": s.at(r.created), "Changed": s.at(r.changed), "UntilTime": 0, "Age": 0, "ArchiveFlag": "n",
	}
}

func (s *Server) wireArticle(r *record, i int, full bool) map[string]any {
	a := r.articles[i]
	visible := 0
	if a.visible {
		visible = 1
	}
	out := map[string]any{
		"ArticleID": a.id, "ArticleNumber": i + 1, "TicketID": r.id, "SenderType": a.sender, "SenderTypeID": "3",
		"IsVisibleForCustomer": visible, "CommunicationChannelID": 3, "CreateTime": s.at(a.created),
	}
	if full {
		out["Subject"], out["Body"], out["From"], out["To"] = a.subject, a.body, a.from, s.queues[r.queue-1].name
		out["ContentType"], out["MimeType"] = a.kind, strings.Split(a.kind, ";")[0]
	}
	return out
}
