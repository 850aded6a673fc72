package uitest

import (
	"strings"
	"time"

	o "github.com/openticketai/otai-tui/internal/orchestrator"
)

// Promises is the fixture of an engine whose promises are at work: several live runs, pauses of all kinds, limits that are
// full, an open breaker, handlers and undo steps, a step that waits for an answer, backfills, and a bad configuration.
func Promises() Fixture {
	f := Tickets()
	f.limits()
	f.several()
	f.held()
	f.handled()
	f.asking()
	f.Backfills = []o.Backfill{
		{
			ID: "3", Runner: "satisfaction", Trigger: "cron", First: Now.AddDate(0, 0, -5), Last: Now.AddDate(0, 0, -1), Total: 97, Claimed: 41,
			State: o.Running, By: "kim", At: Now.Add(-25 * time.Minute),
		},
		{
			ID: "2", Runner: "dedupe", Trigger: "interval", First: Now.AddDate(0, 0, -9), Last: Now.AddDate(0, 0, -8), Total: 144, Claimed: 144,
			State: o.Completed, By: "alex", At: Now.Add(-26 * time.Hour),
		},
	}
	f.Events = append([]o.Event{
		{
			ID: 1010, At: Now.Add(-time.Second), Kind: "paused", State: o.Paused, Text: "paused tag night until 15:00: release 2.4", By: "kim", Via: "ssh",
			Before: "running", After: "paused until 15:00: release 2.4",
		},
		{
			ID: 1009, At: Now.Add(-90 * time.Second), Kind: "reload", State: o.Failed, By: "engine",
			Text: "configuration not taken: otai.yml:41:9: unknown pipe base:FetchTickets, did you mean base:FetchTicketsPipe (and 2 more)",
		},
	}, f.Events...)
	return f
}

func (f *Fixture) runnerOf(id string) *o.Runner {
	for i := range f.Snapshot.Runners {
		if f.Snapshot.Runners[i].ID == id {
			return &f.Snapshot.Runners[i]
		}
	}
	panic("no runner " + id)
}

// limits fill the engine's side.
func (f *Fixture) limits() {
	e := &f.Snapshot.Engine
	e.Busy, e.Queue, e.Config, e.StateDir = 8, 2, "/etc/otai/otai.yml", "/var/lib/otai"
	e.ConfigHash, e.ConfigAt = "9f3c2a7be01d44aa", Now.Add(-3*time.Hour)
	e.ConfigError = "otai.yml:41:9: unknown pipe base:FetchTickets, did you mean base:FetchTicketsPipe (and 2 more)"
	e.Disk = o.Disk{History: 412 << 20, WAL: 4 << 20, Free: 38 << 30}
	e.ClockJump = -61 * time.Minute
	e.Undelivered, e.Approvals = 2, 2
	e.Stuck = []string{"run 9023ea of kb-suggest: step write-note has ignored the cancel for 12s"}
	e.Limits = []o.Limit{
		{Name: "resource mailbox", Max: 2, Used: 1, Holders: []string{"mail-intake"}, Rate: "10 in 1s", Breaker: "closed"},
		{Name: "resource otobo", Max: 4, Used: 4, Holders: []string{"kb-suggest", "sentiment"}, Waiting: 3, Breaker: "closed"},
		{Name: "resource translator", Max: 1, Breaker: "open until 14:05:10Z: connection refused"},
		{Name: "runner sentiment", Max: 3, Used: 3, Holders: []string{"sentiment"}, Waiting: 2},
		{Name: "tag tickets", Max: 6, Used: 2, Holders: []string{"crm-sync", "kb-suggest"}},
	}
	e.Holds = []o.Hold{
		{Scope: o.Scope{Kind: o.ScopeTag, Name: "night"}, Pause: o.Pause{By: "kim", Reason: "release 2.4", At: Now.Add(-time.Second), Until: Now.Add(57*time.Minute + 29*time.Second)}},
		{Scope: o.Scope{Kind: o.ScopeResource, Name: "translator"}, Pause: o.Pause{By: "alex", Reason: "they migrate", At: Now.Add(-2 * time.Hour)}},
	}
}

// several gives sentiment live runs beside each other, with others that wait.
func (f *Fixture) several() {
	r := f.runnerOf("sentiment")
	r.Live, r.Waiting, r.Resources, r.Priority, r.Overlap = 5, 2, []string{"otobo"}, 2, "allow_all"
	r.Reason = "2 wait for resource otobo, held by kb-suggest and sentiment"
	t := f.runnerOf("translate")
	t.Resources, t.Live, t.Waiting = []string{"translator"}, 1, 1
	t.Reason = "waits for resource translator: paused by alex"
	f.runnerOf("kb-suggest").Resources = []string{"otobo"}
	f.runnerOf("satisfaction").OverdueFor = 3*time.Hour + 10*time.Minute
}

// held puts pipes under the pause of their tag.
func (f *Fixture) held() {
	for _, id := range []string{"auto-close", "gdpr-purge"} {
		r := f.runnerOf(id)
		r.Tags, r.HeldBy, r.State = append(r.Tags, "night"), "tag night", o.Paused
	}
	p := f.runnerOf("backlog-report").Pause
	p.Until = Now.Add(3 * time.Hour)
}

// handled gives the failed run its handlers and an undo step.
func (f *Fixture) handled() {
	r := f.runnerOf("escalations")
	d := f.Details[r.Last.ID]
	d.Run.Handlers, d.Run.Parent, d.Run.Priority, d.Run.Definition = "failed", RunID(0), 2, "51c0ffee9a1b"
	d.Run.Backfill, d.Run.Trigger = "3", "after"
	*r.Last = d.Run
	at := d.Run.EndedAt
	undo := step(d.Run.ID, "escalations/classify/undo", "base:UpdateTicketPipe", 6, o.Completed, at, .1, .9)
	undo.Kind, undo.ID, undo.Depth = "undo", "classify", 0
	page := step(d.Run.ID, "on_failure/page", "base:HttpPipe", 7, o.Failed, at, 1, 2.2)
	page.Kind, page.Depth, page.Error = "handler", 0, "503 pager is down"
	note := step(d.Run.ID, "on_exit/note", "base:AddNotePipe", 8, o.Completed, at, 2.2, 2.5)
	note.Kind, note.Depth = "handler", 0
	d.Steps = append(d.Steps, page, note, undo)
	f.Details[d.Run.ID] = d
}

// asking makes vip-queue wait for an answer, and puts a second question beside it.
func (f *Fixture) asking() {
	r := f.runnerOf("vip-queue")
	run := o.Run{
		ID: RunID(112), Runner: r.ID, Trigger: "interval", State: o.Paused, Count: 1, Attempt: 1, Attempts: 1, Reason: "waits for an answer: move 12 tickets",
		CreatedAt: Now.Add(-11 * time.Minute), DueAt: Now.Add(-11 * time.Minute), StartedAt: Now.Add(-11 * time.Minute),
	}
	r.State, r.Current, r.Reason, r.Live = o.Paused, &run, run.Reason, 1
	root := step(run.ID, "vip-queue", "base:CompositePipe", 0, o.Paused, run.StartedAt, 0, 0)
	root.Composite = true
	fetch := step(run.ID, "vip-queue/fetch", "base:FetchTicketsPipe", 1, o.Completed, run.StartedAt, 0, 4)
	ask := step(run.ID, "vip-queue/approve", "base:WaitForApprovalPipe", 2, o.Paused, run.StartedAt, 4, 0)
	ask.Reason = "waits for an answer"
	move := o.Step{Run: run.ID, Path: "vip-queue/move", ID: "move", Use: "base:UpdateTicketPipe", Depth: 1, Order: 3, State: o.Scheduled}
	f.Details[run.ID] = o.RunDetail{Run: run, Steps: []o.Step{root, fetch, ask, move}}
	f.Runs = append([]o.Run{run}, f.Runs...)
	f.Approvals = []o.Approval{
		{
			Run: run.ID, Step: "vip-queue/approve", Runner: r.ID, Question: "Move 12 tickets of key accounts to the VIP queue?", At: Now.Add(-11 * time.Minute),
			Until: Now.Add(49 * time.Minute), Input: map[string]string{"queue": "text", "limit": "number", "notify": "bool"},
			Subject: map[string]any{
				"tickets": []any{4711.0, 4712.0, 4719.0}, "customers": "Globex, Initech, Umbrella",
				"why": "each has written more than " + strings.Repeat("two mails and ", 6) + "waits for hours",
			},
		},
		{
			Run: RunID(140), Step: "legacy/confirm", Runner: "dedupe", Question: "Merge 3 outages that look alike?", At: Now.Add(-40 * time.Second),
		},
	}
}
