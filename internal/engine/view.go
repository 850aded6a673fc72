package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// view is the runner as viewers see it.
func (r *runner) view(now time.Time, l *loop) orchestrator.Runner {
	v := orchestrator.Runner{
		ID: r.cfg.ID, Description: r.cfg.Description, Tags: r.cfg.Tags, Use: r.cfg.Pipe.Use, Schedule: r.scheduleText(),
		Policy: policyText(r.cfg), LastOK: r.lastOK, OverdueFor: r.overdueFor(now), FailedInRow: r.fails,
		DryRun: r.cfg.DryRun,
	}
	if r.last != nil {
		last := *r.last
		v.Last = &last
	}
	switch h := l.tickHold(r); {
	case r.pause != nil:
		p := *r.pause
		v.Pause = &p
	case h != nil:
		v.HeldBy = h.Scope.String()
	default:
		v.NextAt, _ = r.next()
	}
	v.Strip = make([]orchestrator.Outcome, len(r.recent))
	for i, o := range r.recent {
		v.Strip[i] = orchestrator.Outcome{Run: strconv.FormatInt(o.run, 10), State: o.state, Duration: o.took, At: time.Unix(o.at, 0).UTC()}
	}
	r.figures(&v)
	v.Live, v.Waiting = len(r.lives), r.waiting()
	v.Resources = slices.Sorted(maps.Keys(r.cfg.Policy.Resources))
	v.Priority, v.Overlap = cmp.Or(r.cfg.Policy.Priority, config.DefaultPriority), string(r.overlap(""))
	if lv := r.current(); lv != nil {
		run := lv.run
		run.Warnings = int(lv.warnings.Load())
		v.Current = &run
		v.StepsDone, v.StepsAll = int(lv.done.Load()), int(lv.all.Load())
	}
	v.State, v.Reason = r.stateAndReason(now, l)
	v.Hold, v.Wait = l.holdView(r), l.waitView(r.current(), now)
	if r.gone {
		v.Reason += " · no longer in the configuration, it goes when its last run has ended"
	}
	return v
}

func (r *runner) stateAndReason(now time.Time, l *loop) (orchestrator.State, string) {
	lv, held := r.current(), l.tickHold(r)
	switch {
	case lv != nil && (l.runHold(lv) == nil || !lv.held && !lv.sleeps()):
		state, reason := lv.stateAndReason(now, l)
		return state, reason + r.moreText(lv)
	case held != nil:
		return orchestrator.Paused, holdText(held) + heldRun(lv)
	case lv != nil: // by a resource: the runner itself goes on
		return lv.run.State, "run " + lv.run.ID + " waits: " + holdText(l.runHold(lv))
	case !r.cfg.Enabled:
		return orchestrator.Disabled, "disabled in the configuration"
	case r.last == nil:
		if len(r.triggers) == 0 {
			return orchestrator.Scheduled, "has no trigger: it runs when fired"
		}
		return orchestrator.Scheduled, "has not run yet"
	}
	return r.last.State, endedText(r.last, r.fails)
}

// moreText counts the live runs besides the one that the runner's line tells of.
func (r *runner) moreText(told *live) string {
	runs, waits := 0, 0
	for _, lv := range r.lives {
		switch {
		case lv == told:
		case lv.holdsSlot():
			runs++
		default:
			waits++
		}
	}
	s := ""
	if runs > 0 {
		s += fmt.Sprintf(" · %d more running", runs)
	}
	if waits > 0 {
		s += fmt.Sprintf(" · %d more waiting", waits)
	}
	return s
}

func pauseText(p *orchestrator.Pause) string {
	s := "paused"
	if p.By != "" {
		s += " by " + p.By
	}
	if p.Reason != "" {
		s += ": " + p.Reason
	}
	if !p.Until.IsZero() {
		s += " until " + p.Until.Format("15:04:05Z")
	}
	return s
}

// heldRun says which run a pause holds.
func heldRun(lv *live) string {
	switch {
	case lv == nil:
		return ""
	case lv.run.State == orchestrator.AwaitingRetry:
		return " · run " + lv.run.ID + " is held, its retry waits"
	default:
		return " · run " + lv.run.ID + " is held"
	}
}

func endedText(run *orchestrator.Run, fails int) string {
	switch run.State {
	case orchestrator.Completed:
		if run.Idle {
			if run.Count > 1 {
				return fmt.Sprintf("%s, %d times since %s", run.Reason, run.Count, run.FirstAt.Format("2006-01-02 15:04:05Z"))
			}
			return run.Reason
		}
		if run.Reason != "" {
			return run.Reason
		}
		return "completed"
	case orchestrator.Failed, orchestrator.Crashed:
		s := run.Reason
		if fails > 1 {
			s += fmt.Sprintf(" · %d runs failed in a row", fails)
		}
		return s
	}
	if run.Reason != "" {
		return run.Reason
	}
	return string(run.State)
}

func (lv *live) stateAndReason(now time.Time, l *loop) (orchestrator.State, string) {
	run := &lv.run
	if s := l.stuckIn(lv); s != nil {
		return run.State, s.text(now)
	}
	switch run.State {
	case orchestrator.Running:
		s := "run " + run.ID + " runs"
		if at := lv.now.Load(); at != nil && *at != "" {
			s += " " + *at
		}
		if all := lv.all.Load(); all > 1 {
			s += fmt.Sprintf(" (%d of %d steps done)", lv.done.Load(), all)
		}
		return run.State, s
	case orchestrator.Pending:
		s := "run " + run.ID + " " + l.waitText(lv, now)
		if now.Sub(run.DueAt) >= lateAfter {
			return orchestrator.Late, s
		}
		return run.State, s
	}
	if run.Reason == "" {
		return run.State, "run " + run.ID + " is " + string(run.State)
	}
	return run.State, run.Reason
}

func (r *runner) scheduleText() string {
	if len(r.cfg.Triggers) == 0 {
		return "manual"
	}
	parts := make([]string, len(r.cfg.Triggers))
	for i := range r.cfg.Triggers {
		c := &r.cfg.Triggers[i]
		parts[i] = triggerText(c)
		if c.Jitter > 0 {
			parts[i] += " + up to " + shortDuration(c.Jitter)
		}
		if j := slices.IndexFunc(r.triggers, func(t *trigger) bool { return t.cfg.Name == c.Name && t.exhausted() }); j >= 0 {
			parts[i] += " (" + r.triggers[j].doneText() + ")"
		}
	}
	return strings.Join(parts, " and ")
}

func policyText(c *config.Runner) string {
	p := retryPolicy(c.Pipe.Retry, nil)
	parts := []string{"no retry"}
	if p.Retries > 0 {
		parts[0] = fmt.Sprintf("retry %d × %s", p.Retries, delaysText(p))
	}
	parts = append(parts, overlapText(c.Policy))
	if c.Timeout > 0 {
		parts = append(parts, "timeout "+shortDuration(c.Timeout))
	}
	return strings.Join(parts, " · ")
}

// delaysText is "30s..10m exp", "30s", or the list "10s, 1m, 5m".
func delaysText(p pipe.Retry) string {
	switch {
	case len(p.Delays) > 0:
		parts := make([]string, len(p.Delays))
		for i, d := range p.Delays {
			parts[i] = shortDuration(d)
		}
		return strings.Join(parts, ", ")
	case coefficientOf(p) == 1:
		return shortDuration(min(p.Delay, p.MaxDelay))
	}
	return shortDuration(p.Delay) + ".." + shortDuration(p.MaxDelay) + " exp"
}

// overlapText says what becomes of a tick while a run has not ended.
func overlapText(p config.Policy) string {
	switch p.Overlap {
	case config.OverlapBufferOne:
		return "one waits if running"
	case config.OverlapBufferAll:
		return fmt.Sprintf("wait if running, at most %d", cmp.Or(p.QueueMax, config.DefaultQueueMax))
	case config.OverlapCancelOther:
		return "cancel the other if running"
	case config.OverlapTerminateOther:
		return "terminate the other if running"
	case config.OverlapAllowAll:
		if p.MaxParallelRuns > 0 {
			return fmt.Sprintf("side by side, at most %d", p.MaxParallelRuns)
		}
		return "side by side"
	}
	return "skip if running"
}

// retryPolicy is the policy in force: own, else inherited, else the defaults.
func retryPolicy(own, inherited *pipe.Retry) pipe.Retry {
	p := pipe.Retry{Retries: pipe.DefaultRetries, Delay: pipe.DefaultDelay}
	switch {
	case own != nil:
		p = *own
	case inherited != nil:
		p = *inherited
	}
	p.MaxDelay = maxDelayOf(p)
	return p
}

// shortDuration writes 90s as 1m30s and 1h0m0s as 1h.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (l *loop) engineView() orchestrator.Engine {
	v := orchestrator.Engine{
		Name: l.e.o.Config.Engine.Name, Version: l.e.o.Version, StartedAt: l.startedAt, Draining: l.isDraining(), Slots: l.slots.max,
		Busy: l.slots.used, Holders: l.slots.holderViews().first, Queue: l.queue.size, Limits: l.limitViews(l.e.clock()),
		WriteDelay: l.e.store.WriteDelay(), Health: "ok",
		Notices: l.e.o.Notices, StateDir: l.e.o.StateDir, Config: l.e.o.Config.File, Holds: l.sortedHolds(), Undelivered: l.undelivered(),
		ConfigHash: l.ed.cfg.Hash, ConfigAt: l.ed.at, ConfigError: l.configError, Approvals: l.openQuestions(),
		WriteQueue: l.e.store.Waiting(), LogsLost: l.e.store.LostLogs(), Viewers: l.e.hub.Viewers(), ViewerLag: l.e.hub.Lag(),
		Stuck: l.stuckTexts(l.e.clock()), ClockJump: l.jump, Disk: l.sentry.disk(),
		Services: l.serviceHealth(),
	}
	if l.e.lock == nil {
		v.Health = "stopped"
	}
	for _, text := range l.problems {
		v.Health = "degraded"
		v.Problems = append(v.Problems, text)
	}
	slices.Sort(v.Problems)
	return v
}
