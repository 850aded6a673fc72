package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/engine"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/pipe/base"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/service"
	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
)

// slowServer is the test server with the recorded times of a real one, and a count of the time spent in it.
type slowServer struct {
	s     *otobotest.Server
	timed bool
	spent atomic.Int64
	calls atomic.Int64
}

func (s *slowServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	if s.timed { // medians of recorded calls to OTOBO 11; an update is a move or a note
		op := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		ms := map[string]int{"ticket-search": 25, "ticket-get": 28, "ticket-update": 65}[op]
		<-time.After(time.Duration(ms) * time.Millisecond)
	}
	s.s.ServeHTTP(w, r)
	s.spent.Add(int64(time.Since(began)))
	s.calls.Add(1)
}

// BenchmarkRouteOTOBO routes tickets with ProcessTickets through the whole engine and OTOBO's client over real HTTP: search, read,
// classify by rules, move, note, everything durable. One operation is one ticket. overhead is the wall time per ticket that was not
// spent in the server, with one runner.
func BenchmarkRouteOTOBO(b *testing.B) {
	for name, c := range map[string]struct {
		timed   bool
		runners int
	}{"instant-server/1": {false, 1}, "instant-server/4": {false, 4}, "real-times/1": {true, 1}, "real-times/4": {true, 4}} {
		b.Run(name, func(b *testing.B) { routeAll(b, c.timed, c.runners) })
	}
}

func routeAll(b *testing.B, timed bool, runners int) {
	b.Helper()
	queues := map[string]otobotest.Right{"Support": otobotest.Full}
	for r := range runners {
		queues[fmt.Sprint("Incoming", r)] = otobotest.Full
	}
	s := otobotest.Start(otobotest.Options{Queues: queues, Keep: 1})
	defer s.Close()
	for i := range b.N {
		s.Add(otobotest.Seed{Title: fmt.Sprint(i), Queue: fmt.Sprint("Incoming", i%runners), Body: "help with the vpn please"})
	}
	slow := &slowServer{s: s, timed: timed}
	front := httptest.NewServer(slow)
	defer front.Close()
	e := routingEngine(b, front.URL+"/otobo/nph-genericinterface.pl", runners)
	b.ResetTimer()
	if err := e.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	for s.Waiting("Support") > 0 {
		select {
		case <-time.After(2 * time.Millisecond):
		case <-b.Context().Done():
			b.Fatal("not all tickets arrived")
		}
	}
	took := b.Elapsed()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/took.Seconds(), "tickets/s")
	b.ReportMetric(float64(slow.calls.Load())/float64(b.N), "requests/ticket")
	if runners == 1 {
		b.ReportMetric(float64(slow.spent.Load())/float64(b.N)/1e6, "server-ms/ticket")
		b.ReportMetric((float64(took.Nanoseconds())-float64(slow.spent.Load()))/float64(b.N)/1e6, "overhead-ms/ticket")
	}
	if err := e.Stop(context.WithoutCancel(b.Context())); err != nil {
		b.Fatal(err)
	}
}

func routingEngine(b *testing.B, url string, runners int) *engine.Engine {
	b.Helper()
	dir := b.TempDir()
	var text strings.Builder
	fmt.Fprintf(&text, `
services:
  otobo: {use: "otobo-znuny:OTOBOZnunyTicketSystemService", params: {base_url: %q, password: otai-agent-pass}}
  words: {use: "rules:RulesClassificationService", params: {labels: {Support: [vpn], Other: [zzz]}}}
orchestrator:
  runners:
`, url)
	for r := range runners {
		fmt.Fprintf(&text, "    - {pipe_id: r%d, interval_seconds: 0.01, pipe: {use: ProcessTickets, queue: Incoming%d, limit: 50, priority_model: \"\"}}\n", r, r)
	}
	path := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	reg, err := pipe.NewRegistry(base.Specs()...)
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := config.Load(b.Context(), config.Options{Path: path, Pipes: reg, Renderer: render.New()})
	if err != nil {
		b.Fatal(err)
	}
	services := map[string]service.Config{}
	for id, s := range cfg.Services {
		services[id] = service.Config{ID: s.ID, Use: s.Use, Params: s.Params, Injects: s.Injects}
	}
	set, err := service.Open(b.Context(), service.Options{Services: services, Desk: filepath.Join(dir, "desk.db"), Renderer: render.New(), Env: cfg.Env})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = set.Close() })
	return engine.New(engine.Options{
		Config: cfg, Pipes: reg, Services: set, Renderer: render.New(), Env: cfg.Env, StateDir: filepath.Join(dir, "state"), Version: "bench",
	})
}
