//go:build e2e && !windows

package e2e

import (
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ticket/zammad/zammadtest"
)

// TestStormZammad is the storm over Zammad's REST interface, with TLS and an authority of its own.
func TestStormZammad(t *testing.T) {
	t.Parallel()
	rnd := &lockedRand{}
	faults := []zammadtest.Fault{
		zammadtest.Hang, zammadtest.HangAfter, zammadtest.Late, zammadtest.Error500, zammadtest.TooMany, zammadtest.DropAfter, zammadtest.DropBefore,
		zammadtest.BadGatewayAfter, zammadtest.Maintenance,
	}
	s := zammadtest.New()
	s.Groups = append([]string{}, stormTargets...)
	for r := range stormRunners {
		s.Groups = append(s.Groups, stormQueue(r))
	}
	s.Fault = func(int, *http.Request) zammadtest.Fault {
		if rnd.n(10) > 0 {
			return zammadtest.NoFault
		}
		return faults[rnd.n(len(faults))]
	}
	srv := httptest.NewUnstartedServer(s)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // of dropped connections
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for i := range stormTickets {
		body, queue := stormText(i)
		body = strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(body)
		id := s.Add(zammadtest.Seed{Title: fmt.Sprint("ticket ", i), Group: stormQueue(i % stormRunners), Body: "<div>" + body + "</div><blockquote>old</blockquote>"})
		want[id] = queue
	}
	config, err := os.ReadFile(filepath.Join(Root(), "testdata", "storm", "zammad.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for r := range stormRunners {
		config = fmt.Appendf(config, `
    - pipe_id: routing-%d
      interval_seconds: 0.02
      pipe:
        use: ProcessTickets
        queue: "%s"
        limit: 10
        priority_model: ""
        retries: 12
        retry_delay_seconds: [0.2, 0.3]
`, r, stormQueue(r))
	}
	env := []string{
		"OTAI_STORM_URL=" + srv.URL, "OTAI_STORM_TOKEN=" + zammadtest.Token, "OTAI_STORM_CA=" + ca, "OTAI_STORM_MODEL=" + model(t, rnd),
	}
	storm(t, string(config), env, func() []ended {
		var out []ended
		for _, now := range s.Tickets() {
			e := ended{id: now.ID, queue: now.Group, want: want[now.ID]}
			for _, a := range now.Articles[1:] {
				e.notes++
				e.visible = e.visible || !a.Internal
			}
			out = append(out, e)
		}
		return out
	}, s.Requests)
}
