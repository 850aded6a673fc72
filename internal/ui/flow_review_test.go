package ui_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func reviews(t *testing.T) *uitest.Driver {
	t.Helper()
	return uitest.Drive(t, uitest.New(uitest.Reviews())).Press("7", "j")
}

// TestDecisionsAreJudgedOneAfterTheOther: one key each, the next row at once, sent when they can no longer be undone.
func TestDecisionsAreJudgedOneAfterTheOther(t *testing.T) {
	d := reviews(t).Sees("ticket 4711", "VPN drops every hour", "5 decisions and 1 question wait")
	d.Press("+").Sees("accepted network: ticket 4711", "5 left", "ticket 4712").Did()
	d.Press("s").Sees("skipped: ticket 4712", "4 left", "ticket 4713", "2 held back (u)").Did()
	d.Press("l").Type("har").Press("enter").Sees("labelled hardware: ticket 4713", "ticket 4714").Did()
	d.Press("u").Sees("ticket 4713", "undone: labelled hardware", "2 held back (u)")
	d.Press("u").Sees("ticket 4712", "1 held back (u)").Did()
	d.Advance(9 * time.Second).Did()
	d.Advance(2*time.Second).Did(`review accept `+uitest.RunID(201)+` sentiment/tickets/4711/review "" note "" by kim`).
		Lacks("held back", "VPN drops").Sees("4 decisions and 1 question wait")
	d.Press("u").Sees("nothing to undo")
}

// TestLeavingSendsWhatIsHeldBack.
func TestLeavingSendsWhatIsHeldBack(t *testing.T) {
	d := reviews(t).Press("+", "Q", "Q")
	d.Did(`review accept ` + uitest.RunID(201) + ` sentiment/tickets/4711/review "" note "" by kim`)
}

// TestEqualProposalsAreAnsweredAtOnce with their number typed.
func TestEqualProposalsAreAnsweredAtOnce(t *testing.T) {
	d := reviews(t).Press("j", "*").Sees("1 decision for billing", "type accept 1 to go on")
	d.Press("up", "up", "ctrl+u").Type("0.5").Sees("2 decisions for billing", "0.62 #4713 Order of ten chairs", "type accept 2 to go on")
	d.Press("tab").Type("clear cases").Press("tab").Type("accept 1").Press("enter").Sees("type accept 2 to go on").Did()
	d.Press("ctrl+u").Type("accept 2").Press("enter").Sees("2 decisions answered").Lacks("Order of ten")
	d.Did(`review accept `+uitest.RunID(202)+` sentiment/tickets/4712/review "" note "clear cases" by kim`,
		`review accept `+uitest.RunID(203)+` sentiment/tickets/4713/review "" note "clear cases" by kim`)
}

// TestAVerdictThatIsRefusedComesBack onto the list, and says why.
func TestAVerdictThatIsRefusedComesBack(t *testing.T) {
	d := reviews(t)
	d.Fake.FailNext(errors.New("history cannot be written"))
	d.Press("+").Advance(11*time.Second).Sees("1 of 1 not answered: history cannot be written", "#4711 VPN")
}

// TestTheTextIsReadInFull, and is safe to draw.
func TestTheTextIsReadInFull(t *testing.T) {
	d := reviews(t).Press("j", "j", "j").Sees("Übertrag der Lizenz — rot", "its own estimate", "Die Lizenz läuft auf den alten Namen. Bitte").Lacks("\x1b", "\u202e")
	d.Press("v").Lacks("#4715").Press("v").Sees("#4715")
	d.Press("k", "k", "k", "k").Sees("Move 12 tickets").Press("A").Sees("answer · vip-queue")
}

// TestQualityByPeriod: the figures of the period that is on show, read anew when it is changed.
func TestQualityByPeriod(t *testing.T) {
	d := reviews(t).Press("9").Sees("30 days", "softoft/otai-queue-de-bert-v1", "llama3.1:8b (own estimate)", "0.90 is the lowest threshold shown right in 95 %")
	d.Press("[", "[").Sees("24 hours", "no classifier has decided anything")
	d.Press("[").Sees("24 hours").Press("]").Sees("7 days", "7253").Press("]", "]", "]", "]").Sees("all kept")
	d.Press("G").Sees("8/8", "no threshold is shown right").Press("g").Sees("1/8")
}

// TestHostileReviewsAreHarmless: nothing that a model or a ticket says reaches the terminal as it is.
func TestHostileReviewsAreHarmless(t *testing.T) {
	f := uitest.Reviews()
	for i := range f.Approvals {
		if r := f.Approvals[i].Review; r != nil {
			r.Title, r.Text, r.Label, r.Model, r.Ticket, r.Expire = nasty, strings.Repeat(nasty+"\n\n\n", 3000), nasty, nasty, nasty, nasty
			r.Labels, r.Scores = []string{nasty, nasty + "2", ""}, []orchestrator.LabelScore{{Label: nasty + "3", Confidence: 7}, {Label: nasty + "2", Confidence: -3}}
			f.Approvals[i].Subject = map[string]any{"note": nasty}
		}
	}
	for i := range f.Quality.Rows {
		f.Quality.Rows[i].Model, f.Quality.Rows[i].Label = nasty, nasty
	}
	f.Quality.Rows = append(f.Quality.Rows, orchestrator.QualityRow{}) // a model without a name, and no decisions
	d := uitest.Drive(t, uitest.New(f)).Press("7", "j")
	check := func(what string) {
		t.Helper()
		for _, size := range [][2]int{{40, 10}, {58, 16}, {80, 24}, {140, 40}, {20, 30}, {300, 20}} {
			d.Resize(size[0], size[1])
			for y, l := range d.Lines() {
				if text.Width(l) != size[0] || l != text.Line(l, 0) {
					t.Fatalf("%s at %v: line %d is %d wide: %q", what, size, y, text.Width(l), l)
				}
			}
		}
		d.Resize(80, 24)
	}
	check("list")
	d.Press("v", "pgdown", "pgdown", "pgup")
	check("text")
	d.Press("v", "l")
	check("menu")
	d.Press("esc", "*")
	check("form")
	d.Press("esc", "+")
	check("held back")
	d.Press("9", "G")
	check("quality")
}
