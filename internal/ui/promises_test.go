package ui_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func promises(t *testing.T, change ...func(*ui.Options)) *uitest.Driver {
	t.Helper()
	return uitest.Drive(t, uitest.New(uitest.Promises()), change...)
}

func TestPauseWithReasonAndEnd(t *testing.T) {
	d := promises(t).At("dedupe").Press("P").Sees("pause · dedupe", "until resumed", "skipped rows").Type("release").Press("tab").Type("soon").Press("enter", "enter")
	d.Sees(`"soon" is neither a length`).Did()
	for range 4 {
		d.Press("backspace")
	}
	d.Type("1h").Sees("until 15:02:31Z").Press("enter").Sees("[ pause ]").Press("enter")
	d.Did(`pause dedupe by kim reason "release" until 15:02:31`).Sees("paused dedupe until 15:02:31Z (u undo 10s)", "  in 1h ")
	d.Press("u").Did(`pause dedupe by kim reason "release" until 15:02:31`, "resume dedupe by kim")
}

func TestFormIsLeftWithoutDoingAnything(t *testing.T) {
	d := promises(t).At("dedupe").Press("P").Type("q?:x").Sees("reason q?:x").Press("esc").Sees("nothing done").Lacks("─ pause · dedupe").Did()
	d.Press("P", "tab", "tab", "tab").Sees("[ cancel ]").Press("enter").Lacks("─ pause · dedupe").Did()
	d.Press("P", "up").Sees("[ cancel ]").Press("up").Sees("[ pause ]")
	d.Resize(39, 12).Press("esc", "P").Resize(80, 24).Sees("too small to act").Did()
}

func TestNothingIsDoneThatCannotBeSeen(t *testing.T) {
	d := promises(t).At("dedupe").Press("P", "tab", "tab").Resize(39, 24).Press("enter", "x").Did()
	d.Resize(80, 24).Sees("[ pause ]").Press("esc", "t").Resize(39, 24).Press("y").Did()
	d.Resize(80, 24).Sees("fire dedupe now?").Press("y").Did("fire dedupe by kim")
}

func TestPauseOfATagAsksForTheNumberOfItsPipes(t *testing.T) {
	d := promises(t).Press(":").Type(`pause tag tickets 1h "release 2.4"`).Sees("6 pipes · until 15:02:31Z").Press("enter")
	d.Sees("pause · tag tickets", "ticket-routing, crm-sync", "reason release 2.4", "type pause 6 to go on:").Press("enter", "enter", "enter")
	d.Sees("type pause 6 to go on").Did().Type("pause 6")
	d.Fake.Change("dedupe", func(r *orchestrator.Runner) { r.Tags = []string{"tickets"} })
	d.Live().Press("enter").Sees("it changed meanwhile: look again", "7 pipes").Did()
	d.Advance(400 * time.Millisecond).Press("enter").Sees("type pause 7 to go on").Did().Press("backspace").Type("7").Press("enter")
	did := `pause tag tickets by kim reason "release 2.4" drain=false until 15:02:31`
	d.Did(did).Sees("paused tag tickets until 15:02:31Z (u undo").Press("6").Sees("‖ tag tickets")
	d.Press("u").Did(did, "resume tag tickets by kim").Lacks("‖ tag tickets")
}

func TestPauseOfAResourceSaysThatItsRunsWait(t *testing.T) {
	d := promises(t).Press(":").Type("pause resource otobo").Press("enter").Sees("2 pipes: kb-suggest, sentiment", "wait until it is resumed; their ticks are")
	d.Press("tab", "tab").Type("pause 2").Press("enter").Did(`pause resource otobo by kim reason "" drain=false`)
}

func TestPalettePausesAPipeWithReasonAndEnd(t *testing.T) {
	d := promises(t).Press(":").Type(`pause dedupe 15:30 "they merge by hand"`).Sees("until 15:30:00Z").Press("enter").Sees("reason they merge by hand")
	d.Press("tab", "tab").Sees("[ pause ]").Press("enter").Did(`pause dedupe by kim reason "they merge by hand" until 15:30:00`)
	promises(t).Press(":").Type("pause dedupe they merge").Press("enter").Sees("reason they merge", "until resumed").Press("esc").Did()
}

func TestUndoOfAPauseBringsBackTheOneBefore(t *testing.T) {
	d := promises(t).Press(":").Type("pause tag night 2h later").Press("enter").Sees("it takes the place of: paused by kim")
	d.Type("pause 2").Press("enter", "u").Did(`pause tag night by kim reason "later" drain=false until 16:02:31`,
		`pause tag night by kim reason "release 2.4" drain=false until 15:00:00`)
}

func TestDrainAndResumeOfTheEngine(t *testing.T) {
	d := promises(t).Press("6", "d").Sees("drain · engine", "17 pipes", "10 live runs", "nothing new starts").Type("reboot").Press("tab", "tab").Type("drain 17").Press("enter")
	did := []string{`pause engine by kim reason "reboot" drain=true`}
	d.Did(did...).Sees("draining engine until resumed", "draining  14:02:31Z", "‖ engine draining by kim").Press("d").Sees("draining already").Lacks("stopping")
	d.Press("1").At("dedupe").Press("t").Sees("the engine is draining and starts nothing new").Press("T").Sees("starts nothing new")
	d.Press(":").Type("resume engine").Press("enter").Sees("resume engine? draining by kim", "nothing that was skipped", "y/n").Press("n").Did(did...)
	d.Press(":").Type("resume engine").Press("enter", "y").Did(append(did, "resume engine by kim")...).Lacks("draining ")
	d.Press("u").Did(append(did, "resume engine by kim", `pause engine by kim reason "reboot" drain=true`)...)
}

func TestEngineRowsPauseAndResume(t *testing.T) {
	d := promises(t).Press("6").Sees("run 9023ea of kb-suggest", "2 wait for delivery", "not taken: otai.yml:41:9", "tag night", "open until 14:05:10Z")
	d.Press("p").Sees("this row cannot be paused").Press("j", "j", "j", "j").Sees("› ‖ tag night", "p resume").Press("p").Sees("resume tag night?").Press("y")
	d.Did("resume tag night by kim").Lacks("‖ tag night").Press("g", "G").Sees("› · clock", "latest step 1h01m back")
	d.Press("g").Sees("HEALTH")
	for range 9 {
		d.Press("j")
	}
	d.Sees("› ✗ resource translator", "p resumes").Press("k", "p").Sees("pause · resource otobo").Press("esc")
}

func TestEngineScreenReadsOnce(t *testing.T) {
	d := promises(t).Press("6", "ctrl+d", "ctrl+d", "ctrl+d").Sees("backfill 3", "41 of 97").Lacks("read: ")
	uitest.Drive(t, uitest.New(uitest.Tickets())).Press("6").Sees("no problem is known", "not measured yet").Lacks("BACKFILLS")
	d.Press("1").Lacks("backfill 3")
}

func TestRerunAllAndFromAStep(t *testing.T) {
	id := uitest.RunID(2)
	d := promises(t).At("escalations").Press("R").Sees("rerun all of run 8f0582", "every step is done again", "y/n").Press("n").Did().Press("R", "y")
	did := []string{"rerun " + id + " all=true by kim"}
	d.Did(did...).Press("enter", "g", "f").Sees("this is the whole run: R reruns it all").Press("j", "j", "j", "j", "j", "f")
	d.Sees("rerun run 8f0582 of escalations from pick? it and 2 steps after it are done", "2 before it completed, so kept", "y/n").Press("y")
	did = append(did, "rerun "+id+" all=false from escalations/pick by kim")
	d.Did(did...).Press("G", "f").Sees("not part of the pipe itself").Did(did...)
	promises(t).At("dedupe").Press("r").Sees("R reruns all of it").Press("R", "y").Did("rerun " + uitest.RunID(10) + " all=true by kim")
	promises(t).At("kb-suggest").Press("R").Sees("the run still goes on").Did()
}

func TestPaletteRerunsFromAStep(t *testing.T) {
	d := promises(t).Press(":").Type("rerun 8f0582 from pick").Press("enter").Sees("escalations › 8f0582", "›  ✓ pick", "from pick?").Press("y")
	d.Did("rerun " + uitest.RunID(2) + " all=false from escalations/pick by kim")
	promises(t).Press(":").Type("rerun 8f0582 from pik").Press("enter").Sees("the run has no step pik: escalations, fetch").Did()
	promises(t).Press(":").Type("rerun 99999 all").Press("enter").Sees("✗ rerun 99999: no such run").Did()
	promises(t).Press(":").Type("rerun 8f0582 all").Press("enter", "y").Did("rerun " + uitest.RunID(2) + " all=true by kim")
	promises(t).Press(":").Type("rerun 8f0582").Press("enter").Sees("from raise-priority?").Press("y").Did("rerun " + uitest.RunID(2) + " all=false by kim")
}

func TestFireWithParameters(t *testing.T) {
	d := promises(t).At("sentiment").Press("T").Sees("live now: 5 runs. The new one starts beside the live run").Type("limit").Press("enter", "enter", "enter", "enter")
	d.Sees(`"limit" is not name=value`).Did().Type(`=5 who="a b"`).Press("tab", "left", "left").Sees("ends the live run at once").Press("tab", "tab")
	d.Fake.FailNext(errors.New("parameter limit: a list is needed; it takes limit, who"))
	call := `fire sentiment params map[limit:5 who:a b] overlap "terminate_other" by kim`
	d.Press("enter").Sees("─ fire · sentiment", "parameter limit: a list is needed").Did(call)
	d.Press("enter").Lacks("─ fire · sentiment").Sees("fired sentiment").Did(call, call)
}

func TestPaletteFiresWithParameters(t *testing.T) {
	d := promises(t).Press(":").Type(`fire dedupe limit=5 overlap=allow_all`).Press("enter").Sees("limit=5", "allow_all").Press("tab", "tab", "enter")
	d.Did().Sees("[ fire ]").Press("enter").Did(`fire dedupe params map[limit:5] overlap "allow_all" by kim`)
	promises(t).Press(":").Type(`fire dedupe overlap=twice`).Sees("overlap is one of").Press("enter").Sees("─ go ─").Did()
}

func TestBackfillCountsBeforeItStarts(t *testing.T) {
	d := promises(t).At("dedupe").Press("B").Sees("count says first").Type("2026-11-01").Press("tab").Type("2026-10-05").Press("tab", "tab", "tab", "tab", "enter")
	d.Sees("to lies before from").Did().Press("up", "up", "up", "up")
	for range 5 {
		d.Press("backspace")
	}
	d.Type("11-05").Press("tab", "tab", "tab", "tab").Sees("[ count ]").Press("enter")
	dry := "backfill dedupe 2026-11-01T00:00..2026-11-05T23:59 limit=0 parallel=0 dry=true by kim"
	d.Did(dry).Sees("24 runs from 1 Nov 00:00 to 5 Nov 23:59", "type backfill 24 to go on").Press("enter").Did(dry)
	d.Press("up", "up", "up").Type("5").Sees("count says first").Lacks("type backfill").Press("tab", "tab", "tab", "enter") // another bound: count again
	dry5 := "backfill dedupe 2026-11-01T00:00..2026-11-05T23:59 limit=5 parallel=0 dry=true by kim"
	d.Did(dry, dry5).Type("backfill 24").Press("enter")
	d.Did(dry, dry5, "backfill dedupe 2026-11-01T00:00..2026-11-05T23:59 limit=5 parallel=0 dry=false by kim").Sees("backfill 7 of dedupe began: 24 runs")
	promises(t).At("translate").Press("B").Sees("no timetable").Did()
}

func TestPaletteBackfillsAndCancels(t *testing.T) {
	d := promises(t).Press(":").Type("backfill satisf").Sees("backfill satisfaction").Press("ctrl+u").Type("backfill dedupe 2026-11-01 2026-11-05").Press("enter")
	d.Sees("from    2026-11-01", "to      2026-11-05").Press("esc").Press(":").Type("backfill dedupe yesterday").Sees("yesterday is no date").Press("enter", "esc").Did()
	d.Press("6").Press(":").Type("cancel backfill 3").Press("enter").Sees("cancel backfill 3 of satisfaction? 41 of 97 runs were made").Press("y")
	d.Did("cancel backfill 3 by kim").Press("G", "k", "k", "k", "k", "k", "k").Sees("› - backfill 3", "cancelled").Lacks("x cancel").Press("x").Sees("backfill 3 has ended")
}

func TestAnswers(t *testing.T) {
	run := uitest.RunID(112)
	d := promises(t).Sees("7 to answer 2").Press("7").Sees("Move 12 tickets", "Globex, Initech", "49m left", "limit (number)").Press("A").Press("up", "up", "enter").Sees("choose approve or reject").Did()
	d.Press("right").Sees("< approve >").Press("tab").Type("many").Press("up", "up", "up").Sees("[ answer ]").Press("enter").Sees(`"many" is not a number`).Did()
	for range 4 {
		d.Press("backspace")
	}
	d.Type("5").Press("tab", "space", "tab", "tab").Type("ok by me").Press("tab", "enter")
	did := "answer " + run + ` vip-queue/approve approve=true input map[limit:5 notify:true] note "ok by me" by kim`
	d.Did(did).Sees("approved: vip-queue", "1 step waits for an answer", "› ? dedupe").Lacks("Globex")
	d.Press(":").Type("reject 90818c not now").Press("enter").Sees("Merge 3 outages", "< reject >", "not now").Press("tab", "tab", "enter")
	d.Did(did, "answer "+uitest.RunID(140)+` legacy/confirm approve=false input map[] note "not now" by kim`).Sees("nobody has to be asked")
	d.Press("A").Sees("nothing here waits for an answer")
}

func TestApprovalsThatTakeEachOthersPlaceAreSeen(t *testing.T) {
	d := promises(t).Press("7", "A", "right", "up", "up")
	d.Send(uitest.Key("enter")) // answered, and before anybody is told of it another run asks
	d.Fake.Ask(orchestrator.Approval{Run: uitest.RunID(141), Step: "x/ask", Runner: "spam-filter", Question: "Close 90 tickets?", At: uitest.Now})
	d.Live().Lacks("Globex").Advance(6*time.Second).Sees("2 steps wait", "Close 90 tickets?")
}

func TestAnswerOfAnother(t *testing.T) {
	d := promises(t).Press("7", "A", "right")
	if err := d.Fake.Answer(t.Context(), orchestrator.AnswerRequest{Run: uitest.RunID(112), By: orchestrator.Actor{Name: "alex"}}); err != nil {
		t.Fatal(err)
	}
	d.Live().Sees("it no longer waits for an answer").Press("up", "up", "enter")
	if n := len(d.Fake.Calls()); n != 1 {
		t.Fatalf("answered twice: %q", d.Fake.Calls())
	}
	d.Press("esc").Sees("› ? dedupe")
}

func TestRunThatWaitsIsAnsweredWhereItIsSeen(t *testing.T) {
	d := promises(t).At("vip-queue").Sees("to answer").Press("enter", "enter").Sees("? approve", "waits for an answer · A answers", "Globex, Initech", "A answer")
	d.Press("A", "right", "up", "enter").Sees("nothing done").Press("A", "right", "up", "up", "enter")
	d.Did("answer " + uitest.RunID(112) + ` vip-queue/approve approve=true input map[notify:false] note "" by kim`)
	promises(t).At("escalations").Press("enter").Lacks("A answer").Press("A").Sees("nothing here waits for an answer")
}

func TestReload(t *testing.T) {
	d := promises(t).Press(":").Type("reload").Press("enter").Sees("reload /etc/otai/otai.yml?", "a bad one changes nothing").Press("n").Did().Press("6", "c")
	d.Fake.FailNext(fmt.Errorf("otai.yml:41:9: unknown pipe: %w", orchestrator.ErrNotNow))
	d.Press("y").Did("reload by kim").Sees("✗ reload: otai.yml:41:9: unknown pipe")
	d = promises(t).At("dedupe").Press("p").Sees("(u undo").Press("6", "c") // what is said next is not what u takes back
	d.Fake.FailNext(errors.New("no"))
	d.Press("y").Sees("✗ reload: no").Lacks("(u undo").Press("u").Sees("undone: pause of dedupe")
}

func TestEventsAreFilteredAndTellAll(t *testing.T) {
	d := promises(t).Press("5").Sees("by kim via ssh", "running → paused until 15:00: release 2.4").Press("/").Type("kind:rel").Press("enter")
	d.Sees("1 event · /kind:rel", "by the engine itself", "you mean base:FetchTicketsPipe (and 2 more)").Press("esc").Press("/").Type("by:kim !via:ssh").Press("enter")
	d.Sees("fired, second in the queue").Lacks("paused tag night").Press("esc", "/").Type("zzz").Press("enter").Sees("no event passes").Press("esc").Sees("newest first")
}

func TestUnknownScopesSayTheNearest(t *testing.T) {
	promises(t).Press(":").Type("pause tag nigth").Sees("nearest: pause tag night").Press("enter").Did().Sees("no command pause tag nigth")
	promises(t).Press(":").Type("drian").Sees("nearest: drain")
	promises(t).Press(":").Type("resume tag tickets").Sees("tag tickets is not paused").Press("enter").Did().Sees("─ go ─")
	promises(t).Press(":").Type("pause …").Press("ctrl+u").Type("end a drain").Press("enter").Sees(": resume").Type("tag ni").Sees("resume tag night")
}

func TestSeveralLiveRunsAndHolds(t *testing.T) {
	d := promises(t).Sees("3 run +2", "no ok 3h", "? vip-queue", "‖ auto-close")
	d.At("sentiment").Sees("3 running, 2 waiting").Press("enter").Sees("resource otobo 4/4, 3 wait")
	d.Press("q").At("auto-close").Sees("held by the pause of tag night", "p pause")
	d.Fake.Change("auto-close", func(r *orchestrator.Runner) { r.State = orchestrator.Scheduled })
	d.Live().Sees("‖ auto-close              held").Resize(140, 40).At("escalations").Press("enter").Sees("handlers, after the run's end", "undo of completed steps", "a handler failed")
	d.Press("enter").Sees("after run "+screen.ShortID(uitest.RunID(0)), "backfill 3", "priority 2", "51c0ffee")
}

func TestHeaderSaysWhatStands(t *testing.T) {
	for _, c := range []struct {
		change func(*orchestrator.Engine)
		sees   []string
	}{
		{func(*orchestrator.Engine) {}, []string{"config error", "config refused: otai.yml"}},
		{func(e *orchestrator.Engine) {
			e.ConfigError, e.Config = "/srv/otai/otai.yml:3:1: unknown pipe", "/srv/otai/otai.yml"
		}, []string{"config refused: otai.yml:3"}},
		{func(e *orchestrator.Engine) { e.ConfigError = "" }, []string{"ok 4ms", "! stuck: run 9023ea"}},
		{func(e *orchestrator.Engine) { e.Health, e.Problems = "degraded", []string{"disk full"} }, []string{"degraded", "disk full"}},
		{func(e *orchestrator.Engine) {
			e.Holds = []orchestrator.Hold{{Scope: orchestrator.Scope{Kind: "engine"}, Pause: orchestrator.Pause{By: "alex", At: uitest.Now, Until: uitest.Now.Add(time.Hour)}}}
		}, []string{"paused  14:02:31Z", "engine paused by alex"}},
	} {
		f := uitest.Promises()
		c.change(&f.Snapshot.Engine)
		uitest.Drive(t, uitest.New(f)).Sees(c.sees...)
	}
}

func TestOneOfSeveralLiveRunsIsReadAgain(t *testing.T) {
	f := uitest.Promises()
	run := orchestrator.Run{ID: uitest.RunID(150), Runner: "sentiment", State: orchestrator.Running, Attempt: 1, StartedAt: uitest.Now}
	f.Details[run.ID] = orchestrator.RunDetail{Run: run}
	d := uitest.Drive(t, uitest.New(f)).Press(":").Type("run "+run.ID).Press("enter").Sees("no step has begun yet", "▸ running")
	run.State, run.EndedAt = orchestrator.Completed, uitest.Now.Add(time.Second)
	f.Details[run.ID] = orchestrator.RunDetail{Run: run}
	d.Advance(4 * time.Second).Sees("✓ ok")
}
