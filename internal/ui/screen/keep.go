package screen

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// Keeper is a screen that remembers how it was set between visits: filter, order, columns. What Keep gives is written as
// JSON; Restore takes it back. Keep what a person set, not what the engine says.
type Keeper interface {
	KeepAs() string // the name it is kept under; "" = it is not kept
	Keep() any
	Restore(Env, json.RawMessage) error
}

// maxKept bounds texts and lists that come back from a file.
const maxKept = 500

// pipesKept is what is remembered of the dashboard.
type pipesKept struct {
	Filter  string   `json:"filter,omitempty"`
	Sort    string   `json:"sort,omitempty"`
	Reverse bool     `json:"reverse,omitempty"`
	Hide    []string `json:"hide,omitempty"`
	Marks   []string `json:"marks,omitempty"`
}

// KeepAs names the dashboard.
func (p *Pipes) KeepAs() string { return "pipes" }

// Keep gives what is remembered of the dashboard.
func (p *Pipes) Keep() any {
	return pipesKept{Filter: p.filter.query, Sort: p.by, Reverse: p.reverse, Hide: p.hide, Marks: p.marks.list()}
}

// Restore takes back what was remembered of the dashboard.
func (p *Pipes) Restore(env Env, data json.RawMessage) error {
	var k pipesKept
	if err := json.Unmarshal(data, &k); err != nil {
		return fmt.Errorf("what was kept of the pipes: %w", err)
	}
	p.hide = nil
	for _, c := range pipeCols {
		if slices.Contains(k.Hide, c[0]) {
			p.hide = append(p.hide, c[0])
		}
	}
	p.marks.restore(k.Marks)
	p.filter = parseFilter(keptText(k.Filter))
	p.SortBy(env, k.Sort, k.Reverse)
	return nil
}

// runsKept is what is remembered of the history of all pipes.
type runsKept struct {
	Filter string   `json:"filter,omitempty"`
	Idle   bool     `json:"idle,omitempty"`
	Marks  []string `json:"marks,omitempty"`
}

// KeepAs names the history of all pipes; that of one is not remembered.
func (s *Runs) KeepAs() string {
	if s.runner != "" {
		return ""
	}
	return "runs"
}

// Keep gives what is remembered of the history.
func (s *Runs) Keep() any {
	return runsKept{Filter: s.filter.query, Idle: s.idle, Marks: s.marks.list()}
}

// Restore takes back what was remembered of the history.
func (s *Runs) Restore(env Env, data json.RawMessage) error {
	var k runsKept
	if err := json.Unmarshal(data, &k); err != nil {
		return fmt.Errorf("what was kept of the runs: %w", err)
	}
	if k.Idle != s.idle {
		s.ToggleIdle(env)
	}
	s.marks.restore(k.Marks)
	s.filter = parseFilter(keptText(k.Filter))
	if s.loaded {
		s.sift()
	}
	return nil
}

// eventsKept is what is remembered of the events.
type eventsKept struct {
	Filter string `json:"filter,omitempty"`
}

// KeepAs names the events.
func (e *Events) KeepAs() string { return "events" }

// Keep gives what is remembered of the events.
func (e *Events) Keep() any { return eventsKept{e.filter.query} }

// Restore takes back what was remembered of the events.
func (e *Events) Restore(env Env, data json.RawMessage) error {
	var k eventsKept
	if err := json.Unmarshal(data, &k); err != nil {
		return fmt.Errorf("what was kept of the events: %w", err)
	}
	e.SetFilter(env, keptText(k.Filter))
	return nil
}

// logsKept is what is remembered of the log of all pipes.
type logsKept struct {
	Level string `json:"level,omitempty"` // the least one that is shown
	Wrap  bool   `json:"wrap,omitempty"`
}

// KeepAs names the log of all pipes; those of one pipe or run are not remembered.
func (l *Logs) KeepAs() string {
	if l.scope.Run != "" || len(l.scope.Runners) > 0 {
		return ""
	}
	return "logs"
}

// Keep gives what is remembered of the log.
func (l *Logs) Keep() any { return logsKept{Level: levels[l.view.level], Wrap: l.view.wrap} }

// Restore takes back what was remembered of the log.
func (l *Logs) Restore(_ Env, data json.RawMessage) error {
	var k logsKept
	if err := json.Unmarshal(data, &k); err != nil {
		return fmt.Errorf("what was kept of the logs: %w", err)
	}
	if i := slices.Index(levels[:], k.Level); i >= 0 {
		l.view.Level(i - l.view.level)
	}
	if k.Wrap != l.view.wrap {
		l.view.ToggleWrap()
	}
	return nil
}

// Place is a screen that was opened on a tab, as it is remembered.
type Place struct {
	Kind   string `json:"kind"` // "pipe", "runs", "run", "logs"
	Runner string `json:"runner,omitempty"`
	Run    string `json:"run,omitempty"`
	Title  string `json:"title,omitempty"` // of logs
}

// PlaceOf says where a screen is; false = it is not remembered.
func PlaceOf(s Screen) (Place, bool) {
	switch s := s.(type) {
	case *Pipe:
		return Place{Kind: "pipe", Runner: s.id}, true
	case *Runs:
		return Place{Kind: "runs", Runner: s.runner}, true
	case *Run:
		return Place{Kind: "run", Run: s.id, Runner: s.runner}, true
	case *Logs:
		return Place{Kind: "logs", Runner: s.of.Runner, Run: s.of.Run, Title: s.title}, true
	}
	return Place{}, false
}

// Open makes the screen of a place; nil = it is none.
func (p Place) Open() Screen {
	p.Runner, p.Run, p.Title = keptText(p.Runner), keptText(p.Run), keptText(p.Title)
	switch p.Kind {
	case "pipe":
		if p.Runner != "" {
			return NewPipe(p.Runner)
		}
	case "runs":
		return NewRuns(p.Runner)
	case "run":
		if p.Run != "" {
			return NewRun(orchestrator.Run{ID: p.Run, Runner: p.Runner})
		}
	case "logs":
		if all := strings.Fields(p.Runner); len(all) > 1 && p.Run == "" {
			return NewMergedLogs(all, p.Title)
		}
		return NewLogs(orchestrator.LogFilter{Run: p.Run, Runner: p.Runner}, p.Title)
	}
	return nil
}

// keptText makes a text of the file safe to draw.
func keptText(s string) string { return text.Line(s, maxKept) }

// list are the marked rows, in a stable order.
func (m *marks) list() []string {
	var out []string
	for id := range m.on {
		out = append(out, id)
	}
	slices.Sort(out)
	return out[:min(len(out), maxKept)]
}

func (m *marks) restore(ids []string) {
	m.clear()
	for _, id := range ids[:min(len(ids), maxKept)] {
		m.set(keptText(id), true)
	}
	m.last = ""
}
