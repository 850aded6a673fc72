package ui_test

import (
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func TestTimelineMovesAndScales(t *testing.T) {
	d := tickets(t).Press("3").Sees("timeline · 12:41→14:41Z · 2h", "now")
	d.Press("+").Sees("13:21→14:21Z · 1h").Press("-", "-").Sees("11:18→15:18Z · 4h")
	d.Press("<").Sees("10:20→14:20Z", "moved (.)").Press("left").Sees("09:18→13:18Z").Lacks("14:00  now")
	d.Press(".").Sees("11:18→15:18Z").Lacks("moved")
	d.Press("Z").Sees("gaps folded").Press("Z").Lacks("gaps folded")
}

func TestTimelineActsOnThePipeAndOnAPickedRun(t *testing.T) {
	d := tickets(t).Press("3", "t").Sees("fire escalations now?").Press("y").Did("fire escalations by kim")
	d.Press("j", "[").Sees("crm-sync · run 901ba7", "enter opens the run")
	d.Press("enter").Sees("Timeline › crm-sync › 901ba7").Press("q").Sees("enter opens the run")
	d.Press("]").Lacks("enter opens the run").Press("enter").Sees("crm-sync").Lacks("[3 Timeline] ›")
	d.Press("q", "p").Sees("paused crm-sync by kim")
}

func TestTimelineTellsWhoHoldsAndWhenItWouldStart(t *testing.T) {
	d := uitest.Drive(t, uitest.New(waiting()), func(o *ui.Options) { o.Width, o.Height = 140, 40 }).Press("3", "j", "j", "j")
	d.Sees("sla-watch · late 4m", "expected 13:58:21Z · run 118 waits for resource otobo: 2 of 2 in use")
	d.Sees("holders  kb-suggest run 9023ea since 13:57:31Z, p95 at 14:03:33Z", "beyond its p95 · 1 more run", "free about 14:03:33Z if kb-suggest")
	d.Press("/").Type("auto-close").Press("enter").Sees("─ paused 13:02 by kim ─")
}

func TestTimelineFiltersAsTheDashboard(t *testing.T) {
	tickets(t).Press("3", "/").Type("state:paused").Press("enter").Sees("backlog-report", "paused 12:02 by kim").Lacks("escalations").
		Press("esc").Sees("escalations")
}

// TestTimelineFollowsLiveRuns: what starts and fails is in its lane at once, before the lanes are read again.
func TestTimelineFollowsLiveRuns(t *testing.T) {
	d := tickets(t).Press("3", "/").Type("dedupe").Press("enter").Lacks("▸ dedupe")
	d.Fake.Change("dedupe", func(r *orchestrator.Runner) {
		r.State = orchestrator.Running
		r.Current = &orchestrator.Run{
			ID: "77", Runner: "dedupe", State: orchestrator.Running, CreatedAt: uitest.Now, DueAt: uitest.Now, StartedAt: uitest.Now, Count: 1,
		}
	})
	d.Live().Sees("▸ dedupe").Advance(20 * time.Second).Press("[").Sees("dedupe · run 77")
}

// TestRunsFilterByTagTimeAndFields: the tag is of the configuration, the time of the history, the rest of the run.
func TestRunsFilterByTagTimeAndFields(t *testing.T) {
	f := uitest.Tickets()
	for i := range f.Snapshot.Runners {
		if id := f.Snapshot.Runners[i].ID; id == "escalations" || id == "crm-sync" {
			f.Snapshot.Runners[i].Tags = []string{"Night"}
		}
	}
	d := uitest.Drive(t, uitest.New(f)).Press("2").Press("/").Type("x").Press("enter")
	try := func(query string) *uitest.Driver {
		t.Helper()
		return d.Press("esc", "/").Type(query).Press("enter").Advance(time.Second)
	}
	try("tag:night").Sees("escalations", "crm-sync").Lacks("sentiment", "spam-filter")
	try("!tag:night").Sees("sentiment").Lacks("escalations")
	try("tag:nope").Sees("no run passes the filter")
	try("since:5m").Sees("13:57:51", "1/14").Lacks("13:54:31")
	try("since:5m tag:night").Sees("/2").Lacks("sentiment")
	try("since:soon").Sees("since: wants a length of time")
	try("error:conflict").Sees("escalations", "1/1")
	try("step:classify trigger:int").Sees("503 up").Lacks("kim")
	try("trigger:kim").Sees("translate").Lacks("sentiment", "running")
}

// TestRunsWithTheSameError: one key narrows the list to the error under the cursor, and opens it again.
func TestRunsWithTheSameError(t *testing.T) {
	d := uitest.Drive(t, uitest.New(errorsFixture())).Press("2", "e").Sees("the run under the cursor has not failed")
	d.Press("j", "j", "j", "e").Sees("same error: ticket #: # conf", "1/25").Lacks("dial tcp")
	d.Press("e").Sees("4/100 of 250", "› ✗ 997").Press("e").Sees("1/25").Press("esc").Sees("4/100 of 250") // the cursor stays on its run
}
