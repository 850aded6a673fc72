package engine

import (
	"context"
	"log/slog"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// maxLine is the longest log line kept, in bytes.
const maxLine = 16 << 10

// runLog is the slog handler that pipes write to: each record becomes one line of the run's log.
type runLog struct {
	x       *execution
	step    string
	attempt int
	attrs   string
	group   string
}

// Enabled lets everything but debug lines below the configured level through.
func (h *runLog) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || h.x.ed.cfg.Logging.Level == "debug"
}

// Handle stores and shows one line.
func (h *runLog) Handle(ctx context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		writeAttr(&b, h.group, a)
		return true
	})
	line := orchestrator.LogLine{
		Run: h.x.id, Runner: h.x.name, Seq: h.x.lv.logSeq.Add(1), Step: h.step, Attempt: h.attempt, At: h.x.e.clock(),
		Level: levelText(r.Level), Msg: h.x.e.secrets.line(b.String(), maxLine),
	}
	if r.Level >= slog.LevelWarn {
		h.x.lv.warnings.Add(1)
	}
	h.x.e.store.AppendLog(line)
	h.x.e.hub.Log(line)
	h.x.e.log.Log(ctx, r.Level, line.Msg, "runner", line.Runner, "run", line.Run, "step", line.Step, "attempt", line.Attempt)
	return nil
}

// WithAttrs gives a handler that adds attrs to each line.
func (h *runLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	b.WriteString(h.attrs)
	for _, a := range attrs {
		writeAttr(&b, h.group, a)
	}
	c := *h
	c.attrs = b.String()
	return &c
}

// WithGroup gives a handler that puts a name before each key.
func (h *runLog) WithGroup(name string) slog.Handler {
	c := *h
	c.group += name + "."
	return &c
}

func writeAttr(b *strings.Builder, group string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		for _, g := range v.Group() {
			writeAttr(b, group+a.Key+".", g)
		}
		return
	}
	b.WriteString(" " + group + a.Key + "=" + v.String())
}

func levelText(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warn"
	case l >= slog.LevelInfo:
		return "info"
	default:
		return "debug"
	}
}
