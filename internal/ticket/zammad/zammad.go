// Package zammad is the client for Zammad's REST interface.
//
// Searches give ids only; every hit is read again by its id and checked, because Zammad's search index lags behind writes
// and its replies have three shapes. Notes are internal and carry a marker where they have a key, so that none is doubled.
package zammad

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/link"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// Defaults of Options.
const (
	DefaultTimeout   = 30 * time.Second
	DefaultEmptyWarn = 10
	DefaultPending   = 24 * time.Hour
)

// emptyHint is what to check when a search never finds anything.
const emptyHint = "check the group's spelling and the token's rights; without Elasticsearch, set search: database"

// Ways to search.
const (
	SearchIndex    = "index"    // the query language of Elasticsearch; without it Zammad finds nothing this way
	SearchDatabase = "database" // conditions on the database: always current; needs the queue's id, or the right to list groups
)

// Options of a client.
type Options struct {
	BaseURL   string        // address of Zammad, without /api/v1
	Token     string        // personal access token with ticket.agent; never shown
	Timeout   time.Duration // of one request; 0 = DefaultTimeout
	Parallel  int           // requests at a time; 0 = link.DefaultParallel
	Link      link.Options  // rate and circuit breaker; Parallel is the one above
	Insecure  bool          // do not check the certificate
	CAFile    string        // PEM file of the certificate authorities; "" = the system's
	Search    string        // SearchIndex or SearchDatabase; "" = SearchIndex
	Pending   time.Duration // how far ahead pending states are set; 0 = DefaultPending
	EmptyWarn int           // warn after so many empty searches of a filter that never found anything; 0 = DefaultEmptyWarn
	Log       *slog.Logger  // nil = none
	Client    *http.Client  // nil = an own one
	Clock     func() time.Time
}

// Client speaks with one Zammad. It is safe for concurrent use: the lists have a lock of their own, notes of one ticket are
// added one after the other.
type Client struct {
	o     Options
	base  string
	http  *http.Client
	link  *link.Link        // every request goes through it
	notes [16]chan struct{} // one note at a time per ticket, by its id
	empty *ticket.EmptyPolls

	mu    sync.Mutex
	lists map[string]kept // states, priorities and groups
}

var _ ticket.System = (*Client)(nil)

// New checks the options and makes a client. Zammad is not reached.
func New(o Options) (*Client, error) {
	u, err := url.Parse(strings.TrimSpace(o.BaseURL))
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return nil, fault.Permanentf("base_url is not an http or https address")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fault.Permanentf("base_url must not hold a user, query or fragment; use access_token")
	case o.Token == "":
		return nil, fault.Permanentf("access_token is missing: make one in Zammad under Profile, Token Access, with ticket.agent")
	case strings.ContainsAny(o.Token, "\r\n\x00"):
		return nil, fault.Permanentf("access_token holds a line end")
	case o.Timeout < 0 || o.EmptyWarn < 0 || o.Pending < 0:
		return nil, fault.Permanentf("timeout, pending_time and warn_after_empty must not be negative")
	case o.Search != "" && o.Search != SearchIndex && o.Search != SearchDatabase:
		return nil, fault.Permanentf("search: expected %s or %s", SearchIndex, SearchDatabase)
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	o.Pending = cmp.Or(o.Pending, DefaultPending)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	o.Link.Parallel = o.Parallel
	l, err := link.New(o.Link)
	if err != nil {
		return nil, err
	}
	o.Parallel = l.Parallel()
	base := strings.TrimSuffix(strings.TrimRight(u.String(), "/"), "/api/v1")
	c := &Client{o: o, base: base, http: o.Client, link: l, lists: map[string]kept{}}
	c.empty = &ticket.EmptyPolls{After: cmp.Or(o.EmptyWarn, DefaultEmptyWarn), Log: o.Log, Hint: emptyHint}
	for i := range c.notes {
		c.notes[i] = make(chan struct{}, 1)
	}
	if c.http == nil {
		if c.http, err = newHTTP(o); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func newHTTP(o Options) (*http.Client, error) {
	conf := &tls.Config{InsecureSkipVerify: o.Insecure} // the operator's explicit choice
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fault.Permanentf("verify: read the certificates: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fault.Permanentf("verify: %s holds no certificate in PEM", o.CAFile)
		}
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: o.Parallel,
			MaxConnsPerHost: o.Parallel,
			IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// Describe says which Zammad it is.
func (c *Client) Describe() string { return "Zammad " + c.base }

// Health says how the server does.
func (c *Client) Health() link.Health { return c.link.Health() }

// Close ends idle connections.
func (c *Client) Close() error {
	if c.o.Client == nil {
		c.http.CloseIdleConnections()
	}
	return nil
}

// Get gives the ticket with its articles: the first is the body, the others are the notes.
func (c *Client) Get(ctx context.Context, id string) (ticket.Ticket, error) {
	w, err := c.read(ctx, id)
	if err != nil {
		return ticket.Ticket{}, err
	}
	articles, err := c.articles(ctx, id)
	if err != nil {
		return ticket.Ticket{}, err
	}
	return w.unified(articles), nil
}

func (c *Client) read(ctx context.Context, id string) (wireTicket, error) {
	var w wireTicket
	if err := checkID(id); err != nil {
		return w, err
	}
	if err := c.call(ctx, http.MethodGet, "/tickets/"+id+"?expand=true", nil, &w); err != nil {
		return w, fmt.Errorf("get ticket %s: %w", id, err)
	}
	return w, nil
}

func (c *Client) articles(ctx context.Context, id string) ([]wireArticle, error) {
	var list []wireArticle
	if err := c.call(ctx, http.MethodGet, "/ticket_articles/by_ticket/"+id, nil, &list); err != nil {
		return nil, fmt.Errorf("get the articles of ticket %s: %w", id, err)
	}
	return list, nil
}

// errNoID is said of ids that cannot be Zammad's.
var errNoID = errors.New("there is no such ticket: Zammad's ids are positive whole numbers")

func checkID(id string) error {
	if id == "" || len(id) > 18 || strings.Trim(id, "0123456789") != "" || id[0] == '0' {
		return fault.NewPermanent(fmt.Errorf("ticket %q: %w", id, errNoID))
	}
	return nil
}
