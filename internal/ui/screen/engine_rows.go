package screen

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// rows are the lines of the engine's screen, what is wrong first. There is always one that the cursor can be on.
func (e *Engine) rows(env Env) []engineRow {
	d := &env.Data.Engine
	out := healthRows(d)
	out = append(out, holdRows(d, env)...)
	out = append(out, serviceRows(d, env)...)
	out = append(out, limitRows(d)...)
	out = append(out, e.fillRows(env)...)
	out = append(out, configRows(d, env)...)
	return append(out, roomRows(d, env)...)
}

func heading(name string) engineRow { return engineRow{head: true, name: name} }

// Marks of rows.
var (
	markOK   = Mark{Glyph: theme.GlyphOK, Role: theme.OK}
	markBad  = Mark{Glyph: theme.GlyphFailed, Role: theme.Failed}
	markLate = Mark{Glyph: theme.GlyphLate, Role: theme.Late}
	markHeld = Mark{Glyph: theme.GlyphPaused, Role: theme.Paused}
	markNone = Mark{Glyph: theme.GlyphDisabled, Role: theme.Muted}
)

// healthRows are every problem, and what else asks for a person.
func healthRows(d *orchestrator.Engine) []engineRow {
	var out []engineRow
	for i, p := range d.Problems {
		out = append(out, engineRow{key: fmt.Sprint("problem:", i), mark: markBad, name: "problem", value: p, role: theme.Failed})
	}
	for i, s := range d.Stuck {
		out = append(out, engineRow{
			key: fmt.Sprint("stuck:", i), mark: markLate, name: "stuck run", value: s + theme.Sep + "it keeps its slot", role: theme.Late,
		})
	}
	if d.Undelivered > 0 {
		out = append(out, engineRow{
			key: "undelivered", mark: markLate, name: "notifications", role: theme.Late,
			value: count(d.Undelivered, "waits", "wait") + " for delivery; they are tried again",
		})
	}
	if d.Approvals > 0 {
		out = append(out, engineRow{
			key: "approvals", mark: Mark{Glyph: theme.GlyphAsk, Role: theme.Late}, name: "approvals", role: theme.Late,
			value: count(d.Approvals, "step waits", "steps wait") + " for a person's answer (7)",
		})
	}
	if d.ConfigError != "" {
		out = append(out, engineRow{
			key: "config.error", mark: markBad, name: "new configuration", role: theme.Failed,
			value: "not taken: " + d.ConfigError + theme.Sep + "the old one stays in force",
		})
	}
	if d.Health == "stopped" {
		out = append(out, engineRow{
			key: "health", mark: Mark{Glyph: theme.GlyphPaused, Role: theme.Paused}, name: "not running", role: theme.Paused,
			value: "what is shown is the configuration and history; a start goes on from here",
		})
	}
	if len(out) == 0 {
		out = append(out, engineRow{key: "health", mark: markOK, name: "health", value: "no problem is known", role: theme.Plain})
	}
	return append([]engineRow{heading("HEALTH")}, out...)
}

// slotsRow are the slots; they stand for the engine as a whole.
func slotsRow(d *orchestrator.Engine) engineRow {
	r := engineRow{
		key: "slots", mark: markNone, name: "engine slots", value: fmt.Sprintf("%d of %d busy", d.Busy, d.Slots),
		scope: orchestrator.Scope{Kind: orchestrator.ScopeEngine}, held: holdOf(d, orchestrator.Scope{Kind: orchestrator.ScopeEngine}) != nil,
	}
	if d.Queue > 0 {
		r.value += ", " + count(d.Queue, "run waits", "runs wait") // for a slot, or for a limit below
		r.mark, r.role = markLate, theme.Late
	}
	if len(d.Holders) > 0 {
		r.value += theme.Sep + "held by " + holderNames(d.Holders)
	}
	if h := holdOf(d, r.scope); d.Draining && (h == nil || !h.Drain) {
		r.value += theme.Sep + "stopping"
	}
	return r
}

// holderNames name the runs that hold something, the longest first, with since when.
func holderNames(hs []orchestrator.Holder) string {
	parts := make([]string, len(hs))
	for i, h := range hs {
		parts[i] = h.Runner + " since " + text.Clock(h.Since) + "Z"
	}
	return strings.Join(parts, ", ")
}

// roomRows are the writer, the disk and the clock.
func roomRows(d *orchestrator.Engine, env Env) []engineRow {
	writer := engineRow{key: "writer", mark: markNone, name: "history writer", value: "latest commit took " + text.Duration(d.WriteDelay)}
	if d.WriteDelay == 0 {
		writer.value = "nothing written yet"
	}
	if d.WriteQueue > 0 {
		writer.value += theme.Sep + count(d.WriteQueue, "change waits", "changes wait")
	}
	if d.LogsLost > 0 {
		writer.mark, writer.role = markLate, theme.Late
		writer.value += theme.Sep + count(int(d.LogsLost), "log line was", "log lines were") + " dropped: they came faster than the disk takes them"
	}
	disk := engineRow{key: "disk", mark: markNone, name: "disk", value: "history " + size(d.Disk.History) + ", of it log " + size(d.Disk.WAL)}
	switch {
	case d.Disk == (orchestrator.Disk{}):
		disk.value = "not measured yet"
	case d.Disk.Free >= 0:
		disk.value += theme.Sep + size(d.Disk.Free) + " free"
	}
	if d.StateDir != "" {
		disk.value += theme.Sep + d.StateDir
	}
	clock := engineRow{key: "clock", mark: markNone, name: "clock", value: text.Clock(env.Now) + "Z" + theme.Sep + "no step was noticed"}
	if j := d.ClockJump; j != 0 {
		way := "forward"
		if j < 0 {
			j, way = -j, "back"
		}
		clock.value = text.Clock(env.Now) + "Z" + theme.Sep + "latest step " + text.Duration(j) + " " + way
	}
	return []engineRow{heading("HISTORY AND CLOCK"), writer, viewersRow(d), disk, clock}
}

// viewersRow are the consoles that watch, and how far the slowest is behind.
func viewersRow(d *orchestrator.Engine) engineRow {
	r := engineRow{key: "viewers", mark: markNone, name: "live views", value: "none is open"}
	if d.Viewers > 0 {
		r.value = fmt.Sprintf("%d open", d.Viewers)
	}
	if d.ViewerLag > 0 {
		r.value += theme.Sep + "the slowest has " + count(d.ViewerLag, "log line", "log lines") + " to take; no run waits for it"
	}
	return r
}

// size prints bytes as a person reads them.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.0f kB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.0f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
}

// configRows are the configuration in force.
func configRows(d *orchestrator.Engine, env Env) []engineRow {
	out := []engineRow{heading("CONFIGURATION")}
	file := engineRow{key: "config", mark: markNone, name: "in force", value: cmp.Or(d.Config, "built in")}
	if d.ConfigHash != "" {
		file.value += theme.Sep + "hash " + shortHash(d.ConfigHash)
	}
	if !d.ConfigAt.IsZero() {
		file.value += theme.Sep + "taken " + text.Moment(d.ConfigAt, env.Now) + " (" + text.CalmAge(env.Now.Sub(d.ConfigAt)) + " ago)"
	}
	return append(out, file)
}

// holdOf is the pause of a scope; nil = it is not paused.
func holdOf(d *orchestrator.Engine, s orchestrator.Scope) *orchestrator.Hold {
	for i := range d.Holds {
		if d.Holds[i].Scope == s {
			return &d.Holds[i]
		}
	}
	return nil
}

// HoldWords say who holds since when, why, and until when.
func HoldWords(h *orchestrator.Hold, env Env) string {
	s := "paused"
	if h.Drain {
		s = "draining"
	}
	s += " by " + h.Pause.By + " at " + text.Moment(h.Pause.At, env.Now)
	if h.Pause.Reason != "" {
		s += ": " + h.Pause.Reason
	}
	if h.Pause.Until.IsZero() {
		return s + theme.Sep + "until resumed"
	}
	return s + theme.Sep + "until " + text.Moment(h.Pause.Until, env.Now)
}

// holdRows are the pauses of the engine, of tags, resources and runners.
func holdRows(d *orchestrator.Engine, env Env) []engineRow {
	var out []engineRow
	for i := range d.Holds {
		h := &d.Holds[i]
		out = append(out, engineRow{
			key: "hold:" + h.Scope.String(), mark: markHeld, name: h.Scope.String(), value: HoldWords(h, env), role: theme.Paused,
			scope: h.Scope, held: true,
		})
	}
	for i := range env.Data.Runners {
		r := &env.Data.Runners[i]
		if r.Pause == nil {
			continue
		}
		s := orchestrator.Scope{Kind: orchestrator.ScopeRunner, Name: r.ID}
		out = append(out, engineRow{
			key: "hold:runner " + r.ID, mark: markHeld, name: r.ID, value: HoldWords(&orchestrator.Hold{Pause: *r.Pause}, env), role: theme.Paused,
			scope: s, held: true, runner: r.ID,
		})
	}
	if out == nil {
		return nil
	}
	return append([]engineRow{heading("PAUSES")}, out...)
}

// limitRows are what bounds runs: the slots first.
func limitRows(d *orchestrator.Engine) []engineRow {
	out := []engineRow{heading("SLOTS AND LIMITS"), slotsRow(d)}
	for i := range d.Limits {
		l := &d.Limits[i]
		r := engineRow{key: "limit:" + l.Name, mark: markNone, name: l.Name, value: limitUse(l) + " in use", role: theme.Plain}
		if l.Waiting > 0 {
			r.value += ", " + count(l.Waiting, "run waits", "runs wait")
		}
		if n := limitNote(l); n != "" {
			r.value += theme.Sep + n
		}
		switch {
		case open(l):
			r.mark, r.role = markBad, theme.Failed
		case l.Waiting > 0:
			r.mark, r.role = markLate, theme.Late
		}
		r.scope.Kind, r.scope.Name, _ = strings.Cut(l.Name, " ")
		if r.scope.Kind == orchestrator.ScopeRunner {
			r.runner = r.scope.Name
		}
		r.held = holdOf(d, r.scope) != nil
		out = append(out, r)
	}
	return out
}

// fillRows are the backfills.
func (e *Engine) fillRows(env Env) []engineRow {
	if e.err != "" {
		return []engineRow{
			heading("BACKFILLS"),
			{key: "fills", mark: markBad, name: "backfills", value: "they cannot be read: " + e.err, role: theme.Failed},
		}
	}
	if len(e.fills) == 0 {
		return nil
	}
	out := []engineRow{heading("BACKFILLS")}
	for i := range e.fills {
		b := &e.fills[i]
		m := StateMark(b.State)
		role := theme.Muted
		if b.State == orchestrator.Running {
			role = theme.Plain
		}
		out = append(out, engineRow{
			key: "fill:" + b.ID, mark: m, name: "backfill " + b.ID, role: role, fill: b, runner: b.Runner,
			value: fmt.Sprintf("%s %s%s%d of %d ticks%s%s to %s%sby %s %s ago", b.Runner, m.Word, theme.Sep, b.Claimed, b.Total, theme.Sep,
				text.Moment(b.First, env.Now), text.Moment(b.Last, env.Now), theme.Sep, b.By, text.CalmAge(env.Now.Sub(b.At))),
		})
	}
	return out
}
