package otobotest

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// run does one operation.
func (s *Server) run(op string, p map[string]any) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	reading := op == "TicketSearch" || op == "TicketGet"
	switch {
	case str(p["SessionID"]) != "":
		return failure(op, "AuthFail", "Authorization failing!") // it knows no sessions
	case (str(p["UserLogin"]) == "" || p["Password"] == nil) && !reading:
		return failure(op, "MissingParameter", "UserLogin, CustomerUserLogin or SessionID and Password are required!")
	case str(p["UserLogin"]) != s.o.Username || p["Password"] != s.o.Password:
		if reading {
			return failure(op, "AuthFail", "Authorization failing!")
		}
		return failure(op, "AuthFail", "User could not be authenticated!")
	}
	switch op {
	case "TicketSearch":
		return s.search(p)
	case "TicketGet":
		return s.get(p)
	case "TicketUpdate":
		return s.update(p)
	default:
		return s.create(p)
	}
}

// search answers mistakes in names, orders and numbers with {}.
func (s *Server) search(p map[string]any) reply {
	empty := object(map[string]any{})
	match, ok := s.filters(p)
	limit := 500
	if n := str(p["Limit"]); n != "" && n != "0" {
		var err error
		if limit, err = strconv.Atoi(n); err != nil || limit < 0 {
			return empty
		}
	}
	sortBy := str(p["SortBy"])
	if !ok || !slices.Contains([]string{"", "Age", "TicketNumber"}, sortBy) {
		return empty
	}
	var found []*record
	for _, r := range s.tickets {
		if s.right(r) != None && match(r) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b *record) int { return cmp.Compare(a.number, b.number) })
	if str(p["OrderBy"]) != "Up" {
		slices.Reverse(found)
	}
	ids := []string{}
	for _, r := range found[:min(limit, len(found))] {
		ids = append(ids, strconv.Itoa(r.id))
	}
	if len(ids) == 0 {
		return empty
	}
	return object(map[string]any{"TicketID": ids})
}

// filters gives the search's condition; false = a name that is not known, which finds nothing. Unknown keys are ignored.
func (s *Server) filters(p map[string]any) (func(*record) bool, bool) {
	var conditions []func(*record) bool
	known := true
	among := func(values []string, valid func(string) bool, get func(*record) string) {
		if len(values) == 0 {
			return
		}
		known = known && !slices.ContainsFunc(values, func(v string) bool { return !valid(v) })
		conditions = append(conditions, func(r *record) bool {
			return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, get(r)) })
		})
	}
	whatever := func(string) bool { return true }
	conditions = append(conditions, s.fieldFilters(p)...)
	queueName := func(r *record) string { return s.queues[r.queue-1].name }
	isQueue := func(name string) bool { q, ok := s.queueOf(name); return ok && q.right != None }
	among(s.withSubQueues(p), isQueue, queueName)
	among(strs(p["QueueIDs"]), whatever, func(r *record) string { return strconv.Itoa(r.queue) })
	among(strs(p["States"]), func(v string) bool { return stateID(v) > 0 }, func(r *record) string { return states[r.state-1].name })
	among(strs(p["StateType"]), whatever, func(r *record) string { return states[r.state-1].kind })
	isPriority := func(v string) bool { return slices.Contains(priorities, v) }
	among(strs(p["Priorities"]), isPriority, func(r *record) string { return priorities[r.priority-1] })
	among(strs(p["Locks"]), whatever, func(r *record) string {
		if r.locked {
			return "lock"
		}
		return "unlock"
	})
	among(strs(p["TicketID"]), whatever, func(r *record) string { return strconv.Itoa(r.id) })
	if minutes, err := strconv.Atoi(str(p["TicketCreateTimeOlderMinutes"])); err == nil {
		before := s.o.Clock().Add(-time.Duration(minutes) * time.Minute)
		conditions = append(conditions, func(r *record) bool { return !r.created.After(before) })
	}
	if part := strings.Trim(str(p["MIMEBase_Body"]), "%"); part != "" {
		conditions = append(conditions, func(r *record) bool {
			return slices.ContainsFunc(r.articles, func(a article) bool { return strings.Contains(strings.ToLower(a.body), strings.ToLower(part)) })
		})
	}
	return func(r *record) bool {
		return !slices.ContainsFunc(conditions, func(c func(*record) bool) bool { return !c(r) })
	}, known
}

// withSubQueues ignores a JSON true, as the server does.
func (s *Server) withSubQueues(p map[string]any) []string {
	names := strs(p["Queues"])
	if _, isBool := p["UseSubQueues"].(bool); isBool || str(p["UseSubQueues"]) != "1" {
		return names
	}
	for _, name := range slices.Clone(names) {
		for _, q := range s.queues {
			if strings.HasPrefix(q.name, name+"::") && q.right != None {
				names = append(names, q.name)
			}
		}
	}
	return names
}

func (s *Server) get(p map[string]any) reply {
	ids := strs(p["TicketID"])
	if len(ids) == 1 {
		ids = strings.Split(ids[0], ",")
	}
	if len(ids) == 0 || ids[0] == "" || ids[0] == "0" {
		return failure("TicketGet", "MissingParameter", "TicketID parameter is missing!")
	}
	var out []any
	for _, id := range ids {
		r := s.recordOf(id)
		if r == nil || s.right(r) == None {
			return failure("TicketGet", "AccessDenied", "User does not have access to the ticket!")
		}
		w := s.wire(r)
		if str(p["DynamicFields"]) == "1" {
			w["DynamicField"] = s.wireFields(r)
		}
		if str(p["AllArticles"]) == "1" {
			var list []any
			limit, err := strconv.Atoi(str(p["ArticleLimit"]))
			for i := range r.articles {
				if err == nil && limit > 0 && i >= limit {
					break
				}
				list = append(list, s.wireArticle(r, i, true))
			}
			if len(list) > 0 {
				w["Article"] = list
			}
		}
		out = append(out, w)
	}
	return object(map[string]any{"Ticket": out})
}

func (s *Server) create(p map[string]any) reply {
	const op = "TicketCreate"
	t, _ := p["Ticket"].(map[string]any)
	a, _ := p["Article"].(map[string]any)
	switch {
	case str(t["Title"]) == "" || str(t["CustomerUser"]) == "":
		return failure(op, "MissingParameter", "Ticket->Title or Ticket->CustomerUser parameter is missing!")
	case a == nil:
		return failure(op, "MissingParameter", "Article parameter is missing or not valid!")
	}
	for _, key := range []string{"Queue", "State", "Priority"} {
		if str(t[key]) == "" && str(t[key+"ID"]) == "" {
			return failure(op, "MissingParameter", "Ticket->"+key+"ID or Ticket->"+key+" parameter is required!")
		}
	}
	if name := str(t["CustomerUser"]); reservedDomain(name) {
		return failure(op, "InvalidParameter", "Ticket->CustomerUser parameter is invalid!")
	}
	f, bad := s.fields(op, t)
	if bad != nil {
		return *bad
	}
	free, bad := s.dynamicFields(op, p["DynamicField"])
	if bad != nil {
		return *bad
	}
	made, bad := checkArticle(op, a)
	switch {
	case bad != nil:
		return *bad
	case s.queues[f.queue-1].right != Full:
		return failure(op, "AccessDenied", "Can not create tickets in given Queue or QueueID!")
	}
	r := s.newRecord(cut(str(t["Title"])), f.queue)
	r.state, r.priority, r.customer = f.state, f.priority, str(t["CustomerUser"])
	if f.owner != "" {
		r.owner = f.owner
	}
	maps.Copy(r.fields, free)
	made.from = r.customer
	articleID := s.addArticle(r, made)
	out := map[string]any{"TicketID": strconv.Itoa(r.id), "TicketNumber": r.number, "ArticleID": articleID}
	if s.o.NoData {
		out["ArticleID"] = strconv.Itoa(articleID)
		return object(out)
	}
	w := s.wire(r)
	w["Article"] = s.wireArticle(r, 0, true)
	out["Ticket"] = w
	return object(out)
}

// reservedDomain: addresses in example.<two or three letters> are refused by default.
func reservedDomain(address string) bool {
	_, domain, _ := strings.Cut(address, "@")
	top, ok := strings.CutPrefix(domain, "example.")
	return ok && (len(top) == 2 || len(top) == 3)
}

func cut(title string) string {
	runes := []rune(title)
	return string(runes[:min(191, len(runes))])
}

func number(v any) int {
	n, err := strconv.Atoi(str(v))
	if _, isNumber := v.(json.Number); err != nil && !isNumber {
		return 0
	}
	return n
}
