package main

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/service"
	"github.com/openticketai/otai-tui/internal/ticket"
)

//go:embed demo
var demoFiles embed.FS

// demoConfigName is how the demonstration's configuration is called in messages.
const demoConfigName = "demo/config.yml"

// demo is what the demonstration needs beside an ordinary engine: mails that arrive, and a local HTTP service with moods.
type demo struct {
	server  *http.Server
	url     string
	tickets []ticket.Ticket
	next    atomic.Int64
	asked   atomic.Int64
}

func startDemo(ctx context.Context) (*demo, error) {
	d := &demo{}
	if err := d.readTickets(); err != nil {
		return nil, err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the demonstration's local service: %w", err)
	}
	d.url = "http://" + ln.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("/flaky", d.flaky)
	mux.HandleFunc("/gone", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "upstream database does not answer", http.StatusBadGateway)
	})
	mux.HandleFunc("/slow", slow)
	d.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = d.server.Serve(ln) }() // ends with close
	return d, nil
}

func (d *demo) close() { _ = d.server.Close() }

// flaky answers well every third time.
func (d *demo) flaky(w http.ResponseWriter, _ *http.Request) {
	if d.asked.Add(1)%3 != 0 {
		http.Error(w, "busy, try again", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"synced": 12}`)) // the client is gone when this fails
}

// slow takes nine seconds.
func slow(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(9 * time.Second):
		_, _ = w.Write([]byte("indexed")) // the client is gone when this fails
	case <-r.Context().Done():
	}
}

func (d *demo) readTickets() error {
	b, err := demoFiles.ReadFile("demo/tickets.jsonl")
	if err != nil {
		return fmt.Errorf("read the demonstration's tickets: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		var t ticket.Ticket
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return fmt.Errorf("read the demonstration's tickets: %w", err)
		}
		d.tickets = append(d.tickets, t)
	}
	return lines.Err()
}

func (d *demo) environ() []string { return []string{"OTAI_DEMO_URL=" + d.url} }

func (d *demo) readFile(name string) ([]byte, error) {
	return demoFiles.ReadFile(filepath.ToSlash(name))
}

func (d *demo) specs() []*pipe.Spec {
	return []*pipe.Spec{{
		Name: "demo:TicketArrivalPipe", Doc: "A customer's mail becomes a ticket (demonstration only).", Params: &arrivalParams{},
		Needs: []pipe.Need{{Name: "ticket_system", Kind: pipe.KindTicketSystem}},
		New:   func() pipe.Pipe { return pipe.Func(d.arrive) },
	}}
}

type arrivalParams struct {
	Queue string `param:"queue,required" doc:"Queue that new tickets land in."`
}

func (d *demo) arrive(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p arrivalParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	t, err := d.create(ctx, c.Ticket, p.Queue)
	if err != nil {
		return pipe.Result{}, err
	}
	c.Log.Info("ticket arrived", "ticket", t.ID, "subject", t.Subject)
	return pipe.Success("ticket "+t.ID+" arrived", map[string]any{"ticket_id": t.ID}), nil
}

func (d *demo) create(ctx context.Context, sys ticket.System, queue string) (ticket.Ticket, error) {
	if len(d.tickets) == 0 {
		return ticket.Ticket{}, fault.Permanentf("the demonstration has no tickets")
	}
	t := d.tickets[int(d.next.Add(1)-1)%len(d.tickets)]
	t.Queue = &ticket.Entity{Name: queue}
	return sys.Create(ctx, t)
}

// seed puts a few tickets on an empty desk, so that the first routing run has work.
func (d *demo) seed(ctx context.Context, services *service.Set) error {
	sys, err := services.Ticket("")
	if err != nil {
		return err
	}
	const queue = "Incoming"
	waiting, err := sys.Find(ctx, ticket.Criteria{Queue: &ticket.Entity{Name: queue}, Limit: 1})
	if err != nil {
		return fmt.Errorf("look at the demonstration's desk: %w", err)
	}
	if len(waiting) > 0 {
		return nil
	}
	for range 5 {
		if _, err := d.create(ctx, sys, queue); err != nil {
			return fmt.Errorf("fill the demonstration's desk: %w", err)
		}
	}
	return nil
}
