package zammad

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

var _ ticket.Examiner = (*Client)(nil)

// self is the agent of the token.
type self struct {
	Login  string `json:"login"`
	Active *bool  `json:"active"`
	Groups rights `json:"groups"` // by name, with expand
}

// rights of an agent by group. Versions give them as lists, as single words, or as a list of names without them.
type rights map[string][]string

// UnmarshalJSON reads any of the shapes.
func (r *rights) UnmarshalJSON(data []byte) error {
	*r = rights{}
	var names []string
	if json.Unmarshal(data, &names) == nil {
		for _, name := range names {
			(*r)[name] = nil
		}
		return nil
	}
	var byName map[string]json.RawMessage
	if err := json.Unmarshal(data, &byName); err != nil {
		return err
	}
	for name, raw := range byName {
		var list []string
		var word string
		switch {
		case json.Unmarshal(raw, &list) == nil:
			(*r)[name] = list
		case json.Unmarshal(raw, &word) == nil:
			(*r)[name] = []string{word}
		default:
			(*r)[name] = nil
		}
	}
	return nil
}

func (c *Client) self(ctx context.Context) (self, error) {
	var me self
	err := c.call(ctx, http.MethodGet, "/users/me?expand=true", nil, &me)
	return me, err
}

// Examine asks for login, names, rights in groups and the search index.
func (c *Client) Examine(ctx context.Context, n ticket.Names) []ticket.Finding {
	me, err := c.self(ctx)
	if err != nil {
		return []ticket.Finding{{Verdict: ticket.Wrong, What: "login", Says: err.Error()}}
	}
	out := []ticket.Finding{{Verdict: ticket.Fine, What: "login", Says: "accepted as " + me.Login}}
	all, listed, err := c.groups(ctx)
	if err != nil {
		return append(out, ticket.Finding{Verdict: ticket.Wrong, What: "groups", Says: err.Error()})
	}
	for _, name := range n.Queues {
		out = append(out, examineGroup(name, me, all, listed))
	}
	for _, names := range []struct {
		what, path string
		list       []string
	}{{"priority", "/ticket_priorities", n.Priorities}, {"state", statesPath, n.States}} {
		items, err := c.list(ctx, names.path)
		for _, name := range names.list {
			f := ticket.Finding{Verdict: ticket.Fine, What: names.what + " " + name, Says: "exists"}
			if err == nil {
				_, err = idsOf(names.what, items, []string{name})
			}
			if err != nil {
				f.Verdict, f.Says = ticket.Wrong, err.Error()
			}
			out = append(out, f)
			err = nil
		}
	}
	return append(out, c.examineSearch(ctx))
}

func examineGroup(name string, me self, all []listed, known bool) ticket.Finding {
	f := ticket.Finding{What: "queue " + name, Verdict: ticket.Fine}
	own := slices.IndexFunc(slices.Sorted(maps.Keys(me.Groups)), func(g string) bool { return strings.EqualFold(g, name) })
	at := slices.IndexFunc(all, func(l listed) bool { return strings.EqualFold(l.Name, name) })
	switch {
	case own >= 0:
		has := me.Groups[slices.Sorted(maps.Keys(me.Groups))[own]]
		f.Says = "the agent has " + strings.Join(has, ", ") + " there"
		if len(has) == 0 {
			f.Says = "the agent has access"
		}
		if len(has) > 0 && !slices.Contains(has, "full") && !slices.Contains(has, "change") {
			f.Verdict, f.Says = ticket.Wrong, f.Says+", but not change: it can neither move nor note"
		}
	case known && at < 0:
		_, err := idsOf("group", all, []string{name})
		f.Verdict, f.Says = ticket.Wrong, fmt.Sprint(err)
	case known && all[at].off():
		f.Verdict, f.Says = ticket.Wrong, "the group is switched off in Zammad"
	case known:
		f.Verdict, f.Says = ticket.Unknown, "exists; the agent has no right of its own there, it may have one through a role"
	default:
		f.Verdict, f.Says = ticket.Unknown, "is none of the agent's own groups, and the token may not list the others (admin.group): "+
			"it is misspelt, or a role gives the right"
	}
	return f
}

// examineSearch looks for the oldest ticket by the way that searches go.
func (c *Client) examineSearch(ctx context.Context) ticket.Finding {
	f := ticket.Finding{What: "search", Verdict: ticket.Fine, Says: "asks the database, which is always current"}
	if c.o.Search == SearchDatabase {
		return f
	}
	var oldest []wireTicket
	if err := c.call(ctx, http.MethodGet, "/tickets?page=1&per_page=1&expand=true", nil, &oldest); err != nil {
		return ticket.Finding{What: f.What, Verdict: unknownUnlessPermanent(err), Says: err.Error()}
	}
	if len(oldest) == 0 {
		return ticket.Finding{What: f.What, Verdict: ticket.Unknown, Says: "there is no ticket to try the search index with"}
	}
	id := strconv.FormatInt(oldest[0].ID, 10)
	var found hits
	q := url.Values{"query": {"id:" + id}, "page": {"1"}, "per_page": {"1"}, "expand": {"true"}}
	switch err := c.call(ctx, http.MethodGet, "/tickets/search?"+q.Encode(), nil, &found); {
	case err != nil:
		f.Verdict, f.Says = ticket.Wrong, err.Error()
	case !slices.Contains(found, oldest[0].ID):
		f.Verdict = ticket.Wrong
		f.Says = "the search index does not know ticket " + id + ": Zammad has no Elasticsearch, or its index is not built; set search: database"
	default:
		f.Says = "the search index answers"
	}
	return f
}

func unknownUnlessPermanent(err error) ticket.Verdict {
	if fault.ClassOf(err) == fault.Permanent {
		return ticket.Wrong
	}
	return ticket.Unknown
}
