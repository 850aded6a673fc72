package uitest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	o "github.com/openticketai/otai-tui/internal/orchestrator"
)

// row is one runner of the fixture in short.
type row struct {
	id, desc, sched string
	state           o.State
	p50, p95        float64 // seconds
	ok              float64
	next            time.Duration // from Now
	last            time.Duration // ago
	fails           int           // at the end of the strip
}

var rows = []row{
	{
		"ticket-routing", "Classify new tickets and move them to their queue", "every 1m",
		o.Scheduled, 2.1, 4.2, .998, 29 * time.Second, 31 * time.Second, 0,
	},
	{"urgent-triage", "Raise the priority of outages", "every 30s", o.Scheduled, .8, 1.9, .997, 12 * time.Second, 18 * time.Second, 0},
	{"escalations", "Escalate tickets without an answer", "*/5 * * * *", o.Failed, 9, 31, .75, 2*time.Minute + 29*time.Second, 8 * time.Minute, 2},
	{
		"crm-sync", "Copy customer data into the tickets", "*/15 * * * *",
		o.AwaitingRetry, 21, 48, .916, 12*time.Minute + 29*time.Second, 2 * time.Minute, 0,
	},
	{"mail-intake", "Make tickets of mails", "every 2m", o.AwaitingRetry, 40, 140, .971, 89 * time.Second, 4 * time.Minute, 0},
	{"sla-watch", "Warn before an SLA ends", "every 5m", o.Late, 1.2, 3, .999, -250 * time.Second, 9 * time.Minute, 0},
	{"kb-suggest", "Suggest articles in notes", "every 10m", o.Running, 180, 362, .988, 7 * time.Minute, 5 * time.Minute, 0},
	{"sentiment", "Mark angry tickets", "every 2m", o.Running, 31, 70, .992, 40 * time.Second, 11 * time.Second, 0},
	{"translate", "Translate notes for the night shift", "manual", o.Pending, 90, 220, .983, 0, time.Hour, 0},
	{
		"backlog-report", "Mail the backlog to the leads", "0 8 * * 1-5 Europe/Berlin",
		o.Paused, 300, 535, 1, 17*time.Hour + 57*time.Minute, 6 * time.Hour, 0,
	},
	{"dedupe", "Merge tickets about the same outage", "every 10m", o.Scheduled, 3, 8, 1, 4*time.Minute + 10*time.Second, 6 * time.Minute, 0},
	{"spam-filter", "Close spam", "every 1m", o.Scheduled, .5, .9, .999, 9 * time.Second, 51 * time.Second, 0},
	{"vip-queue", "Move tickets of key accounts", "every 5m", o.Scheduled, 1.1, 2.2, .994, 2*time.Minute + 29*time.Second, 3 * time.Minute, 0},
	{"attachments", "Scan attachments", "every 5m", o.Scheduled, 12, 33, .99, 2*time.Minute + 31*time.Second, 3 * time.Minute, 0},
	{"satisfaction", "Ask how it went", "0 * * * *", o.Scheduled, 6, 12, .998, 57*time.Minute + 29*time.Second, 2 * time.Minute, 0},
	{
		"auto-close", "Close tickets without an answer for 14 days", "0 2 * * * Europe/Berlin",
		o.Scheduled, 55, 80, 1, 10*time.Hour + 57*time.Minute, 13 * time.Hour, 0,
	},
	{"gdpr-purge", "Remove personal data of closed tickets", "30 3 * * 0", o.Scheduled, 31, 40, 1, 4*24*time.Hour + 13*time.Hour, 51 * time.Hour, 0},
	{"legacy-otrs-import", "Import of the old system", "every 1h", o.Disabled, 0, 0, 0, 0, 92 * 24 * time.Hour, 0},
}

// RunID is the id of a fixture's run.
func RunID(n int) string { return fmt.Sprintf("01KAVTEST00000000000%06x", 0x8f0000+n*0x2c1) }

// Tickets is the usual fixture: an engine that routes tickets, with something of every state.
func Tickets() Fixture {
	rng := rand.New(rand.NewPCG(7, 11))
	f := Fixture{Details: map[string]o.RunDetail{}}
	f.Snapshot = o.Snapshot{At: Now, Engine: o.Engine{
		Name: "helpdesk-prod", Version: "0.1.0", StartedAt: Now.Add(-6*24*time.Hour - 4*time.Hour), Slots: 8, Busy: 3,
		Queue: 1, WriteDelay: 4 * time.Millisecond, Health: "ok",
	}}
	for i, r := range rows {
		f.Snapshot.Runners = append(f.Snapshot.Runners, r.runner(i, rng))
	}
	f.detailFailed()
	f.detailRunning()
	f.history(rng)
	f.logLines()
	f.eventList()
	return f
}

func (r row) runner(i int, rng *rand.Rand) o.Runner {
	out := o.Runner{
		ID: r.id, Description: r.desc, Use: "base:CompositePipe", State: r.state, Schedule: r.sched,
		Policy: "retry 2 × 30s..10m exp · skip if running", Runs: 60, OKRate: r.ok, P50: secs(r.p50), P95: secs(r.p95),
		FailedInRow: r.fails,
	}
	if r.next != 0 {
		out.NextAt = Now.Add(r.next)
	}
	if i%3 == 0 {
		out.Tags = []string{"tickets"}
	}
	out.LastOK = Now.Add(-r.last)
	for j := range o.StripLen {
		oc := o.Outcome{Run: RunID(1000 + j), State: o.Completed, Duration: secs(r.p50 * (.6 + rng.Float64()))}
		if j >= o.StripLen-r.fails || r.ok < .99 && j%17 == 5 {
			oc.State, oc.Duration = o.Failed, secs(r.p95)
		}
		out.Strip = append(out.Strip, oc)
	}
	out.Last = &o.Run{
		ID: RunID(i), Runner: r.id, Trigger: "interval", State: o.Completed, Count: 1, Attempt: 1, Attempts: 1,
		StartedAt: Now.Add(-r.last - secs(r.p50)), EndedAt: Now.Add(-r.last),
	}
	r.live(&out, i)
	return out
}

// live sets what belongs to the runner's state.
func (r row) live(out *o.Runner, i int) {
	run := func(state o.State, began time.Duration) *o.Run {
		return &o.Run{
			ID: RunID(100 + i), Runner: r.id, Trigger: "interval", State: state, Count: 1, Attempt: 1, Attempts: 1,
			CreatedAt: Now.Add(-began), DueAt: Now.Add(-began), StartedAt: Now.Add(-began),
		}
	}
	switch r.state {
	case o.Failed:
		out.Reason = "failed after 3 of 3 attempts; the next run is at 14:05:00Z"
		l := out.Last
		l.State, l.Attempts, l.MaxAttempts, l.FailedStep = o.Failed, 3, 3, "escalations/raise-priority"
		l.Error = "otobo: 409 conflict: ticket 4711 is locked by agent bob"
		l.ErrorClass, l.Warnings = "conflict", 2
		l.StartedAt, l.EndedAt = Now.Add(-8*time.Minute-114*time.Second), Now.Add(-8*time.Minute)
		out.LastOK = Now.Add(-182 * time.Minute)
	case o.AwaitingRetry:
		out.Current = run(o.AwaitingRetry, 90*time.Second)
		c := out.Current
		c.Attempts, c.MaxAttempts, c.NextAt = 2, 5, Now.Add(18*time.Second)
		c.FailedStep, c.Error = r.id+"/fetch", "dial tcp 10.9.0.4:443: i/o timeout"
		out.Reason = "fetch failed (i/o timeout); attempt 3 of 5 comes in 18s"
		if r.id == "mail-intake" {
			c.Attempts, c.MaxAttempts, c.NextAt = 4, 8, Now.Add(104*time.Second)
			c.FailedStep, c.Error = r.id+"/imap", "421 try again later"
			out.Reason = "imap answered 421; attempt 5 of 8 comes in 1m44s"
		}
	case o.Late:
		out.Reason = "due at 13:58:21Z, waits for a slot: 8 of 8 are taken, kb-suggest holds the oldest"
	case o.Running:
		out.Current = run(o.Running, 5*time.Minute)
		out.StepsDone, out.StepsAll = 4, 7
		if r.id == "sentiment" {
			out.Current = run(o.Running, 11*time.Second)
			out.StepsDone, out.StepsAll = 1, 3
		}
		out.Reason = "started by its schedule"
	case o.Pending:
		out.Current = run(o.Pending, 4*time.Second)
		out.Current.StartedAt, out.Current.Trigger, out.Current.By = time.Time{}, "manual", "kim"
		out.Reason = "waits for a slot, second in the queue"
	case o.Paused:
		out.Pause = &o.Pause{By: "kim", Reason: "leads are away", At: Now.Add(-2 * time.Hour)}
	case o.Disabled:
		out.Reason, out.Runs, out.Strip, out.Last = "enabled: false in the configuration", 0, nil, nil
		out.LastOK = time.Time{}
	default:
		out.Reason = "waits for its next tick"
	}
}

func secs(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// step makes a step; begin and end are seconds after at, end 0 = not ended.
func step(run, path, use string, order int, state o.State, at time.Time, begin, end float64) o.Step {
	id := path[strings.LastIndexByte(path, '/')+1:]
	s := o.Step{Run: run, Path: path, ID: id, Use: use, Depth: strings.Count(path, "/"), Order: order, State: state, Attempt: 1, MaxAttempts: 1}
	s.StartedAt = at.Add(secs(begin))
	if end > 0 {
		s.EndedAt = at.Add(secs(end))
	}
	s.Attempts = []o.Attempt{{N: 1, State: state, StartedAt: s.StartedAt, EndedAt: s.EndedAt}}
	return s
}

func (f *Fixture) detailFailed() {
	r := *f.Snapshot.Runners[2].Last
	at := r.StartedAt
	root := step(r.ID, "escalations", "base:CompositePipe", 0, o.Failed, at, 0, 114)
	root.Composite = true
	fetch := step(r.ID, "escalations/fetch", "base:FetchTicketsPipe", 1, o.Completed, at, .1, 8.2)
	fetch.Message = "12 tickets"
	classify := step(r.ID, "escalations/classify", "base:ClassificationPipe", 2, o.Completed, at, 8.2, 10.4)
	classify.Attempt, classify.MaxAttempts = 2, 3
	classify.Attempts = []o.Attempt{
		{N: 1, State: o.Failed, StartedAt: at.Add(secs(8.2)), EndedAt: at.Add(secs(8.9)), Error: "503 upstream"},
		{N: 2, State: o.Completed, StartedAt: at.Add(secs(9.6)), EndedAt: at.Add(secs(10.4))},
	}
	pick := step(r.ID, "escalations/pick", "base:ExpressionPipe", 3, o.Completed, at, 10.4, 12.3)
	raise := step(r.ID, "escalations/raise-priority", "base:UpdateTicketPipe", 4, o.Failed, at, 12.3, 114)
	raise.Attempt, raise.MaxAttempts, raise.Error = 3, 3, r.Error
	raise.Attempts = nil
	for i, x := range [][2]float64{{12.3, 22.1}, {26, 36.1}, {73, 114}} {
		raise.Attempts = append(raise.Attempts, o.Attempt{
			N: i + 1, State: o.Failed, StartedAt: at.Add(secs(x[0])), EndedAt: at.Add(secs(x[1])), Error: r.Error, Class: "conflict",
		})
	}
	notify := o.Step{
		Run: r.ID, Path: "escalations/notify", ID: "notify", Use: "base:AddNotePipe", Depth: 1, Order: 5, State: o.Skipped,
		Reason: "raise-priority failed",
	}
	f.Details[r.ID] = o.RunDetail{Run: r, Steps: []o.Step{root, fetch, classify, pick, raise, notify}}
}

func (f *Fixture) detailRunning() {
	r := *f.Snapshot.Runners[6].Current
	at := r.StartedAt
	root := step(r.ID, "kb-suggest", "base:CompositePipe", 0, o.Running, at, 0, 0)
	root.Composite = true
	steps := []o.Step{root}
	for i, x := range []struct {
		id   string
		b, e float64
	}{{"fetch", 0, 14}, {"filter", 14, 15}, {"classify", 15, 120}, {"search", 120, 260}, {"write-note", 260, 0}} {
		s := step(r.ID, "kb-suggest/"+x.id, "base:"+x.id, i+1, o.Completed, at, x.b, x.e)
		if x.e == 0 {
			s.State, s.Attempts[0].State = o.Running, o.Running
		}
		steps = append(steps, s)
	}
	f.Details[r.ID] = o.RunDetail{Run: r, Steps: steps}
}

// history makes runs of all runners, newest first, and idle rows among them.
func (f *Fixture) history(rng *rand.Rand) {
	for _, r := range f.Snapshot.Runners {
		if r.Current != nil {
			f.Runs = append(f.Runs, *r.Current)
		}
		if r.Last != nil {
			f.Runs = append(f.Runs, *r.Last)
		}
	}
	for i := range 260 {
		r := f.Snapshot.Runners[i%17]
		at := Now.Add(-time.Duration(20+i*7) * time.Minute)
		run := o.Run{
			ID: RunID(2000 + i), Runner: r.ID, Trigger: "interval", State: o.Completed, Count: 1, Attempt: 1, Attempts: 1,
			CreatedAt: at, DueAt: at, StartedAt: at, EndedAt: at.Add(time.Duration(float64(r.P50) * (.6 + rng.Float64()))),
		}
		switch {
		case i%23 == 4:
			run.State, run.Error, run.FailedStep, run.Warnings = o.Failed, "503 upstream is busy", r.ID+"/classify", 1
			run.Attempts, run.MaxAttempts = 3, 3
		case i%11 == 3:
			run.Idle, run.Reason, run.Count = true, "nothing to do", 240
			run.FirstAt, run.LastAt = at.Add(-5*time.Hour), at
		case i%29 == 7:
			run.State, run.Reason, run.StartedAt, run.EndedAt = o.Skipped, "still running", time.Time{}, time.Time{}
		case i%13 == 6:
			run.Trigger, run.By = "manual", "kim"
		}
		f.Runs = append(f.Runs, run)
	}
	slices.SortStableFunc(f.Runs, func(a, b o.Run) int { return began(b).Compare(began(a)) })
}

func began(r o.Run) time.Time {
	if r.StartedAt.IsZero() {
		return r.CreatedAt
	}
	return r.StartedAt
}

func (f *Fixture) logLines() {
	r := f.Snapshot.Runners[2].Last
	raise := "escalations/raise-priority"
	for i, l := range []struct {
		s           float64
		step, level string
		msg         string
	}{
		{.1, "escalations/fetch", "info", "search state=open age>4h"},
		{8.1, "escalations/fetch", "info", "12 tickets found"},
		{8.9, "escalations/classify", "warn", "503 upstream, next attempt in 0.7s"},
		{10.4, "escalations/classify", "info", "12 of 12 classified, lowest score 0.71"},
		{12.3, "escalations/pick", "info", "4 tickets need a higher priority"},
		{13, raise, "info", "ticket 4709 raised to 4"},
		{22.1, raise, "error", "ticket 4711: 409 conflict: locked by agent bob"},
		{26, raise, "info", "attempt 2 of 3"},
		{36.1, raise, "error", "ticket 4711: 409 conflict: locked by agent bob"},
		{73, raise, "info", "attempt 3 of 3"},
		{99, raise, "warn", "the lock on ticket 4711 is 26 minutes old"},
		{113.9, raise, "error", "ticket 4711: 409 conflict: locked by agent bob"},
		{114, raise, "error", "step failed: attempts exhausted (3/3)"},
		{114, "escalations", "info", "notify skipped: raise-priority failed"},
	} {
		f.Logs = append(f.Logs, o.LogLine{
			Run: r.ID, Runner: r.Runner, Seq: int64(i + 1), Step: l.step, Attempt: 1, At: r.StartedAt.Add(secs(l.s)), Level: l.level, Msg: l.msg,
		})
	}
	live := f.Snapshot.Runners[6].Current
	for i := range 40 {
		l := o.LogLine{
			Run: live.ID, Runner: live.Runner, Seq: int64(i + 1), Step: "kb-suggest/write-note",
			At: live.StartedAt.Add(secs(260 + float64(i))), Level: "info",
			Msg: fmt.Sprintf("note on ticket %d written, article %d, score 0.%d", 4700+i, 100+i*3, 60+i%40),
		}
		if i%15 == 9 {
			l.Level, l.Msg = "warn", "slow answer: 2.4s for /articles/search"
		}
		f.Logs = append(f.Logs, l)
	}
}

func (f *Fixture) eventList() {
	for i, e := range []struct {
		ago          int
		kind, runner string
		state        o.State
		text, by     string
	}{
		{2, "retry", "crm-sync", o.AwaitingRetry, "fetch attempt 2/5 failed: i/o timeout · attempt 3 in 20s", "engine"},
		{7, "completed", "spam-filter", o.Completed, "ok in 0.5s", "engine"},
		{11, "started", "sentiment", o.Running, "started by its schedule", "engine"},
		{20, "fired", "translate", o.Pending, "fired, second in the queue", "kim"},
		{39, "failed", "escalations", o.Failed, "raise-priority attempt 3/3 failed: 409 conflict", "engine"},
		{44, "late", "sla-watch", o.Late, "late: due 13:58:21Z, waits for a slot", "engine"},
		{7200, "paused", "backlog-report", o.Paused, "paused: leads are away", "kim"},
		{518400, "started", "", "", "engine 0.1.0 started, 18 runners, 0 problems", "engine"},
	} {
		ev := o.Event{
			ID: int64(1000 - i), At: Now.Add(-time.Duration(e.ago) * time.Second), Kind: e.kind, Runner: e.runner,
			State: e.state, Text: e.text, By: e.by,
		}
		if e.runner == "escalations" {
			ev.Run = f.Snapshot.Runners[2].Last.ID
		}
		f.Events = append(f.Events, ev)
	}
}
