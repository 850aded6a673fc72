package otobotest

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fieldSet is what a Ticket part asks for; 0 and "" = nothing.
type fieldSet struct {
	title, owner, lock, customer string
	queue, state, priority       int
	pending                      any
}

// fields checks names and ids. The name wins over the id.
func (s *Server) fields(op string, t map[string]any) (fieldSet, *reply) {
	invalid := func(key string) (fieldSet, *reply) {
		r := failure(op, "InvalidParameter", "Ticket->"+key+"ID or Ticket->"+key+" parameter is invalid!")
		return fieldSet{}, &r
	}
	f := fieldSet{title: str(t["Title"]), lock: str(t["Lock"]), customer: str(t["CustomerUser"]), pending: t["PendingTime"]}
	if name := str(t["Queue"]); name != "" {
		q, ok := s.queueOf(name)
		if !ok {
			return invalid("Queue")
		}
		f.queue = q.id
	} else if id := number(t["QueueID"]); t["QueueID"] != nil {
		if id < 1 || id > len(s.queues) {
			return invalid("Queue")
		}
		f.queue = id
	}
	for _, named := range []struct {
		key   string
		to    *int
		names []string
	}{{"State", &f.state, stateNames()}, {"Priority", &f.priority, priorities}} {
		if name := str(t[named.key]); name != "" {
			if *named.to = 1 + slices.IndexFunc(named.names, func(n string) bool { return strings.EqualFold(n, name) }); *named.to == 0 {
				return invalid(named.key)
			}
		} else if t[named.key+"ID"] != nil {
			if *named.to = number(t[named.key+"ID"]); *named.to < 1 || *named.to > len(named.names) {
				return invalid(named.key)
			}
		}
	}
	if name := str(t["Owner"]); name != "" {
		if !slices.Contains(owners, name) {
			return invalid("Owner")
		}
		f.owner = name
	} else if id := number(t["OwnerID"]); t["OwnerID"] != nil {
		if id < 1 || id > len(owners) {
			return invalid("Owner")
		}
		f.owner = owners[id-1]
	}
	if f.lock != "" && f.lock != "lock" && f.lock != "unlock" {
		return invalid("Lock")
	}
	return f, nil
}

func stateNames() []string {
	out := make([]string, len(states))
	for i, st := range states {
		out[i] = st.name
	}
	return out
}

// checkArticle needs subject, body and a content type. Visible to the customer is the default, even of internal ones.
func checkArticle(op string, a map[string]any) (article, *reply) {
	missing := func(what string) (article, *reply) {
		r := failure(op, "MissingParameter", what)
		return article{}, &r
	}
	out := article{
		sender: "agent", subject: str(a["Subject"]), body: str(a["Body"]), kind: str(a["ContentType"]),
		visible: true, notifyAgent: str(a["NoAgentNotify"]) != "1",
	}
	if sender := str(a["SenderType"]); sender != "" {
		out.sender = sender
	}
	if v, ok := a["IsVisibleForCustomer"]; ok && v != nil {
		out.visible = str(v) == "1"
	}
	switch {
	case out.subject == "":
		return missing("Article->Subject parameter is missing!")
	case out.body == "":
		return missing("Article->Body parameter is missing!")
	case out.kind == "":
		return missing("Article->ContentType or Ticket->MimeType and Article->Charset parameters are required!")
	}
	return out, nil
}

// update checks everything first and then applies one thing after the other: a failure midway leaves what was before.
func (s *Server) update(p map[string]any) reply {
	const op = "TicketUpdate"
	r := s.recordOf(str(p["TicketID"]))
	switch {
	case str(p["TicketID"]) == "" || str(p["TicketID"]) == "0":
		return failure(op, "MissingParameter", "TicketID or TicketNumber is required!")
	case r == nil || s.right(r) == None:
		return failure(op, "AccessDenied", "User does not have access to the ticket!")
	}
	var f fieldSet
	if t, given := p["Ticket"]; given && t != nil {
		fields, ok := t.(map[string]any)
		if !ok || len(fields) == 0 {
			return failure(op, "InvalidParameter", "Ticket parameter is not valid!")
		}
		var bad *reply
		if f, bad = s.fields(op, fields); bad != nil {
			return *bad
		}
	}
	var note *article
	if a, ok := p["Article"].(map[string]any); ok {
		made, bad := checkArticle(op, a)
		if bad != nil {
			return *bad
		}
		note = &made
	}
	free, bad := s.dynamicFields(op, p["DynamicField"])
	if bad != nil {
		return *bad
	}
	if s.right(r) == ReadOnly {
		switch {
		case note != nil:
			return failure(op, "AccessDenied", "Does not have permissions to create new articles!")
		case f.queue != 0:
			return failure(op, "AccessDenied", "Does not have permissions to update queue!")
		case f.priority != 0:
			return failure(op, "AccessDenied", "Does not have permissions to update priority!")
		}
	}
	if bad := s.apply(r, f); bad != nil {
		return *bad
	}
	out := map[string]any{"TicketID": p["TicketID"], "TicketNumber": r.number}
	if note != nil {
		note.from = "Open TicketAI"
		out["ArticleID"] = s.addArticle(r, *note)
	}
	if len(free) > 0 {
		maps.Copy(r.fields, free)
		r.changed = s.o.Clock().UTC().Truncate(time.Second)
	}
	if !s.o.NoData {
		w := s.wire(r)
		if last := len(r.articles) - 1; last >= 0 {
			w["Article"] = s.wireArticle(r, last, note != nil)
		}
		out["Ticket"] = w
	}
	return object(out)
}

// apply keeps the server's order: title, queue, lock, state, customer, priority, owner. Lock and owner are compared with
// what was before a move took them away.
func (s *Server) apply(r *record, f fieldSet) *reply {
	before := *r
	touch := func() { r.changed = s.o.Clock().UTC().Truncate(time.Second) }
	if f.title != "" && cut(f.title) != r.title {
		r.title = cut(f.title)
		touch()
	}
	if f.queue != 0 && f.queue != r.queue {
		if s.queues[f.queue-1].right != Full {
			bad := faultObject("Ticket queue could not be updated, please contact system administrator!")
			return &bad
		}
		r.queue, r.locked, r.owner = f.queue, false, owners[0]
		touch()
	}
	if f.lock != "" && (f.lock == "lock") != before.locked {
		r.locked = f.lock == "lock"
		touch()
	}
	if f.state != 0 && f.state != r.state {
		kind := states[f.state-1].kind
		r.pendingAt = time.Time{}
		if strings.HasPrefix(kind, "pending") {
			pending, _ := f.pending.(map[string]any)
			minutes, err := strconv.Atoi(str(pending["Diff"]))
			if err != nil {
				bad := object(map[string]any{"Error": map[string]any{
					"ErrorCode": "TicketUpdate.MissingParameter", "ErrorMessage": "Can't set a ticket on a pending state without pendig time!",
				}})
				return &bad
			}
			r.pendingAt = s.o.Clock().Add(time.Duration(minutes) * time.Minute)
		}
		r.state = f.state
		if kind == "closed" {
			r.locked, r.owner = false, owners[0]
		}
		touch()
	}
	if f.customer != "" {
		r.customer = f.customer
	}
	if f.priority != 0 && f.priority != r.priority {
		r.priority = f.priority
		touch()
	}
	if f.owner != "" && f.owner != before.owner {
		r.owner = f.owner
		touch()
	}
	return nil
}
