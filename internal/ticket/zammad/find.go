package zammad

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// Bounds of a search.
const (
	maxPage    = 200    // Zammad's
	fullPage   = 100    // a page with fewer hits than this and than asked for is the last, whatever a version's maximum is
	maxWindow  = 10_000 // of Elasticsearch
	pageMargin = 10     // hits asked for beyond the need: some may have moved away
)

// Find gives matching tickets, oldest first. Zammad's search may lag: every hit is read again and checked.
func (c *Client) Find(ctx context.Context, k ticket.Criteria) ([]ticket.Ticket, error) {
	k, err := k.Checked()
	if err != nil {
		return nil, err
	}
	f, err := c.filter(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("search tickets: %w", err)
	}
	need := k.Offset + k.Limit
	perPage := min(need+pageMargin, maxPage)
	var found []wireTicket
	seen := map[int64]bool{}
	for page := 1; len(found) < need && (page-1)*perPage < maxWindow; page++ {
		ids, err := c.search(ctx, f, page, perPage)
		if err != nil {
			return nil, fmt.Errorf("search tickets: %w", err)
		}
		fresh := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return seen[id] })
		for _, id := range fresh {
			seen[id] = true
		}
		tickets, err := c.readAll(ctx, fresh)
		if err != nil {
			return nil, err
		}
		found = append(found, slices.DeleteFunc(tickets, func(w wireTicket) bool { return !f.takes(w) })...)
		if len(fresh) == 0 || len(ids) < min(perPage, fullPage) {
			break
		}
	}
	c.empty.Count(k, len(seen))
	slices.SortStableFunc(found, func(a, b wireTicket) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	found = found[min(k.Offset, len(found)):]
	return c.withBodies(ctx, found[:min(k.Limit, len(found))], k.WithNotes)
}

// search gives the ids on one page.
func (c *Client) search(ctx context.Context, f filter, page, perPage int) ([]int64, error) {
	var ids hits
	if c.o.Search == SearchDatabase {
		body := map[string]any{
			"condition": f.condition(), "page": page, "per_page": perPage, "sort_by": "created_at", "order_by": "asc", "expand": true,
		}
		err := c.call(ctx, http.MethodPost, searchPath, body, &ids)
		return ids, err
	}
	q := url.Values{
		"query": {f.query()}, "page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(perPage)}, "sort_by": {"created_at"},
		"order_by": {"asc"}, "expand": {"true"},
	}
	err := c.call(ctx, http.MethodGet, searchPath+"?"+q.Encode(), nil, &ids)
	return ids, err
}

// query is the filter in Elasticsearch's language.
func (f filter) query() string {
	parts := []string{"state_id:" + anyOf(f.states)}
	if len(f.groups) > 0 {
		parts = append(parts, "group_id:"+anyOf(f.groups))
	}
	if f.group != "" {
		parts = append(parts, "group.name:"+quoted(f.group))
	}
	if len(f.priorities) > 0 {
		parts = append(parts, "priority_id:"+anyOf(f.priorities))
	}
	for _, name := range slices.Sorted(maps.Keys(f.fields)) {
		if want := f.fields[name]; want != "" {
			parts = append(parts, name+`:`+quoted(want))
		} else {
			parts = append(parts, "NOT _exists_:"+name)
		}
	}
	return strings.Join(parts, " AND ")
}

func quoted(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }

func anyOf(ids []int64) string { return "(" + strings.Join(texts(ids), " OR ") + ")" }

// condition is the filter as triggers have it.
func (f filter) condition() map[string]any {
	out := map[string]any{}
	for name, ids := range map[string][]int64{"ticket.state_id": f.states, "ticket.group_id": f.groups, "ticket.priority_id": f.priorities} {
		if len(ids) > 0 {
			out[name] = map[string]any{"operator": "is", "value": texts(ids)}
		}
	}
	for name, want := range f.fields {
		if want != "" { // those without a value are picked out when they are read
			out["ticket."+name] = map[string]any{"operator": "is", "value": []string{want}}
		}
	}
	return out
}

func texts(ids []int64) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strconv.FormatInt(id, 10)
	}
	return out
}

// readAll reads tickets side by side, as many as the client's places allow. Those deleted meanwhile are left out.
func (c *Client) readAll(ctx context.Context, ids []int64) ([]wireTicket, error) {
	out := make([]wireTicket, len(ids))
	err := c.each(ctx, len(ids), func(ctx context.Context, i int) error {
		w, err := c.read(ctx, strconv.FormatInt(ids[i], 10))
		if errors.Is(err, errNotFound) {
			return nil
		}
		out[i] = w
		return err
	})
	return slices.DeleteFunc(out, func(w wireTicket) bool { return w.ID == 0 }), err
}

// withBodies adds the first article's text to each, and the others as notes where they are wanted.
func (c *Client) withBodies(ctx context.Context, found []wireTicket, notes bool) ([]ticket.Ticket, error) {
	out := make([]ticket.Ticket, len(found))
	err := c.each(ctx, len(found), func(ctx context.Context, i int) error {
		articles, err := c.articles(ctx, strconv.FormatInt(found[i].ID, 10))
		if !notes {
			articles = articles[:min(1, len(articles))]
		}
		out[i] = found[i].unified(articles)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// readTries is how often one of many reads is tried. A search reads every hit by itself: with a hundred of them it would hardly
// ever succeed against a server that fails now and then. Nothing else is repeated here.
const (
	readTries = 3
	readPause = 200 * time.Millisecond // after a server that wants fewer requests
)

func again(ctx context.Context, read func() error) error {
	for try := 1; ; try++ {
		err := read()
		if try == readTries || ctx.Err() != nil || !fault.WasTried(err) || !fault.ClassOf(err).Retryable() {
			return err
		}
		if fault.ClassOf(err) == fault.RateLimited { // a longer wait that was asked for is the link's matter
			select {
			case <-time.After(readPause):
			case <-ctx.Done():
			}
		}
	}
}

// each runs f for 0 to n-1 on a few goroutines. The first error ends the others.
func (c *Client) each(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	for range min(n, c.o.Parallel) {
		wg.Go(func() {
			for i := range next {
				if ctx.Err() != nil {
					continue
				}
				if err := again(ctx, func() error { return f(ctx, i) }); err != nil {
					once.Do(func() { first = err })
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	if first == nil {
		return ctx.Err()
	}
	return first
}
