package ui_test

import (
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// worldScenes are the frames of what the engine knows of ticket systems and classifiers.
func worldScenes() []scene {
	return []scene{
		{"engine-services", services, func(d *uitest.Driver) { d.Press("6", "j", "j") }},
	}
}

func services() uitest.Fixture {
	f := uitest.Tickets()
	f.Snapshot.Engine.Health = "degraded"
	f.Snapshot.Engine.Problems = []string{"service otobo (OTOBO/Znuny) is not called: its circuit is open after 5 failures in a row; " +
		"the latest: TicketGet at https://otobo.example: connection refused"}
	ago := func(d time.Duration) time.Time { return uitest.Now.Add(-d) }
	f.Snapshot.Engine.Services = []orchestrator.ServiceHealth{
		{
			ID: "hf_local", Type: "Hugging Face classifier", Where: "Hugging Face classifier http://127.0.0.1:8801", State: "ok", Calls: 4711, InFlight: 2,
			P50: 38 * time.Millisecond, P95: 120 * time.Millisecond, LastOK: ago(time.Second),
		},
		{
			ID: "otobo", Type: "OTOBO/Znuny", Where: "OTOBO/Znuny https://otobo.example", State: "open", Until: uitest.Now.Add(18 * time.Second), InRow: 5,
			Calls: 1204, Failed: 9, Refused: 3, P50: 31 * time.Millisecond, P95: 210 * time.Millisecond, LastOK: ago(40 * time.Second),
			LastError: "TicketGet at https://otobo.example: connection refused", ErrorAt: ago(12 * time.Second),
		},
		{
			ID: "zammad", Type: "Zammad", Where: "Zammad https://zammad.example", State: "degraded", InRow: 1, Calls: 88, Failed: 20, RateWaits: 12, Waiting: 3,
			P50: 90 * time.Millisecond, P95: 2 * time.Second, LastOK: ago(5 * time.Second), LastError: "answered 502 Bad Gateway", ErrorAt: ago(3 * time.Minute),
		},
		{ID: "znuny", Type: "OTOBO/Znuny", Where: "OTOBO/Znuny https://znuny.example", State: "unused"},
	}
	return f
}
