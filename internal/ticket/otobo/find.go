package otobo

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// unfinished are the state types of tickets that are not closed. "Open" alone would match the type of that name only.
var unfinished = []string{"new", "open", "pending reminder", "pending auto"}

// articlesInFind is how many of a ticket's oldest articles a search reads to find the customer's text.
const articlesInFind = 10

// Find searches ids in the order of ticket numbers and reads the tickets. OTOBO has no offset: the first offset+limit
// ids are asked for and cut here. A ticket that was moved between both is left out.
func (c *Client) Find(ctx context.Context, criteria ticket.Criteria) ([]ticket.Ticket, error) {
	criteria, err := criteria.Checked()
	if err != nil {
		return nil, err
	}
	upTo := criteria.Offset + criteria.Limit
	if upTo > c.c.SearchLimit {
		return nil, fault.Permanentf("search tickets: offset %d and limit %d reach beyond search_limit %d; OTOBO cannot skip tickets",
			criteria.Offset, criteria.Limit, c.c.SearchLimit)
	}
	params := c.filter(criteria)
	params["Limit"] = upTo
	var reply searchReply
	if err := c.call(ctx, opSearch, params, &reply); err != nil {
		return nil, fmt.Errorf("search tickets: %w", err)
	}
	c.empty.Count(criteria, len(reply.TicketID))
	if len(reply.TicketID) <= criteria.Offset {
		return nil, nil
	}
	articles := articlesInFind
	if criteria.WithNotes {
		articles = 0
	}
	read, err := c.read(ctx, reply.TicketID[criteria.Offset:min(upTo, len(reply.TicketID))], articles)
	if err != nil {
		return nil, fmt.Errorf("search tickets: %w", err)
	}
	found := make([]ticket.Ticket, 0, len(read))
	for _, w := range read {
		if err := hasFields(w, criteria.Fields); err != nil {
			return nil, err
		}
		if !c.matches(w, criteria) {
			c.c.Log.Debug("ticket changed between search and read, or the search ignored a filter", "ticket", string(w.TicketID))
			continue
		}
		found = append(found, c.ticket(w, criteria.WithNotes))
	}
	return found, nil
}

// hasFields finds filters on fields that are not there: OTOBO leaves those out without a word.
func hasFields(w wireTicket, fields map[string]string) error {
	for name := range fields {
		if _, known := w.field(name); !known {
			return fault.Permanentf("search tickets: there is no dynamic field %s of tickets, or the agent may not see it", name)
		}
	}
	return nil
}

// filter makes the search's parameters: plural keys, 1 and never true.
func (c *Client) filter(criteria ticket.Criteria) map[string]any {
	p := map[string]any{"SortBy": "TicketNumber", "OrderBy": "Up"}
	if q := criteria.Queue; q != nil {
		if q.Name != "" {
			p["Queues"] = []string{q.Name}
		} else {
			p["QueueIDs"] = []string{q.ID}
		}
		if c.subQueues(criteria) {
			p["UseSubQueues"] = 1
		}
	}
	if len(criteria.States) > 0 {
		p["States"] = criteria.States
	} else {
		p["StateType"] = unfinished
	}
	if len(criteria.Priorities) > 0 {
		p["Priorities"] = criteria.Priorities
	}
	if criteria.OlderThan > 0 {
		p["TicketCreateTimeOlderMinutes"] = int64(math.Ceil(criteria.OlderThan.Minutes())) // free of time zones
	}
	for name, value := range criteria.Fields {
		p["DynamicField_"+name] = map[string]any{"Equals": value}
		if value == "" {
			p["DynamicField_"+name] = map[string]any{"Empty": 1}
		}
	}
	if c.c.SkipLocked {
		p["Locks"] = []string{"unlock"}
	}
	return p
}

func (c *Client) subQueues(criteria ticket.Criteria) bool {
	return criteria.WithSubQueues || c.c.SubQueues
}

// matches checks a ticket against the filters again: the server drops filters it does not know without a word.
func (c *Client) matches(w wireTicket, criteria ticket.Criteria) bool {
	if q := criteria.Queue; q != nil {
		sub := c.subQueues(criteria)
		switch {
		case q.Name != "" && string(w.Queue) != q.Name && (!sub || !strings.HasPrefix(string(w.Queue), q.Name+"::")):
			return false
		case q.Name == "" && !sub && string(w.QueueID) != q.ID:
			return false
		}
	}
	in := func(list []string, name scalar) bool {
		return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, string(name)) })
	}
	switch {
	case len(criteria.States) > 0 && !in(criteria.States, w.State):
		return false
	case len(criteria.States) == 0 && w.StateType != "" && !in(unfinished, w.StateType):
		return false
	case len(criteria.Priorities) > 0 && !in(criteria.Priorities, w.Priority):
		return false
	}
	for name, want := range criteria.Fields {
		if is, _ := w.field(name); !ticket.FieldIs(is, want) {
			return false
		}
	}
	return !c.c.SkipLocked || !locked(w)
}

// read reads tickets in batches, in the order of ids, with at most articles of each; 0 = all.
func (c *Client) read(ctx context.Context, ids []scalar, articles int) ([]wireTicket, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches := slices.Collect(slices.Chunk(ids, c.c.PageSize))
	read := make([][]wireTicket, len(batches))
	var wg sync.WaitGroup
	for i, batch := range batches {
		wg.Go(func() {
			var err error
			if read[i], err = c.readBatch(ctx, batch, articles); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return slices.Concat(read...), nil
}

// readBatch reads tickets in one call. One unreadable ticket fails the whole call, and so do texts that are too long together;
// then each is read alone and the unreadable ones are left out.
func (c *Client) readBatch(ctx context.Context, ids []scalar, articles int) ([]wireTicket, error) {
	got, err := c.get(ctx, ids, articles)
	kind := kindOf(err)
	if kind != KindAccessDenied && (kind != KindTooLarge || len(ids) == 1) {
		return got, err
	}
	if len(ids) == 1 {
		c.c.Log.Warn("a found ticket cannot be read; it is left out", "ticket", string(ids[0]))
		return nil, nil
	}
	var all []wireTicket
	for _, id := range ids {
		one, err := c.readBatch(ctx, []scalar{id}, articles)
		if err != nil {
			return nil, err
		}
		all = append(all, one...)
	}
	return all, nil
}

// get is one TicketGet with at most articles oldest articles; 0 = all.
func (c *Client) get(ctx context.Context, ids []scalar, articles int) ([]wireTicket, error) {
	params := map[string]any{"TicketID": ids, "AllArticles": 1, "DynamicFields": 1}
	if articles > 0 {
		params["ArticleLimit"], params["ArticleOrder"] = articles, "ASC"
	}
	var reply getReply
	if err := c.call(ctx, opGet, params, &reply); err != nil {
		return nil, err
	}
	return reply.Ticket, nil
}

// Get gives one ticket with all its articles. A ticket that the agent may not read is the same as an unknown one.
func (c *Client) Get(ctx context.Context, id string) (ticket.Ticket, error) {
	w, err := c.getOne(ctx, id)
	if err != nil {
		return ticket.Ticket{}, fmt.Errorf("read ticket %s: %w", id, err)
	}
	return c.ticket(w, true), nil
}

func (c *Client) getOne(ctx context.Context, id string) (wireTicket, error) {
	if err := checkID(ctx, id); err != nil {
		return wireTicket{}, err
	}
	got, err := c.get(ctx, []scalar{scalar(id)}, 0)
	switch {
	case kindOf(err) == KindAccessDenied:
		return wireTicket{}, fmt.Errorf("there is no such ticket, or %s may not read it: %w", c.c.Username, err)
	case err != nil:
		return wireTicket{}, err
	case len(got) != 1:
		return wireTicket{}, fault.Permanentf("the answer holds %d tickets; check the mapping of the web service", len(got))
	}
	return got[0], nil
}

func checkID(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if strings.Trim(id, "0123456789") != "" || strings.Trim(id, "0") == "" {
		return fault.Permanentf("%q is no ticket id: ids of OTOBO and Znuny are numbers", id)
	}
	return nil
}

// minutes is how OTOBO takes a pending time from now.
func minutes(d time.Duration) map[string]any {
	return map[string]any{"Diff": int64(math.Ceil(d.Minutes()))}
}
