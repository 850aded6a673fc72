// Package uitest has what tests of the console need: an orchestrator that holds still, a driver that presses keys
// without waiting, and a terminal to look at. It is linked into tests only.
package uitest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/feed"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Now is the moment all fixtures are seen from.
var Now = time.Date(2026, 11, 24, 14, 2, 31, 0, time.UTC)

// Fake is an orchestrator over fixed data. Commands change the data at once and are recorded. It is safe for concurrent
// use.
type Fake struct {
	Hub *feed.Hub

	mu      sync.Mutex
	snap    orchestrator.Snapshot
	runs    []orchestrator.Run // newest first
	details map[string]orchestrator.RunDetail
	logs    []orchestrator.LogLine
	events  []orchestrator.Event
	calls   []string

	approvals []orchestrator.Approval
	backfills []orchestrator.Backfill
	tickets   TicketData
	quality   orchestrator.Quality

	err    error // given by the next command
	detErr error // given by every RunDetail; nil = none
}

// New makes a fake with the given data.
func New(f Fixture) *Fake {
	return &Fake{
		Hub:  feed.NewHub(feed.Options{}),
		snap: f.Snapshot, runs: f.Runs, details: f.Details, logs: f.Logs, events: f.Events,
		approvals: f.Approvals, backfills: f.Backfills, tickets: f.Tickets, quality: f.Quality,
	}
}

// Fixture is the data of a Fake.
type Fixture struct {
	Snapshot orchestrator.Snapshot
	Runs     []orchestrator.Run
	Details  map[string]orchestrator.RunDetail
	Logs     []orchestrator.LogLine
	Events   []orchestrator.Event // newest first

	Approvals []orchestrator.Approval
	Backfills []orchestrator.Backfill
	Tickets   TicketData
	Quality   orchestrator.Quality
}

// Calls gives the commands so far: "pause crm-sync by kim".
func (f *Fake) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// FailNext makes the next command fail.
func (f *Fake) FailNext(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// FailDetails makes every reading of a run fail.
func (f *Fake) FailDetails(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.detErr = err
}

func (f *Fake) command(format string, args ...any) error {
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	err := f.err
	f.err = nil
	return err
}

// Change changes a runner and publishes it.
func (f *Fake) Change(id string, change func(*orchestrator.Runner)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change(id, change)
}

func (f *Fake) change(id string, change func(*orchestrator.Runner)) {
	for i := range f.snap.Runners {
		if f.snap.Runners[i].ID == id {
			change(&f.snap.Runners[i])
			f.Hub.Runner(f.snap.Runners[i])
		}
	}
}

func (f *Fake) runner(id string) (*orchestrator.Runner, error) {
	for i := range f.snap.Runners {
		if f.snap.Runners[i].ID == id {
			return &f.snap.Runners[i], nil
		}
	}
	return nil, fmt.Errorf("%w: %s", orchestrator.ErrUnknownRunner, id)
}

// Start does nothing.
func (f *Fake) Start(context.Context) error { return nil }

// Stop closes the hub.
func (f *Fake) Stop(context.Context) error { f.Hub.Close(); return nil }

// Run waits for ctx.
func (f *Fake) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// RunOnce records a fire.
func (f *Fake) RunOnce(_ context.Context, runner string, r orchestrator.FireRequest) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.runner(runner); err != nil {
		return "", err
	}
	extra := ""
	if len(r.Params) > 0 || r.Overlap != "" {
		extra = fmt.Sprintf(" params %v overlap %q", r.Params, r.Overlap)
	}
	if r.DryRun {
		extra += " dry"
	}
	return "01KAVFIRED", f.command("fire %s%s by %s", runner, extra, r.By.Name)
}

// Pause pauses a runner.
func (f *Fake) Pause(_ context.Context, runner string, r orchestrator.PauseRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.command("pause %s by %s reason %q%s", runner, r.By.Name, r.Reason, until(r)); err != nil {
		return err
	}
	f.change(runner, func(rn *orchestrator.Runner) {
		rn.State, rn.Pause = orchestrator.Paused, &orchestrator.Pause{By: r.By.Name, Reason: r.Reason, At: Now, Until: r.Until}
	})
	return nil
}

// Resume resumes a runner.
func (f *Fake) Resume(_ context.Context, runner string, by orchestrator.Actor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.command("resume %s by %s", runner, by.Name); err != nil {
		return err
	}
	f.change(runner, func(rn *orchestrator.Runner) { rn.State, rn.Pause = orchestrator.Scheduled, nil })
	return nil
}

// Cancel records a cancel.
func (f *Fake) Cancel(_ context.Context, run string, by orchestrator.Actor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.command("cancel %s by %s", run, by.Name)
}

// Rerun records a retry.
func (f *Fake) Rerun(_ context.Context, run string, r orchestrator.RerunRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := ""
	if r.From != "" {
		from = " from " + r.From
	}
	return f.command("rerun %s all=%v%s by %s", run, r.All, from, r.By.Name)
}

// PauseScope pauses the engine, a tag or a resource.
func (f *Fake) PauseScope(_ context.Context, s orchestrator.Scope, r orchestrator.PauseRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.command("pause %s by %s reason %q drain=%v%s", s, r.By.Name, r.Reason, r.Drain, until(r)); err != nil {
		return err
	}
	f.unhold(s)
	f.snap.Engine.Draining = r.Drain
	f.snap.Engine.Holds = append(f.snap.Engine.Holds, orchestrator.Hold{
		Scope: s, Drain: r.Drain, Pause: orchestrator.Pause{By: r.By.Name, Reason: r.Reason, At: Now, Until: r.Until},
	})
	f.Hub.Engine(f.snap.Engine)
	return nil
}

// until is the end of a pause in the record; "" = it has none.
func until(r orchestrator.PauseRequest) string {
	if r.Until.IsZero() {
		return ""
	}
	return " until " + r.Until.UTC().Format("15:04:05")
}

func (f *Fake) unhold(s orchestrator.Scope) {
	f.snap.Engine.Holds = slices.DeleteFunc(slices.Clone(f.snap.Engine.Holds), func(h orchestrator.Hold) bool { return h.Scope == s })
}

// ResumeScope ends a pause.
func (f *Fake) ResumeScope(_ context.Context, s orchestrator.Scope, by orchestrator.Actor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.command("resume %s by %s", s, by.Name); err != nil {
		return err
	}
	f.unhold(s)
	f.snap.Engine.Draining = false
	f.Hub.Engine(f.snap.Engine)
	return nil
}

// Trigger records a webhook.
func (f *Fake) Trigger(_ context.Context, runner string, w orchestrator.Webhook) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return "01KAVHOOKED", f.command("trigger %s key %q", runner, w.Key)
}

// Backfill records a backfill.
func (f *Fake) Backfill(_ context.Context, r orchestrator.BackfillRequest) (orchestrator.Backfill, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := orchestrator.Backfill{
		ID: "7", Runner: r.Runner, First: r.From, Last: r.To, Total: 24, State: orchestrator.Running, By: r.By.Name, At: Now,
	}
	const layout = "2006-01-02T15:04"
	err := f.command("backfill %s %s..%s limit=%d parallel=%d dry=%v by %s", r.Runner, r.From.Format(layout), r.To.Format(layout), r.Limit,
		r.Parallel, r.DryRun, r.By.Name)
	if err == nil && !r.DryRun {
		f.backfills = append([]orchestrator.Backfill{b}, f.backfills...)
	}
	return b, err
}

// CancelBackfill records a cancel.
func (f *Fake) CancelBackfill(_ context.Context, id string, by orchestrator.Actor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.backfills {
		if f.backfills[i].ID == id {
			f.backfills[i].State = orchestrator.Cancelled
		}
	}
	return f.command("cancel backfill %s by %s", id, by.Name)
}

// Backfills gives the fixture's.
func (f *Fake) Backfills(context.Context) ([]orchestrator.Backfill, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.backfills), nil
}

// Answer records an answer and takes the approval away.
func (f *Fake) Answer(_ context.Context, r orchestrator.AnswerRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.command("answer %s %s approve=%v input %v note %q by %s", r.Run, r.Step, r.Approve, r.Input, r.Note, r.By.Name); err != nil {
		return err
	}
	f.snap.Engine.Approvals--
	f.Hub.Engine(f.snap.Engine)
	f.approvals = slices.DeleteFunc(f.approvals, func(a orchestrator.Approval) bool { return a.Run == r.Run })
	return nil
}

// Ask lets a step wait for an answer.
func (f *Fake) Ask(a orchestrator.Approval) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.approvals = append(f.approvals, a)
	f.snap.Engine.Approvals++
	f.Hub.Engine(f.snap.Engine)
}

// Approvals gives the fixture's.
func (f *Fake) Approvals(context.Context) ([]orchestrator.Approval, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.approvals), nil
}

// Reload records a reload.
func (f *Fake) Reload(_ context.Context, by orchestrator.Actor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.command("reload by %s", by.Name)
}

// Snapshot gives the data.
func (f *Fake) Snapshot(context.Context) (orchestrator.Snapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.snap
	s.Runners = slices.Clone(s.Runners)
	return s, nil
}

// Runs gives a page of runs.
func (f *Fake) Runs(_ context.Context, q orchestrator.RunFilter) ([]orchestrator.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []orchestrator.Run
	skip := q.Before != ""
	for _, r := range f.runs {
		if skip {
			skip = r.ID != q.Before
			continue
		}
		idle := r.Idle || r.State == orchestrator.Skipped
		if q.Runner != "" && r.Runner != q.Runner || idle && !q.WithIdle {
			continue
		}
		if len(q.Runners) > 0 && !slices.Contains(q.Runners, r.Runner) || !strings.Contains(strings.ToLower(r.By), strings.ToLower(q.By)) ||
			slices.ContainsFunc(q.Text, func(w string) bool { return !strings.Contains(strings.ToLower(fmt.Sprint(r)), strings.ToLower(w)) }) {
			continue
		}
		if len(q.States) > 0 && !slices.Contains(q.States, r.State) || began(r).Before(q.Since) {
			continue
		}
		if out = append(out, r); len(out) == cmp.Or(q.Limit, 100) {
			break
		}
	}
	return out, nil
}

// RunDetail gives a run with its steps.
func (f *Fake) RunDetail(_ context.Context, id string) (orchestrator.RunDetail, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.detErr != nil {
		return orchestrator.RunDetail{}, f.detErr
	}
	if d, ok := f.details[id]; ok {
		return d, nil
	}
	for _, r := range f.runs {
		if r.ID == id {
			return orchestrator.RunDetail{Run: r}, nil
		}
	}
	return orchestrator.RunDetail{}, fmt.Errorf("%w: %s", orchestrator.ErrUnknownRun, id)
}

// Logs gives log lines.
func (f *Fake) Logs(_ context.Context, q orchestrator.LogFilter) ([]orchestrator.LogLine, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []orchestrator.LogLine
	for _, l := range f.logs {
		if (q.Run == "" || l.Run == q.Run && l.Seq > q.After) && (q.Runner == "" || l.Runner == q.Runner) {
			out = append(out, l)
		}
	}
	if q.Tail > 0 && len(out) > q.Tail {
		out = out[len(out)-q.Tail:]
	}
	return out, nil
}

// Events gives the newest events.
func (f *Fake) Events(_ context.Context, limit int) ([]orchestrator.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events[:min(limit, len(f.events))]), nil
}

// NextTicks gives hourly ticks from the runner's next one on.
func (f *Fake) NextTicks(_ context.Context, runner string, n int) ([]time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.runner(runner)
	if err != nil || r.NextAt.IsZero() {
		return nil, err
	}
	out := make([]time.Time, n)
	for i := range out {
		out[i] = r.NextAt.Add(time.Duration(i) * time.Hour)
	}
	return out, nil
}

// Subscribe opens a live view.
func (f *Fake) Subscribe() orchestrator.Subscription { return f.Hub.Subscribe() }

var _ orchestrator.Orchestrator = (*Fake)(nil)

// Add adds a runner and tells the viewers to take a new snapshot.
func (f *Fake) Add(r orchestrator.Runner) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snap.Runners = append(f.snap.Runners, r)
	f.Hub.Resync()
}

// RunnerID is the id of the i-th runner.
func (f *Fake) RunnerID(i int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snap.Runners[i].ID
}
