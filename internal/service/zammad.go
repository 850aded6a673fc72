package service

import (
	"context"
	"time"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket/zammad"
)

type zammadParams struct {
	BaseURL     string         `param:"base_url,required" doc:"address of Zammad, with or without /api/v1"`
	AccessToken string         `param:"access_token,secret" doc:"personal access token with ticket.agent; needed unless the desk stands in"`
	Timeout     time.Duration  `param:"timeout" default:"30s" doc:"time one request may take"`
	Parallelism int            `param:"parallelism" default:"4" doc:"requests at a time"`
	Rate        any            `param:"rate" doc:"requests in a time: 10/s, 100/min, 5/10s; default no bound"`
	Burst       int            `param:"burst" doc:"requests that may come at once before the rate bounds them; default those of one second"`
	Breaker     *breakerParams `param:"breaker" doc:"circuit breaker; default {failures: 5, open_for: 30s}"`
	Search      string         `param:"search" default:"index" doc:"index: through Elasticsearch; database: always current, needs the queue's id or a token with admin.group"`
	PendingTime time.Duration  `param:"pending_time" default:"24h" doc:"how far ahead pending states are set"`
	Verify      any            `param:"verify" default:"true" doc:"check the certificate: true, false, or the path of a CA file"`
	EmptyWarn   int            `param:"warn_after_empty" default:"10" doc:"warn when a search found nothing so many times, and never anything"`
}

func openZammad(ctx context.Context, s *Set, p pipe.Params) (any, error) {
	var o zammadParams
	if err := p.Bind(ctx, &o); err != nil {
		return nil, err
	}
	insecure, ca, err := verify(o.Verify)
	if err != nil {
		return nil, err
	}
	bounds, err := linkOptions(o.Rate, o.Burst, o.Breaker)
	if err != nil {
		return nil, err
	}
	c, err := zammad.New(zammad.Options{
		BaseURL: o.BaseURL, Token: o.AccessToken, Timeout: o.Timeout, Parallel: o.Parallelism, Search: o.Search, Insecure: insecure, CAFile: ca,
		Link: bounds, EmptyWarn: o.EmptyWarn, Pending: o.PendingTime, Log: s.o.Log,
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}
