package service

import (
	"context"
	"path/filepath"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket/otobo"
)

type otoboParams struct {
	BaseURL       string            `param:"base_url,required" alias:"server_address" doc:"address up to and with nph-genericinterface.pl"`
	Username      string            `param:"username" default:"open_ticket_ai" doc:"agent to sign in as"`
	Password      string            `param:"password,secret" doc:"its password; needed unless the desk stands in"`
	Webservice    string            `param:"webservice_name" default:"OpenTicketAI" doc:"name of the web service"`
	OperationURLs map[string]string `param:"operation_urls" doc:"route per operation: search, get, update, create (or TicketSearch, …); default ticket-search, ticket-get, ticket-update, ticket-create"`
	Methods       map[string]string `param:"operation_methods" doc:"verb per operation: POST, PUT or PATCH; default POST, PUT for update"`
	Timezone      string            `param:"timezone" default:"UTC" doc:"time zone of the server's times (OTOBOTimeZone), such as Europe/Berlin"`
	PageSize      int               `param:"page_size" default:"50" doc:"tickets read with one request, 1 to 50"`
	SearchLimit   int               `param:"search_limit" default:"5000" doc:"offset and limit of a search together: OTOBO cannot skip tickets"`
	SubQueues     bool              `param:"sub_queues" doc:"searches include the sub-queues of their queue"`
	SkipLocked    bool              `param:"skip_locked" doc:"searches leave out locked tickets"`
	KeepLock      bool              `param:"keep_lock" default:"true" doc:"give a locked ticket its lock and owner back, which a move takes"`
	PendingTime   time.Duration     `param:"pending_time" default:"24h" doc:"how far ahead pending states are set"`
	Customer      string            `param:"default_customer" doc:"customer user of created tickets that name none"`
	Timeout       time.Duration     `param:"timeout" default:"30s" doc:"time one request may take"`
	Parallelism   int               `param:"parallelism" default:"4" doc:"requests at a time"`
	Rate          any               `param:"rate" doc:"requests in a time: 10/s, 100/min, 5/10s; default no bound"`
	Burst         int               `param:"burst" doc:"requests that may come at once before the rate bounds them; default those of one second"`
	Breaker       *breakerParams    `param:"breaker" doc:"circuit breaker; default {failures: 5, open_for: 30s}"`
	Verify        any               `param:"verify" default:"true" doc:"check the certificate: true, false, or the path of a CA file"`
	EmptyWarn     int               `param:"warn_after_empty" default:"10" doc:"warn when a search found nothing so many times, and never anything"`
}

func openOtobo(ctx context.Context, s *Set, p pipe.Params) (any, error) {
	var o otoboParams
	if err := p.Bind(ctx, &o); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(o.Timezone)
	if err != nil {
		return nil, fault.Permanentf("timezone: %w", err)
	}
	skip, ca, err := verify(o.Verify)
	if err != nil {
		return nil, err
	}
	if ca != "" && !filepath.IsAbs(ca) {
		if ca, err = filepath.Abs(ca); err != nil {
			return nil, fault.Permanentf("verify: %w", err)
		}
	}
	bounds, err := linkOptions(o.Rate, o.Burst, o.Breaker)
	if err != nil {
		return nil, err
	}
	return otobo.New(otobo.Config{
		BaseURL: o.BaseURL, Username: o.Username, Password: o.Password, Webservice: o.Webservice, Operations: o.OperationURLs, Methods: o.Methods,
		Timezone: zone, PageSize: o.PageSize, SearchLimit: o.SearchLimit, SubQueues: o.SubQueues, SkipLocked: o.SkipLocked, DropLock: !o.KeepLock,
		Pending: o.PendingTime, Customer: o.Customer, Timeout: o.Timeout, Parallel: o.Parallelism, SkipVerify: skip, CAFile: ca,
		EmptyWarn: o.EmptyWarn, Log: s.o.Log, Link: bounds,
	})
}

// verify reads true, false or the path of a CA file.
func verify(v any) (skip bool, ca string, err error) {
	switch x := v.(type) {
	case nil:
		return false, "", nil
	case bool:
		return !x, "", nil
	case string:
		switch x {
		case "", "true", "True", "yes":
			return false, "", nil
		case "false", "False", "no":
			return true, "", nil
		}
		return false, x, nil
	}
	return false, "", fault.Permanentf("verify: want true, false or the path of a CA file, got %T", v)
}
