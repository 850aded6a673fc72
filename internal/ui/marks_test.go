package ui_test

import (
	"errors"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// TestMarks: space marks and goes on, v marks the range, * turns round, \ and esc clear; the order is held meanwhile.
func TestMarks(t *testing.T) {
	d := tickets(t).Press("g", "space").Sees("1 marked", " *✗ escalations").Press("j", "j", "v").Sees("4 marked", "›*! sla-watch")
	d.Press("*").Sees("14 marked").Press("*").Sees("4 marked").Press("esc").Lacks("marked")
	d.Press("space", "\\").Lacks("marked")
	d.Press("g", "space").Advance(time.Minute)
	d.Fake.Change("dedupe", func(r *orchestrator.Runner) { r.State = orchestrator.Failed })
	d.Live().Sees("order held").Press("esc").Advance(10 * time.Second).Lacks("order held")
	tickets(t).Press("2", "space", "space").Sees("2 marked", "t fire 2").Press("esc").Lacks("marked")
}

// TestBulkFire: a dialog lists each marked pipe with its consequence and takes the phrase only.
func TestBulkFire(t *testing.T) {
	d := tickets(t).At("dedupe").Press("space", "space").Sees("t fire 2").At("kb-suggest").Press("space", "t")
	d.Sees("fire · 3 marked rows", "dedupe", "next in", "it is refused while another run is live", "type fire 3 to go on", "recorded as kim via ssh")
	d.Press("enter").Sees("type fire 3 to go on").Did().Type("fire 2").Press("enter").Did().Press("backspace").Type("3").Press("enter")
	d.Did("fire kb-suggest by kim", "fire dedupe by kim", "fire satisfaction by kim").Sees("fired 3 pipes").Lacks("marked")
}

// TestBulkAsksAgainWhenTheStateChanged: the request is about what the user saw.
func TestBulkAsksAgainWhenTheStateChanged(t *testing.T) {
	d := tickets(t).At("dedupe").Press("space", "t").Type("fire 1")
	d.Fake.Change("dedupe", func(r *orchestrator.Runner) { r.State = orchestrator.Failed })
	d.Live().Press("enter").Sees("it changed meanwhile: look again").Did().Advance(time.Second).Press("enter").Did("fire dedupe by kim")
}

// TestBulkPauseIsUndone: several pauses are one thing to take back; all paused means resume.
func TestBulkPauseIsUndone(t *testing.T) {
	d := tickets(t).At("dedupe").Press("space", "space", "p").Type("pause 2").Press("enter").Sees("paused 2 pipes (u undo 10s)")
	d.Press("u").Sees("undone: pause of 2 pipes")
	d.Did(`pause dedupe by kim reason ""`, `pause satisfaction by kim reason ""`, "resume dedupe by kim", "resume satisfaction by kim")
	d = tickets(t).At("backlog-report").Press("space").Sees("resume 1").Press("p").Type("resume 1").Press("enter").Did("resume backlog-report by kim")
	d.Press("u").Sees("undone")
}

// TestBulkTellsWhatFailed: the rest is done, what failed stays marked and is in the log.
func TestBulkTellsWhatFailed(t *testing.T) {
	d := tickets(t).At("dedupe").Press("space", "space", "p").Type("pause 2")
	d.Fake.FailNext(errors.New("the disk is full"))
	d.Press("enter").Sees("paused 1 of 2; dedupe: the disk is full", "1 marked", "*✓ dedupe").Press("@").Sees("pause dedupe: the disk is full")
}

// TestBulkLeavesOut: what cannot be done is listed with the reason and not counted; single actions wait for the marks to go.
func TestBulkLeavesOut(t *testing.T) {
	d := tickets(t).At("kb-suggest").Press("space").At("dedupe").Press("space", "x").Sees("left out: nothing runs here", "type cancel 1 to go on")
	d.Type("cancel 1").Press("enter").Did("cancel " + uitest.RunID(106) + " by kim")
	d.Press("T").Sees("works on one row").Press("B").Sees("works on one row").Press("\\", "T").Sees("fire · satisfaction")
	tickets(t).At("dedupe").Press("space", "x").Sees("dedupe", "nothing runs here").Did()
	d = tickets(t).Press("2", "*", "r").Sees("left out")
	d.Press("esc").Did()
}

// TestMarksCanBeTakenBack: taking marks away and turning them round is undone by u.
func TestMarksCanBeTakenBack(t *testing.T) {
	d := tickets(t).Press("g", "space", "space").Press("esc").Sees("2 marks taken away (u undo 10s)").Press("u").Sees("undone", "2 marked")
	d.Press("*").Sees("16 rows marked").Press("u").Sees("· 2 marked").Press("esc").Advance(11 * time.Second).Press("u").Sees("nothing to undo").Did()
}

// TestFireSaysWhatItWaitsFor: a full limit or no slot, with the holders, in the question and in the dialog.
func TestFireSaysWhatItWaitsFor(t *testing.T) {
	f := uitest.Tickets()
	f.Snapshot.Engine.Limits = []orchestrator.Limit{{Name: "resource otobo", Max: 2, Used: 2, Holders: []string{"kb-suggest", "sentiment"}}}
	for i := range f.Snapshot.Runners {
		if f.Snapshot.Runners[i].ID == "dedupe" {
			f.Snapshot.Runners[i].Resources = []string{"otobo"}
		}
	}
	f.Snapshot.Engine.Slots, f.Snapshot.Engine.Busy, f.Snapshot.Engine.Queue = 8, 8, 2
	d := uitest.Drive(t, uitest.New(f)).At("dedupe").Press("t").Sees("it waits for resource otobo, 2", "held by kb-suggest, sentiment").Press("n")
	d.At("satisfaction").Press("t").Sees("it waits for a slot, 8 of", "2 runs before it").Press("n").At("dedupe").Press("space", "t").Sees("waits for resource otobo")
}
