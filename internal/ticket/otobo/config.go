// Package otobo is the client of OTOBO and Znuny: a ticket.System over the REST transport of their generic interface.
package otobo

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/link"
)

// The operations of the web service, as keys of Config.Operations and Config.Methods.
const (
	opSearch = "TicketSearch"
	opGet    = "TicketGet"
	opUpdate = "TicketUpdate"
	opCreate = "TicketCreate"
)

// Bounds and defaults, see Config.
const (
	maxBatch           = 50
	defaultTimeout     = 30 * time.Second
	defaultSearchLimit = 5000
	defaultEmptyWarn   = 10
	defaultPending     = 24 * time.Hour
	defaultMaxBody     = 256 << 10
	defaultMaxReply    = 64 << 20
)

// Config says how to reach one OTOBO or Znuny. BaseURL and Password are required, the zero value of anything else is
// its default.
type Config struct {
	BaseURL     string            // up to and with nph-genericinterface.pl
	Username    string            // agent; default open_ticket_ai
	Password    string            //
	Webservice  string            // default OpenTicketAI
	Operations  map[string]string // route by operation ("search" or "TicketSearch"); default ticket-search, ticket-get, …
	Methods     map[string]string // verb by operation; default POST, PUT for update; GET is refused
	Timezone    *time.Location    // of the server's times; default UTC
	PageSize    int               // tickets per TicketGet, 1 to 50; default 50
	SearchLimit int               // the most ids one search asks for: offset + limit; default 5000
	SubQueues   bool              // searches include the sub-queues of the queue
	SkipLocked  bool              // searches leave out locked tickets
	DropLock    bool              // a move may unlock a locked ticket and reset its owner, as OTOBO does
	Pending     time.Duration     // how far pending states reach; default 24 h
	Customer    string            // of created tickets that name none; "" = they are refused
	Timeout     time.Duration     // of one request; default 30 s
	Parallel    int               // requests at a time; default 4
	Link        link.Options      // rate and circuit breaker; Parallel is the one above
	SkipVerify  bool              // do not check the certificate
	CAFile      string            // PEM file with the authorities to trust instead of the system's
	EmptyWarn   int               // warn after so many empty searches of a filter that never found anything; default 10
	MaxBody     int               // bytes of one text that are kept; default 256 KiB
	Log         *slog.Logger      // nil = none
	maxReply    int64             // bytes of an answer that are read; for tests
}

// Checked gives the configuration with its defaults, or a permanent error that names the parameter.
func (c Config) Checked() (Config, error) {
	u, err := url.Parse(c.BaseURL)
	switch {
	case c.BaseURL == "":
		return c, fault.Permanentf("base_url is missing: give the address up to and with nph-genericinterface.pl")
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return c, fault.Permanentf("base_url is no http or https address")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return c, fault.Permanentf("base_url must have no user, query or fragment: OTOBO takes username and password as parameters of their own")
	case c.Password == "":
		return c, fault.Permanentf("password is missing: give the agent's password, best as {{ get_env('OTOBO_PASSWORD') }}")
	case c.PageSize < 0 || c.PageSize > maxBatch:
		return c, fault.Permanentf("page_size %d must be between 1 and %d", c.PageSize, maxBatch)
	case c.Timeout < 0 || c.SearchLimit < 0 || c.Pending < 0:
		return c, fault.Permanentf("timeout, search_limit and pending_time must not be negative")
	}
	c.Link.Parallel = c.Parallel
	if c.Link, err = c.Link.Checked(); err != nil {
		return c, err
	}
	c.Parallel = c.Link.Parallel
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	set(&c.Username, "open_ticket_ai")
	set(&c.Webservice, "OpenTicketAI")
	set(&c.PageSize, maxBatch)
	set(&c.SearchLimit, defaultSearchLimit)
	set(&c.Pending, defaultPending)
	set(&c.Timeout, defaultTimeout)
	set(&c.EmptyWarn, defaultEmptyWarn)
	set(&c.MaxBody, defaultMaxBody)
	set(&c.maxReply, defaultMaxReply)
	if c.Timezone == nil {
		c.Timezone = time.UTC
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Operations, err = byOperation("operation_urls", c.Operations, map[string]string{
		opSearch: "ticket-search", opGet: "ticket-get", opUpdate: "ticket-update", opCreate: "ticket-create",
	}); err != nil {
		return c, err
	}
	c.Methods, err = byOperation("operation_methods", c.Methods, map[string]string{
		opSearch: http.MethodPost, opGet: http.MethodPost, opUpdate: http.MethodPut, opCreate: http.MethodPost,
	})
	if err != nil {
		return c, err
	}
	for op, verb := range c.Methods {
		verb = strings.ToUpper(verb)
		if verb != http.MethodPost && verb != http.MethodPut && verb != http.MethodPatch {
			return c, fault.Permanentf("operation_methods: %s must be POST, PUT or PATCH, not %s: GET would log the password",
				op, verb)
		}
		c.Methods[op] = verb
	}
	return c, nil
}

func set[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// byOperation fills defaults in; keys may be "search", "TicketSearch" and "ticket-search".
func byOperation(what string, given, defaults map[string]string) (map[string]string, error) {
	out := maps.Clone(defaults)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		short := strings.TrimPrefix(strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(key)), "ticket")
		op, ok := map[string]string{"search": opSearch, "get": opGet, "update": opUpdate, "create": opCreate}[short]
		value := strings.TrimLeft(strings.TrimSpace(given[key]), "/")
		switch {
		case !ok:
			return nil, fault.Permanentf("%s: unknown operation %q; there are search, get, update and create", what, key)
		case value == "":
			return nil, fault.Permanentf("%s: %s is empty", what, key)
		}
		out[op] = value
	}
	return out, nil
}

// transport makes the pooled transport. It never follows the environment's secrets into logs: nothing is logged here.
func (c Config) transport() (*http.Transport, error) {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, fault.Permanentf("the default HTTP transport was replaced")
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost, t.MaxConnsPerHost = c.Parallel, c.Parallel
	t.TLSHandshakeTimeout = 10 * time.Second
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.SkipVerify}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fault.NewPermanent(fmt.Errorf("verify: %w", err))
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fault.Permanentf("verify: %s holds no PEM certificate", c.CAFile)
		}
		t.TLSClientConfig.RootCAs = pool
	}
	return t, nil
}
