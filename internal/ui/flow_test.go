package ui_test

import (
	"fmt"
	"image/color"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/charmbracelet/colorprofile"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func tickets(t *testing.T, change ...func(*ui.Options)) *uitest.Driver {
	t.Helper()
	return uitest.Drive(t, uitest.New(uitest.Tickets()), change...)
}

func TestPauseActsAtOnceAndIsUndone(t *testing.T) {
	d := tickets(t)
	d.At("dedupe").Press("p").Sees("paused dedupe by kim (u undo 10s)")
	d.Did(`pause dedupe by kim reason ""`)
	d.Advance(4 * time.Second).Sees("u undo 6s")
	d.Press("u").Sees("undone: pause of dedupe")
	d.Did(`pause dedupe by kim reason ""`, "resume dedupe by kim")
	d.Press("u").Sees("nothing to undo")
}

func TestUndoOfResumeKeepsTheReason(t *testing.T) {
	d := tickets(t)
	d.At("backlog-report").Sees("leads are away", "p resume").Press("p").Sees("resumed backlog-report by kim")
	d.Press("u").Did("resume backlog-report by kim", `pause backlog-report by kim reason "leads are away"`)
}

func TestUndoEnds(t *testing.T) {
	d := tickets(t)
	d.At("dedupe").Press("p").Advance(11 * time.Second).Lacks("u undo").Press("u").Sees("nothing to undo")
	d.Did(`pause dedupe by kim reason ""`)
}

func TestQuestions(t *testing.T) {
	for _, c := range []struct {
		name, pipe, key string
		sees, did       string
	}{
		{"fire", "dedupe", "t", "fire dedupe now? it runs beside its schedule", "fire dedupe by kim"},
		{"cancel", "kb-suggest", "x", "cancel run 9023ea of kb-suggest?", "cancel " + uitest.RunID(106) + " by kim"},
		{"retry failed", "escalations", "r", "retry run 8f0582 of escalations from raise-priority?", "rerun " + uitest.RunID(2) + " all=false by kim"},
		{"retry waiting", "crm-sync", "r", "retry crm-sync now instead of in 18s?", "rerun " + uitest.RunID(103) + " all=false by kim"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := tickets(t).At(c.pipe).Press(c.key).Sees(c.sees, "y/n").Did()
			for _, no := range []string{"n", "esc", "enter", "q", "j", "Y"} {
				d.Press(no).Sees("nothing done").Did()
				d.Press(c.key).Sees(c.sees)
			}
			d.Press("y").Did(c.did)
		})
	}
}

func TestQuestionAsksAgainWhenTheStateChanged(t *testing.T) {
	d := tickets(t).At("crm-sync").Press("x").Sees("it will not be retried")
	d.Fake.Change("crm-sync", func(r *orchestrator.Runner) {
		c := *r.Current
		c.State, r.State, r.Current = orchestrator.Running, orchestrator.Running, &c
	})
	d.Live().Press("y").Sees("it changed meanwhile", "its step is stopped").Did()
	d.Press("y", "y").Sees("it changed meanwhile").Did() // typed on: not an answer to the new question
	d.Advance(400 * time.Millisecond).Press("y").Did("cancel " + uitest.RunID(103) + " by kim")
}

func TestQuestionThatIsNoLongerPossible(t *testing.T) {
	d := tickets(t).At("kb-suggest").Press("x")
	d.Fake.Change("kb-suggest", func(r *orchestrator.Runner) { r.State, r.Current = orchestrator.Scheduled, nil })
	d.Live().Press("y").Sees("nothing runs here").Did()
}

func TestDisabledKeysSayWhy(t *testing.T) {
	for _, c := range [][3]string{
		{"dedupe", "x", "nothing runs here, so there is nothing to cancel"},
		{"dedupe", "r", "the run completed, so there is nothing to retry"},
		{"kb-suggest", "r", "the run still goes on"},
		{"legacy-otrs-import", "p", "disabled in the configuration"},
		{"legacy-otrs-import", "r", "there is no run to retry"},
	} {
		tickets(t).At(c[0]).Press(c[1]).Sees(c[2]).Did()
	}
}

func TestCommandErrorsAreShown(t *testing.T) {
	d := tickets(t)
	d.Fake.FailNext(fmt.Errorf("pause dedupe: %w: it is being reloaded, try again", orchestrator.ErrNotNow))
	d.At("dedupe").Press("p").Sees("✗ pause dedupe:", "try", "again").Lacks("u undo")
}

func TestActingNeedsRoom(t *testing.T) {
	d := tickets(t).At("dedupe").Resize(39, 24).Press("t", "y", "p").Did()
	d.Resize(80, 24).Sees("too small to act")
}

func TestOrderIsHeldWhileTheCursorMoves(t *testing.T) {
	d := tickets(t).At("dedupe")
	fail := func(id string) {
		d.Fake.Change(id, func(r *orchestrator.Runner) {
			l := *r.Last
			l.State, l.Error = orchestrator.Failed, "boom"
			r.State, r.Last = orchestrator.Failed, &l
		})
		d.Live()
	}
	row := func() int {
		for y, l := range d.Lines() {
			if strings.HasPrefix(l, "›") {
				return y
			}
		}
		return -1
	}
	before := row()
	fail("spam-filter")
	fail("vip-queue")
	if d.Sees("order held · 2 moves (.)"); row() != before || d.Cursor() != "dedupe" {
		t.Fatalf("the row under the cursor moved:\n%s", d.Text())
	}
	d.Press(".").Lacks("order held")
	if d.Cursor() != "dedupe" {
		t.Fatal("the cursor left its pipe")
	}
	d.Press("g")
	fail("ticket-routing")
	d.Sees("order held").Advance(6 * time.Second).Lacks("order held").Sees("✗ ticket-routing")
}

func TestFilter(t *testing.T) {
	d := tickets(t)
	for _, c := range []struct {
		q, shown string
		gone     string
	}{
		{"state:failed", "✗ escalations", "crm-sync"},
		{"state:failed,retry", "↻ crm-sync", "dedupe"},
		{"!state:ok !state:failed", "▸ sentiment", "escalations "},
		{"tag:tickets", "ticket-routing", "dedupe"},
		{"conflict", "✗ escalations", "dedupe"},
		{"STATE:Paused", "‖ backlog-report", "dedupe"},
		{"nothing-like-this", "no pipe passes the filter", "dedupe"},
	} {
		d.Press("/").Type(c.q).Press("enter").Sees(c.shown, "of 18 pipes").Lacks("  " + c.gone)
		d.Press("esc").Sees("18 pipes · attention first")
	}
	d.Press("/").Type("zz").Press("backspace", "backspace", "backspace").Sees("attention first")
	d.Press("/").Type("q?xt").Did().Sees("/q?xt")
	d.Press("esc").Sees("attention first")
}

func TestBackAndQuit(t *testing.T) {
	d := tickets(t)
	d.At("escalations").Press("enter").Sees("Pipes › escalations · ✗ failed 3/3").Press("enter").Sees("escalations › 8f0582").Press("H").Sees("runs of escalations")
	d.Press("esc").Sees("steps of run").Press("q").Sees("last 60 runs").Press("q").Sees("attention first")
	d.Press("4").Press("esc").Sees("attention first")
	if d.Press("esc", "esc"); d.Quit {
		t.Fatal("esc quits")
	}
	d.Press("q").Sees("quit? this stops the engine in this process: 5 live runs")
	if d.Press("n"); d.Quit {
		t.Fatal("quit without a yes")
	}
	if d.Press("q", "y"); !d.Quit {
		t.Fatal("y does not quit")
	}
}

func TestQuitWithoutAQuestion(t *testing.T) {
	calm := uitest.Tickets()
	for i := range calm.Snapshot.Runners {
		calm.Snapshot.Runners[i].Current = nil
	}
	if d := uitest.Drive(t, uitest.New(calm)).Press("q"); !d.Quit {
		t.Error("asks although nothing runs")
	}
	if d := tickets(t, func(o *ui.Options) { o.Detached = true }).Press("q"); !d.Quit {
		t.Error("asks although the engine lives on")
	}
}

func TestQuitTwice(t *testing.T) {
	for _, key := range []string{"Q", "ctrl+c"} {
		d := tickets(t).Press(key).Sees(key + " once more quits and stops the engine")
		if d.Quit {
			t.Fatal("once is enough")
		}
		if d.Advance(4 * time.Second).Press(key); d.Quit {
			t.Fatal("the second press may come late")
		}
		if d.Press(key); !d.Quit {
			t.Fatalf("%s twice does not quit", key)
		}
	}
	d := tickets(t).Press("/", "ctrl+c", "ctrl+c")
	if !d.Quit {
		t.Error("ctrl+c twice does not quit while a filter is typed")
	}
}

func TestHelpFindsKeys(t *testing.T) {
	d := tickets(t).Press("?").Sees("keys · pipes", "half a page down")
	d.Press("/").Type("pause").Sees("holds the schedule only").Lacks("half a page down")
	d.Press("esc").Sees("half a page down").Press("esc").Lacks("keys · pipes").Did()
	d.Press("?").Press("q").Lacks("keys · pipes")
	if d.Quit {
		t.Fatal("q in the help quits")
	}
}

func TestNoticesAppearOnce(t *testing.T) {
	f := uitest.Tickets()
	f.Snapshot.Engine.Notices = []string{"no ticket system configured: the embedded desk is used", "2 values come from the environment"}
	d := uitest.Drive(t, uitest.New(f)).Sees("the embedded desk is used").Lacks("2 values")
	d.Advance(9 * time.Second).Sees("2 values come from the environment").Lacks("embedded desk")
	d.Advance(9*time.Second).Lacks("2 values", "embedded desk")
	d.Fake.Hub.Engine(f.Snapshot.Engine)
	d.Live().Advance(2 * time.Second).Lacks("embedded desk")
}

func TestToastHidesNotice(t *testing.T) {
	f := uitest.Tickets()
	f.Snapshot.Engine.Notices = []string{"the embedded desk is used"}
	d := uitest.Drive(t, uitest.New(f)).Sees("the embedded desk is used")
	d.At("dedupe").Press("p").Sees("paused dedupe by kim").Lacks("embedded desk")
	d.Advance(11*time.Second).Lacks("paused dedupe by kim", "embedded desk")
}

func TestYoungEngineIsNotUpNow(t *testing.T) {
	f := uitest.Tickets()
	f.Snapshot.Engine.StartedAt = uitest.Now.Add(-time.Second / 2)
	uitest.Drive(t, uitest.New(f)).Resize(140, 40).Sees("up <1m").Advance(2 * time.Minute).Sees("up 2m")
}

func TestDegradedSaysWhy(t *testing.T) {
	uitest.Drive(t, uitest.New(degraded())).Sees("degraded", "disk: 12 MB left").Resize(58, 16).Sees("degraded", "disk: 12 MB left")
}

func TestTitleCountsFailures(t *testing.T) {
	a := tickets(t).App
	if got := a.Title(); got != "otai · 1 failing" {
		t.Error(got)
	}
}

func TestRunsPageAsOneScrolls(t *testing.T) {
	d := tickets(t).Press("2").Sees("1/100 of 251")
	for range 14 {
		d.Press("ctrl+d")
	}
	d.Press("G").Lacks("100+")
	for range 4 {
		d.Press("G")
	}
	all := func(idle bool) string {
		rs, err := d.Fake.Runs(t.Context(), orchestrator.RunFilter{Limit: 1000, WithIdle: idle})
		if err != nil || len(rs) < 220 {
			t.Fatal(err, len(rs))
		}
		return fmt.Sprintf("/%d ", len(rs))
	}
	d.Sees(all(false)).Press("g").Sees("1" + all(false))
	d.Press("i").Sees("idle ones too").Press("/").Type("nothing").Press("esc")
	for range 6 {
		d.Press("G")
	}
	d.Sees(all(true))
}

func TestIdleRowsCarryTheirCount(t *testing.T) {
	d := tickets(t).Press("2").Lacks("nothing to do").Press("i", "G").Sees("×240 to ", " · nothing to do")
	d.Press("i").Lacks("nothing to do")
}

func TestRunOpensAtTheEvidence(t *testing.T) {
	d := tickets(t).At("escalations").Press("enter", "enter")
	d.Sees("›  ✗ raise-priority", "›13:52:59.100 E ticket 4711: 409 conflict", "r retry")
	d.Press("k").Sees("4 tickets need").Lacks("409 conflict")
	for range 5 {
		d.Press("k")
	}
	d.Sees("4 tickets need", "409 conflict").Press("j").Sees("search state=open").Press("tab", "G").Sees("following")
}

func TestLiveRunFollows(t *testing.T) {
	d := tickets(t).At("kb-suggest").Press("enter", "enter").Sees("following")
	run := uitest.RunID(106)
	d.Fake.Hub.Log(orchestrator.LogLine{Run: run, Runner: "kb-suggest", Seq: 41, Step: "kb-suggest/write-note", Level: "error", At: uitest.Now, Msg: "fresh line"})
	d.Fake.Hub.Log(orchestrator.LogLine{Run: "other", Runner: "dedupe", Seq: 1, Level: "info", At: uitest.Now, Msg: "of another run"})
	d.Live().Sees("fresh line").Lacks("of another run")
}

func TestLogHoldsAndCounts(t *testing.T) {
	d := tickets(t).Press("4").Sees("following")
	say := func(n int, level, msg string) {
		for i := range n {
			d.Fake.Hub.Log(orchestrator.LogLine{Run: "r9", Runner: "dedupe", Seq: int64(i + 1), Level: level, At: uitest.Now, Msg: fmt.Sprintf("%s %d", msg, i)})
		}
		d.Live()
	}
	d.Press("k").Sees("‖ held")
	say(128, "info", "new line")
	d.Sees("held +128 below").Lacks("new line")
	d.Press("F").Sees("following", "new line 127")
	d.Press("+", "+").Sees("≥error").Lacks("new line").Press("-", "-", "-").Sees("≥debug", "new line")
	d.Press("/").Type("new line 12").Sees("/new line 12").Press("enter").Sees("9 of 9").Press("n").Sees("1 of 9").Press("N", "N").Sees("8 of 9")
	d.Press("esc").Lacks("of 9").Sees("new line")
	d.Press("space").Sees("following").Press("space").Sees("‖ held")
}

func TestLogShowsGaps(t *testing.T) {
	f := uitest.New(uitest.Tickets())
	d := uitest.Drive(t, f).Press("4")
	for i := range 2600 { // more than the ring of a viewer that does not read
		f.Hub.Log(orchestrator.LogLine{Run: "r9", Runner: "dedupe", Seq: int64(i + 1), Level: "info", At: uitest.Now, Msg: fmt.Sprintf("burst %d", i)})
	}
	d.Live().Press("g")
	for range 200 {
		if strings.Contains(d.Text(), "600 lines not kept here") {
			return
		}
		d.Press("ctrl+d")
	}
	t.Fatalf("no gap on the screen:\n%s", d.Text())
}

func TestEventsHold(t *testing.T) {
	d := tickets(t).Press("5").Sees("space to hold")
	d.Press("space")
	d.Fake.Hub.Event(orchestrator.Event{ID: 2000, At: uitest.Now, Runner: "dedupe", State: orchestrator.Completed, Text: "ok in 3.0s"})
	d.Live().Lacks("ok in 3.0s").Sees("held +1")
	d.Press("space").Sees("ok in 3.0s")
	d.Resize(140, 40).Press("1", "F").Sees("events · held").Press("tab", "j", "enter").Sees("Pipes ›")
}

func TestResyncReadsAgain(t *testing.T) {
	d := tickets(t)
	d.Fake.Add(orchestrator.Runner{ID: "brand-new", State: orchestrator.Scheduled})
	d.Live().Sees("19 pipes")
}

func TestThemeFollowsTheTerminal(t *testing.T) {
	auto := func(env ...string) *uitest.Driver {
		return tickets(t, func(o *ui.Options) {
			o.Theme = "auto"
			o.Environ = append([]string{"TERM=xterm-256color", "LANG=C.UTF-8"}, env...)
		})
	}
	white, black := tea.BackgroundColorMsg{Color: color.White}, tea.BackgroundColorMsg{Color: color.Black}
	for _, c := range []struct {
		name, want string
		d          *uitest.Driver
	}{
		{"dark", "otai-dark", auto().Send(black)},
		{"light", "otai-light", auto().Send(white)},
		{"no answer", "terminal", auto().Advance(400 * time.Millisecond).Send(black)},
		{"16 colours", "terminal", auto().Send(tea.ColorProfileMsg{Profile: colorprofile.ANSI}).Send(black)},
		{"no colour", "mono", auto("NO_COLOR=yes").Send(black)},
		{"asked for", "otai-light", tickets(t, func(o *ui.Options) { o.Theme = "otai-light" }).Send(black)},
	} {
		if got := c.d.App.Theme(); got != c.want {
			t.Errorf("%s: theme %s, want %s", c.name, got, c.want)
		}
	}
}
