package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// snapshotFormat names the form of --json. It changes when a field goes or changes its meaning, not when one is added.
const snapshotFormat = "otai-snapshot/1"

// printSnapshot is --json: everything there is to say about now.
func (a *app) printSnapshot(ctx context.Context) error {
	ctx, stop := a.untilInterrupt(ctx)
	defer stop()
	o, running, end, err := a.look(ctx)
	if err != nil {
		return err
	}
	defer end()
	s, err := o.Snapshot(ctx)
	if err != nil {
		return err
	}
	open, err := o.Approvals(ctx)
	if err != nil {
		return err
	}
	out := jsonSnapshot{
		Format: snapshotFormat, At: s.At, Engine: engineJSON(&s.Engine), Runners: make([]jsonRunner, len(s.Runners)),
		Approvals: make([]jsonApproval, len(open)),
	}
	out.Engine.Running = running
	for i := range s.Runners {
		out.Runners[i] = runnerJSON(&s.Runners[i])
	}
	for i := range open {
		out.Approvals[i] = approvalJSON(&open[i])
	}
	enc := json.NewEncoder(a.out)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// jsonSnapshot is --json as scripts read it. Names are stable; docs/operating.md has them all. Times are UTC, lengths are milliseconds.
type jsonSnapshot struct {
	Format    string         `json:"format"`
	At        time.Time      `json:"at"`
	Engine    jsonEngine     `json:"engine"`
	Runners   []jsonRunner   `json:"runners"`
	Approvals []jsonApproval `json:"approvals"`
}

type jsonEngine struct {
	Running     bool        `json:"running"`
	Name        string      `json:"name"`
	Version     string      `json:"version"`
	Health      string      `json:"health"`
	Problems    []string    `json:"problems"`
	Notices     []string    `json:"notices"`
	StartedAt   time.Time   `json:"started_at,omitzero"`
	Draining    bool        `json:"draining"`
	Slots       int         `json:"slots"`
	Busy        int         `json:"busy"`
	Queue       int         `json:"queue"`
	StateDir    string      `json:"state_dir"`
	Config      string      `json:"config"`
	ConfigHash  string      `json:"config_hash"`
	ConfigAt    time.Time   `json:"config_at,omitzero"`
	ConfigError string      `json:"config_error,omitempty"`
	Limits      []jsonLimit `json:"limits"`
	Holds       []jsonHold  `json:"holds"`
	Stuck       []string    `json:"stuck"`
	Undelivered int         `json:"undelivered"`
	DiskHistory int64       `json:"disk_history_bytes"`
	DiskFree    int64       `json:"disk_free_bytes"`
}

type jsonLimit struct {
	Name    string   `json:"name"`
	Max     int      `json:"max"`
	Used    int      `json:"used"`
	Waiting int      `json:"waiting"`
	Holders []string `json:"holders"`
	Rate    string   `json:"rate,omitempty"`
	Breaker string   `json:"breaker,omitempty"`
}

type jsonHold struct {
	Kind  string `json:"kind"`
	Name  string `json:"name,omitempty"`
	Drain bool   `json:"drain"`
	jsonPause
}

type jsonPause struct {
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at,omitzero"`
	Until  time.Time `json:"until,omitzero"`
}

type jsonRunner struct {
	ID          string        `json:"id"`
	Description string        `json:"description,omitempty"`
	Tags        []string      `json:"tags"`
	Use         string        `json:"use"`
	State       string        `json:"state"`
	Reason      string        `json:"reason,omitempty"`
	Schedule    string        `json:"schedule"`
	Policy      string        `json:"policy"`
	NextAt      time.Time     `json:"next_at,omitzero"`
	Current     *jsonRun      `json:"current"`
	Last        *jsonRun      `json:"last"`
	Live        int           `json:"live"`
	Waiting     int           `json:"waiting"`
	LastOK      time.Time     `json:"last_ok,omitzero"`
	FailedInRow int           `json:"failed_in_row"`
	Runs        int           `json:"runs"`
	OKRate      *float64      `json:"ok_rate"`
	P50         int64         `json:"p50_ms"`
	P95         int64         `json:"p95_ms"`
	Pause       *jsonPause    `json:"pause"`
	HeldBy      string        `json:"held_by,omitempty"`
	Resources   []string      `json:"resources"`
	Priority    int           `json:"priority"`
	Overlap     string        `json:"overlap"`
	Overdue     int64         `json:"overdue_ms"`
	StepsDone   int           `json:"steps_done"`
	StepsAll    int           `json:"steps_all"`
	Strip       []jsonOutcome `json:"strip"`
}

type jsonOutcome struct {
	Run      string `json:"run"`
	State    string `json:"state"`
	Duration int64  `json:"duration_ms"`
}

func engineJSON(e *orchestrator.Engine) jsonEngine {
	out := jsonEngine{
		Name: e.Name, Version: e.Version, Health: e.Health, Problems: list0(e.Problems), Notices: list0(e.Notices), StartedAt: e.StartedAt,
		Draining: e.Draining, Slots: e.Slots, Busy: e.Busy, Queue: e.Queue, StateDir: e.StateDir, Config: e.Config, ConfigHash: e.ConfigHash,
		ConfigAt: e.ConfigAt, ConfigError: e.ConfigError, Limits: []jsonLimit{}, Holds: []jsonHold{}, Stuck: list0(e.Stuck),
		Undelivered: e.Undelivered, DiskHistory: e.Disk.History, DiskFree: e.Disk.Free,
	}
	for i := range e.Limits {
		l := &e.Limits[i]
		out.Limits = append(out.Limits, jsonLimit{l.Name, l.Max, l.Used, l.Waiting, list0(l.Holders), l.Rate, l.Breaker})
	}
	for i := range e.Holds {
		h := &e.Holds[i]
		out.Holds = append(out.Holds, jsonHold{h.Scope.Kind, h.Scope.Name, h.Drain, *pauseJSON(&h.Pause)})
	}
	return out
}

func pauseJSON(p *orchestrator.Pause) *jsonPause {
	if p == nil {
		return nil
	}
	return &jsonPause{p.By, p.Reason, p.At, p.Until}
}

func runnerJSON(r *orchestrator.Runner) jsonRunner {
	out := jsonRunner{
		ID: r.ID, Description: r.Description, Tags: list0(r.Tags), Use: r.Use, State: string(r.State), Reason: r.Reason, Schedule: r.Schedule,
		Policy: r.Policy, NextAt: r.NextAt, Live: r.Live, Waiting: r.Waiting, LastOK: r.LastOK, FailedInRow: r.FailedInRow, Runs: r.Runs,
		P50: r.P50.Milliseconds(), P95: r.P95.Milliseconds(), Pause: pauseJSON(r.Pause), HeldBy: r.HeldBy, Resources: list0(r.Resources),
		Priority: r.Priority, Overlap: r.Overlap, Overdue: r.OverdueFor.Milliseconds(), StepsDone: r.StepsDone, StepsAll: r.StepsAll,
		Strip: make([]jsonOutcome, len(r.Strip)),
	}
	if r.Runs > 0 {
		out.OKRate = &r.OKRate
	}
	if r.Current != nil {
		run := runJSON(r.Current)
		out.Current = &run
	}
	if r.Last != nil {
		run := runJSON(r.Last)
		out.Last = &run
	}
	for i, o := range r.Strip {
		out.Strip[i] = jsonOutcome{o.Run, string(o.State), o.Duration.Milliseconds()}
	}
	return out
}

// list0 is a list that is never null.
func list0(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
