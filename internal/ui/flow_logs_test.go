package ui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func longLogs(t *testing.T, change ...func(*ui.Options)) *uitest.Driver {
	t.Helper()
	return uitest.Drive(t, uitest.New(longLog()), change...).Press("4")
}

func liveNote(d *uitest.Driver, n int, msg string) {
	d.Fake.Hub.Log(orchestrator.LogLine{
		Run: uitest.RunID(106), Runner: "kb-suggest", Seq: int64(10_000 + n), Step: "kb-suggest/write-note", Attempt: 1, Level: "info",
		At: uitest.Now.Add(time.Duration(n) * time.Millisecond), Msg: msg,
	})
}

// TestLongLogHoldsAndCounts: scrolling up holds, what comes is counted, and following brings it.
func TestLongLogHoldsAndCounts(t *testing.T) {
	d := longLogs(t).Sees("following", "ticket\": 8699", "loaded").Press("k").Sees("‖ held").Lacks("below")
	for i := range 128 {
		liveNote(d, i, fmt.Sprintf("fresh %d", i))
	}
	d.Live().Sees("‖ held +128 below · F or G follows", "ticket\": 8699").Lacks("fresh 127")
	d.Press("F").Sees("following", "fresh 127")
}

// TestLongLogGoesToItsVeryBeginning: the first row is that of the whole log, and the way back leads to the live end without a hole.
func TestLongLogGoesToItsVeryBeginning(t *testing.T) {
	d := longLogs(t).Press("-").Press("g").Sees("13:52:37.100").Lacks("loaded")
	liveNote(d, 1, "fresh")
	d.Live().Lacks("fresh").Press("G").Sees("following", "fresh", "ticket\": 8699")
}

// TestLongLogSearchAndFilterAreTwoThings: esc ends them one after the other, then leaves.
func TestLongLogSearchAndFilterAreTwoThings(t *testing.T) {
	d := longLogs(t).Press("&").Type("slow").Press("enter", "!").Type("nothing").Press("enter").Sees(`keep "slow"`, `hide "nothing"`)
	d.Press("/").Type("2.4S").Sees("0 matches").Press("enter", "/").Type("2.4s").Press("enter").Sees("/2.4s  ", "loaded, enter searches all")
	liveNote(d, 1, "slow again: 2.4s")
	d.Live().Press("n").Sees("slow again: 2.4s")
	d.Press("esc").Lacks("/2.4s").Sees(`hide "nothing"`).Press("esc").Lacks("hide").Sees(`keep "slow"`).Press("esc").Lacks("keep \"").Sees("[4 Logs]")
	d.Press("esc").Sees("[1 Pipes]")
}

// TestLongLogSearchGoesBeyondWhatIsLoaded: enter searches the whole log, n and N go through all hits.
func TestLongLogSearchGoesBeyondWhatIsLoaded(t *testing.T) {
	d := longLogs(t).Press("/").Type("deadlock detected").Press("enter").Sees("1 of 1 · loaded, enter searches all")
	d.Press("enter").Sees("3 of 3 · whole log").Press("N").Sees("2 of 3", "ticket 7200").Press("N").Sees("1 of 3", "ticket 5900")
	d.Press("N").Sees("3 of 3", "ticket 8500").Press("enter").Sees("3 of 3")
	d.Press("~").Sees("/deadlock detected/  1 of 1")
	d.Press("/").Type("/half(/").Sees("the expression is not complete").Press("esc")
	d.Press("enter").Sees("nothing is searched for")
}

// TestLongLogGoto: a time or, in a run's log, a line.
func TestLongLogGoto(t *testing.T) {
	d := longLogs(t).Press(":").Type("goto 13:56:00").Press("enter").Sees("13:56:00.0", "‖ held").Press("k", "k").Sees("13:55:59")
	d.Press(":").Type("goto line 7").Press("enter").Sees("only the lines of one run have numbers")
	d.Press("esc", "1").At("kb-suggest").Press("enter", "enter", "L").Press(":").Type("goto line 1500").Press("enter").Sees(`"ticket": 6100`)
	d.Press(":").Type("goto 25:99").Press("enter").Sees("neither a length")
}

// TestLongLogExport writes what is shown, or all, into new files that only their user reads.
func TestLongLogExport(t *testing.T) {
	dir := t.TempDir()
	f := longLog()
	f.Snapshot.Engine.StateDir = dir
	f.Logs[len(f.Logs)-1].Msg = nasty
	d := uitest.Drive(t, uitest.New(f), func(o *ui.Options) { o.Width, o.Height = 140, 40 })
	d.Press("4", "&").Type("slow").Press("enter", "X").Type("shown").Press("enter").Sees("lines written to " + dir)
	d.Press("X").Type("all").Press("enter").Sees("lines written to " + dir)
	names, err := filepath.Glob(filepath.Join(dir, "exports", "*"))
	if err != nil || len(names) != 2 {
		t.Fatalf("%v %v", names, err)
	}
	total := 0
	for _, n := range names {
		b, err := os.ReadFile(n) //nolint:gosec // in this test's directory
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(n)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", n, info.Mode(), err)
		}
		if strings.ContainsAny(string(b), "\x1b\x07\u202e") {
			t.Errorf("%s has terminal sequences", n)
		}
		total += strings.Count(string(b), "\n")
	}
	if slow := 2; total < len(f.Logs)+slow { // and the gap's own line
		t.Errorf("%d lines in the files, of %d", total, len(f.Logs))
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.Press("X").Type("all").Press("enter").Sees("✗ export of the log").Lacks("written")
}

// TestLongLogOfSeveralPipes: several pipes have one log, and names that are none do not.
func TestLongLogOfSeveralPipes(t *testing.T) {
	d := longLogs(t).Press(":").Type("logs kb-suggest nobody").Press("enter").Press("esc")
	d.Press(":").Type("logs kb-suggest escalations").Press("enter").Sees("2 pipes merged").Press("g").Sees("escalations")
}

// TestHostileLinesInALongLog: lines that would break a terminal do not, in any form of the view, at any size.
func TestHostileLinesInALongLog(t *testing.T) {
	f := hostile()
	for i, msg := range []string{
		strings.Repeat("M", 1<<20), strings.Repeat(nasty, 3000), strings.Repeat("日本", 9000), "e\u0301" + strings.Repeat("\u0301", 500),
		`x {"k\u001b[2J": "\u001b]52;c;eA==\u0007", "n": 1}`, nasty + `=1 k="` + nasty + `"`, strings.Repeat("{", 5000), strings.Repeat("a=b ", 5000),
	} {
		f.Logs = append(f.Logs, orchestrator.LogLine{
			Run: "z", Runner: nasty, Seq: int64(i + 1), Step: nasty, Attempt: 1 << 40, Level: nasty, Msg: msg, At: uitest.Now, Gap: i % 2 * 1000,
		})
	}
	for _, glyphs := range []string{"unicode", "ascii"} {
		d := uitest.Drive(t, uitest.New(f), func(o *ui.Options) { o.Glyphs, o.Width, o.Height = glyphs, 80, 24 })
		for _, keys := range []string{"4", "J", "k", "k", "k", "k", "k", "m", "w", "k", "k", "k", "T", "T", "T", "T", "T", "/日", "enter", "n", "&b", "enter", "C", "!" + nasty, "enter", "X"} {
			if first := keys[:1]; len(keys) > 1 && keys != "enter" {
				d.Press(first).Type(keys[1:])
			} else {
				d.Press(keys)
			}
			for _, size := range [][2]int{{80, 24}, {1, 1}, {40, 10}, {58, 16}, {200, 60}} {
				lines := d.Resize(size[0], size[1]).Lines()
				for _, l := range lines {
					if text.Width(l) != size[0] || len(lines) != size[1] {
						t.Fatalf("after %q at %v: %d lines, one %d wide: %q", keys, size, len(lines), text.Width(l), l)
					}
					if strings.ContainsFunc(l, func(r rune) bool {
						return r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0x202e || glyphs == "ascii" && r > 0x7e
					}) {
						t.Fatalf("after %q at %v: %q", keys, size, l)
					}
				}
			}
		}
	}
}

// TestTheLogOfARunSaysWhatItHides: search and filters are on the rule of the log pane too, and esc ends them before it leaves.
func TestTheLogOfARunSaysWhatItHides(t *testing.T) {
	d := tickets(t).At("escalations").Press("enter", "enter", "&").Type("409").Press("enter").Sees(`keep "409"`).Lacks("attempt 2 of 3")
	d.Press("C").Sees(`keep "409" ctx 2`, "attempt 2 of 3")
	d.Press("/").Type("locked").Press("enter").Sees("/locked  1 of 3").Press("n").Sees("2 of 3")
	d.Press("esc").Lacks("/locked").Sees(`keep "409"`).Press("esc").Lacks(`keep "409"`).Sees("8f0582").Press("esc").Sees("─ health ─")
}
