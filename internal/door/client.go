package door

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// dialTimeout is how long an engine may take to pick up.
const dialTimeout = 2 * time.Second

// Client steers an engine that runs in another process. It is safe for concurrent use.
type Client struct {
	path string
	http *http.Client
}

// Dial finds the engine that holds stateDir. It does not ask it anything yet.
func Dial(stateDir string) (*Client, error) {
	path, err := pathIn(stateDir)
	if err != nil {
		return nil, err
	}
	c := &Client{path: path}
	c.http = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}}
	return c, nil
}

// Answers says that an engine listens there.
func (c *Client) Answers(ctx context.Context) bool {
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "unix", c.path)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func ask[Out any](ctx context.Context, c *Client, name string, in any) (Out, error) {
	var out Out
	body, err := json.Marshal(in)
	if err != nil {
		return out, fmt.Errorf("ask the running engine: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://engine/v1/"+name, bytes.NewReader(body))
	if err != nil {
		return out, fmt.Errorf("ask the running engine: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return out, fmt.Errorf("ask the running engine: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return out, fmt.Errorf("ask the running engine: it does not know %s (another version of otai-tui runs it?)", name)
	}
	var a answer
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64*maxBody)).Decode(&a); err != nil {
		return out, fmt.Errorf("ask the running engine: read its answer: %w", err)
	}
	if err := a.err(); err != nil {
		return out, err
	}
	if err := json.Unmarshal(a.Result, &out); err != nil {
		return out, fmt.Errorf("ask the running engine: read its answer: %w", err)
	}
	return out, nil
}

func tell(ctx context.Context, c *Client, name string, in any) error {
	_, err := ask[nothing](ctx, c, name, in)
	return err
}

// RunOnce is orchestrator.Orchestrator's, as are the others.
func (c *Client) RunOnce(ctx context.Context, runner string, r orchestrator.FireRequest) (string, error) {
	return ask[string](ctx, c, "RunOnce", fireIn{runner, r})
}

// Trigger makes a webhook trigger due.
func (c *Client) Trigger(ctx context.Context, runner string, w orchestrator.Webhook) (string, error) {
	return ask[string](ctx, c, "Trigger", webhookIn{runner, w})
}

// PauseScope holds the engine, a tag, a runner or a resource.
func (c *Client) PauseScope(ctx context.Context, s orchestrator.Scope, r orchestrator.PauseRequest) error {
	return tell(ctx, c, "Pause", pauseIn{s, r})
}

// ResumeScope ends a pause.
func (c *Client) ResumeScope(ctx context.Context, s orchestrator.Scope, by orchestrator.Actor) error {
	return tell(ctx, c, "Resume", scopeIn{s, by})
}

// Cancel ends a live run.
func (c *Client) Cancel(ctx context.Context, run string, by orchestrator.Actor) error {
	return tell(ctx, c, "Cancel", idIn{run, by})
}

// Rerun gives an ended run another attempt.
func (c *Client) Rerun(ctx context.Context, run string, r orchestrator.RerunRequest) error {
	return tell(ctx, c, "Rerun", rerunIn{run, r})
}

// Backfill gives ticks of the past their runs.
func (c *Client) Backfill(ctx context.Context, r orchestrator.BackfillRequest) (orchestrator.Backfill, error) {
	return ask[orchestrator.Backfill](ctx, c, "Backfill", r)
}

// CancelBackfill ends a backfill.
func (c *Client) CancelBackfill(ctx context.Context, id string, by orchestrator.Actor) error {
	return tell(ctx, c, "CancelBackfill", idIn{id, by})
}

// Answer answers a step that waits for a person.
func (c *Client) Answer(ctx context.Context, r orchestrator.AnswerRequest) error {
	return tell(ctx, c, "Answer", r)
}

// Decide answers classifiers' decisions that wait.
func (c *Client) Decide(ctx context.Context, r orchestrator.ReviewRequest) ([]orchestrator.ReviewOutcome, error) {
	return ask[[]orchestrator.ReviewOutcome](ctx, c, "Decide", r)
}

// Reload makes the engine read its configuration again.
func (c *Client) Reload(ctx context.Context, by orchestrator.Actor) error {
	return tell(ctx, c, "Reload", by)
}

// Snapshot gives the whole picture.
func (c *Client) Snapshot(ctx context.Context) (orchestrator.Snapshot, error) {
	return ask[orchestrator.Snapshot](ctx, c, "Snapshot", nothing{})
}
