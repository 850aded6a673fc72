package door

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// dialTimeout is how long an engine may take to pick up.
const dialTimeout = 2 * time.Second

// Client is an engine that runs in another process. Its calls are in client_gen.go, which go generate writes. It is safe for concurrent use.
type Client struct {
	path string
	http *http.Client

	// What the seam has got since client_gen.go was written: nil, so that it compiles. TestEveryCallIsGenerated says when to write it again.
	orchestrator.History
	orchestrator.LogSearcher
	orchestrator.Tickets
	orchestrator.Reviews
}

var _ orchestrator.Orchestrator = (*Client)(nil)

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
			d := net.Dialer{Timeout: dialTimeout}
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

// errLife says that the engine's life is its own process's matter.
var errLife = errors.New("the engine runs in another process: start and stop it there")

// Start is of the process that the engine runs in: it gives an error.
func (c *Client) Start(context.Context) error { return errLife }

// Stop is of the process that the engine runs in: it gives an error.
func (c *Client) Stop(context.Context) error { return errLife }

// Run is of the process that the engine runs in: it gives an error.
func (c *Client) Run(context.Context) error { return errLife }

// post sends a request. The caller closes the answer's body.
func (c *Client) post(ctx context.Context, name string, args []any) (*http.Response, error) {
	if args == nil {
		args = []any{}
	}
	body, err := json.Marshal(args)
	if err != nil {
		return nil, fmt.Errorf("ask the running engine: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://engine/v2/"+name, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask the running engine: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the running engine: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("ask the running engine: it does not know %s (another version of otai-tui runs it?)", name)
	}
	return resp, nil
}

// results calls a method and reads its results but the error into out.
func results(ctx context.Context, c *Client, name string, args []any, out ...any) error {
	resp, err := c.post(ctx, name, args)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var a answer
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&a); err != nil {
		return fmt.Errorf("ask the running engine: read its answer: %w", err)
	}
	if err := a.err(); err != nil {
		return err
	}
	if len(a.Results) != len(out) {
		return fmt.Errorf("ask the running engine: %s gave %d results (another version of otai-tui runs it?)", name, len(a.Results))
	}
	for i := range out {
		if err := json.Unmarshal(a.Results[i], out[i]); err != nil {
			return fmt.Errorf("ask the running engine: read its answer: %w", err)
		}
	}
	return nil
}

// tell calls a method that gives an error only; ask one that gives a value.
func tell(ctx context.Context, c *Client, name string, args ...any) error {
	return results(ctx, c, name, args)
}

func ask[A any](ctx context.Context, c *Client, name string, args ...any) (A, error) {
	var a A
	err := results(ctx, c, name, args, &a)
	return a, err
}
