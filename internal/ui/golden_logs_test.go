package ui_test

import (
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func init() { scenes = append(scenes, logScenes()...) } //nolint:gochecknoinits // a list in files of their own, so that several hands add to it

// logScenes are the log view's.
func logScenes() []scene {
	return []scene{
		{"logs-filters", uitest.Tickets, func(d *uitest.Driver) {
			d.Press("4", "&").Type("slow").Press("enter", "C", "!").Type("8, ").Press("enter", "-")
		}},
		{"logs-fields", longLog, func(d *uitest.Driver) { d.Press("4", "e", "m", "J", "w") }},
		{"logs-search-all", longLog, func(d *uitest.Driver) { d.Press("4", "/").Type("/dead.?lock/").Press("enter", "enter", "N") }},
		{"logs-attempts", longLog, func(d *uitest.Driver) {
			d.At("kb-suggest").Press("enter", "enter", "L", "l", "l", "T", "T", "T")
		}},
		{"logs-merged", longLog, func(d *uitest.Driver) {
			d.Press(":").Type("logs kb-suggest escalations").Press("enter", "-").Press(":").Type("goto 13:53").Press("enter")
		}},
	}
}

// longLog has more lines than a log view reads at first, with fields, errors of several attempts, and a gap.
func longLog() uitest.Fixture {
	f := uitest.Tickets()
	run := f.Snapshot.Runners[6].Current
	for i := range 4000 {
		l := orchestrator.LogLine{
			Run: run.ID, Runner: run.Runner, Seq: int64(100 + i), Step: "kb-suggest/write-note", Attempt: 1 + i/2000, Level: "info",
			At:  uitest.Now.Add(time.Duration(i-4000) * 100 * time.Millisecond),
			Msg: fmt.Sprintf(`note written {"ticket": %d, "article": %d, "labels": ["billing", "refund"], "score": 0.%02d}`, 4700+i, i%97, i%100),
		}
		switch {
		case i%1300 == 1200:
			l.Level, l.Msg = "error", fmt.Sprintf("ticket %d: deadlock detected, retrying in 500ms class=transient status=503 lock=queue-%d", 4700+i, i%7)
		case i%400 == 390:
			l.Level, l.Msg = "warn", "slow answer: 2.4s for /articles/search"
		case i == 3990:
			l.Gap = 1204
		}
		f.Logs = append(f.Logs, l)
	}
	return f
}
