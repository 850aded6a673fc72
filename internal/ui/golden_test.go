package ui_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// scene brings a console to a place worth a picture.
type scene struct {
	name string
	data func() uitest.Fixture
	play func(d *uitest.Driver)
}

var scenes = slices.Concat([]scene{
	{"pipes", uitest.Tickets, func(*uitest.Driver) {}},
	{"pipes-held", uitest.Tickets, func(d *uitest.Driver) {
		d.At("kb-suggest").Press("p")
	}},
	{"pipes-filter", uitest.Tickets, func(d *uitest.Driver) { d.Press("/").Type("state:failed,retry") }},
	{"pipes-question", uitest.Tickets, func(d *uitest.Driver) { d.At("kb-suggest").Press("x") }},
	{"pipes-degraded", degraded, func(*uitest.Driver) {}},
	{"pipes-empty", func() uitest.Fixture { return uitest.Fixture{} }, func(*uitest.Driver) {}},
	{"help", uitest.Tickets, func(d *uitest.Driver) { d.Press("?") }},
	{"palette", uitest.Tickets, func(d *uitest.Driver) { d.Press(":") }},
	{"palette-cancel", uitest.Tickets, func(d *uitest.Driver) { d.Press(":").Type("cancel s").Press("down") }},
	{"palette-unknown", uitest.Tickets, func(d *uitest.Driver) { d.Press(":").Type("pase dedup").Press("enter") }},
	{"runs", uitest.Tickets, func(d *uitest.Driver) { d.Press("2", "i", "j") }},
	{"runs-one", uitest.Tickets, func(d *uitest.Driver) { d.At("escalations").Press("H") }},
	{"pipe-failed", uitest.Tickets, func(d *uitest.Driver) { d.At("escalations").Press("enter") }},
	{"pipe-live", uitest.Tickets, func(d *uitest.Driver) { d.At("kb-suggest").Press("enter", "j", "j") }},
	{"pipe-older", uitest.Tickets, func(d *uitest.Driver) { d.At("dedupe").Press("enter", "h", "h") }},
	{"pipe-disabled", uitest.Tickets, func(d *uitest.Driver) { d.Press("G", "enter") }},
	{"run-failed", uitest.Tickets, func(d *uitest.Driver) { d.At("escalations").Press("enter", "enter") }},
	{"run-live", uitest.Tickets, func(d *uitest.Driver) { d.At("kb-suggest").Press("enter", "enter") }},
	{"logs", uitest.Tickets, func(d *uitest.Driver) { d.Press("4") }},
	{"logs-search", uitest.Tickets, func(d *uitest.Driver) {
		d.Press("4", "/").Type("slow").Press("enter", "N")
		for i := range 3 {
			d.Fake.Hub.Log(orchestrator.LogLine{
				Run: uitest.RunID(106), Runner: "kb-suggest", Seq: int64(50 + i), Step: "kb-suggest/write-note", Level: "info",
				At: uitest.Now.Add(time.Duration(i) * time.Second), Msg: fmt.Sprintf("note on ticket %d written", 4800+i),
			})
		}
		d.Live()
	}},
	{"events", uitest.Tickets, func(d *uitest.Driver) { d.Press("5", "j", "j") }},
	{"promises", uitest.Promises, func(*uitest.Driver) {}},
	{"promises-several", uitest.Promises, func(d *uitest.Driver) { d.At("sentiment").Press("enter") }},
	{"promises-handlers", uitest.Promises, func(d *uitest.Driver) { d.At("escalations").Press("enter", "G") }},
	{"promises-run", uitest.Promises, func(d *uitest.Driver) { d.At("escalations").Press("enter", "enter") }},
	{"promises-asking", uitest.Promises, func(d *uitest.Driver) { d.At("vip-queue").Press("enter", "enter") }},
	{"promises-event", uitest.Promises, func(d *uitest.Driver) { d.Press("5").Press("/").Type("kind:pause,rel").Press("enter") }},
	{"engine", uitest.Promises, func(d *uitest.Driver) { d.Press("6") }},
	{"engine-limits", uitest.Promises, func(d *uitest.Driver) { d.Press("6", "G", "k", "k", "k") }},
	{"engine-calm", uitest.Tickets, func(d *uitest.Driver) { d.Press("6") }},
	{"engine-paused", pausedEngine, func(d *uitest.Driver) { d.Press("6", "p") }},
	{"approvals", uitest.Promises, func(d *uitest.Driver) { d.Press("7") }},
	{"approvals-none", uitest.Tickets, func(d *uitest.Driver) { d.Press("7") }},
	{"form-answer", uitest.Promises, func(d *uitest.Driver) { d.Press("7", "A", "right") }},
	{"form-pause", uitest.Promises, func(d *uitest.Driver) { d.At("dedupe").Press("P").Type("release").Press("tab").Type("1h") }},
	{"form-pause-tag", uitest.Promises, func(d *uitest.Driver) {
		d.Press(":").Type(`pause tag tickets 1h "release 2.4"`).Press("enter").Type("pause 5").Press("enter")
	}},
	{"form-drain", uitest.Promises, func(d *uitest.Driver) { d.Press("6", "d") }},
	{"form-fire", uitest.Promises, func(d *uitest.Driver) {
		d.At("sentiment").Press("T").Type("limit=5").Press("tab", "left", "left")
	}},
	{"form-backfill", uitest.Promises, func(d *uitest.Driver) {
		d.At("dedupe").Press("B").Type("2026-11-01").Press("tab").Type("2026-11-05").Press("enter", "enter", "enter", "enter", "enter")
	}},
	{"palette-typed", uitest.Promises, func(d *uitest.Driver) { d.Press(":").Type("pause tag ") }},
	{"palette-rerun", uitest.Promises, func(d *uitest.Driver) { d.Press(":").Type("rerun 42") }},
}, keyScenes())

func pausedEngine() uitest.Fixture {
	f := uitest.Promises()
	f.Snapshot.Engine.Holds = append([]orchestrator.Hold{{
		Scope: orchestrator.Scope{Kind: orchestrator.ScopeEngine}, Drain: true,
		Pause: orchestrator.Pause{By: "kim", Reason: "host reboot", At: uitest.Now.Add(-9 * time.Minute)},
	}}, f.Snapshot.Engine.Holds...)
	return f
}

func degraded() uitest.Fixture {
	f := uitest.Tickets()
	f.Snapshot.Engine.Health = "degraded"
	f.Snapshot.Engine.Problems = []string{"disk: 12 MB left of 40 GB", "otobo answers slowly"}
	return f
}

// allScenes are these and those beside what they show.
func allScenes() []scene {
	return slices.Concat(
		scenes,
		timelineScenes(),
		historyScenes(),
		runsScenes(),
		worldScenes(),
		termsScenes(),
		operatorScenes(),
		reviewScenes(),
		runScenes(),
	)
}

var sizes = [][2]int{{80, 24}, {140, 40}, {58, 16}, {40, 10}, {200, 60}}

// TestGoldenFrames compares every screen at every size, in Unicode and ASCII, and the roles at 80x24.
func TestGoldenFrames(t *testing.T) {
	for _, s := range allScenes() {
		for _, glyphs := range []string{"unicode", "ascii"} {
			t.Run(s.name+"/"+glyphs, func(t *testing.T) {
				var b strings.Builder
				for _, size := range sizes {
					d := uitest.Drive(t, uitest.New(s.data()), func(o *ui.Options) { o.Glyphs, o.Width, o.Height = glyphs, size[0], size[1] })
					s.play(d)
					fmt.Fprintf(&b, "== %s %dx%d %s\n%s", s.name, size[0], size[1], glyphs, d.Text())
					if size[0] == 80 && glyphs == "unicode" {
						fmt.Fprintf(&b, "== %s roles\n%s", s.name, d.Roles())
					}
				}
				golden(t, s.name+"."+glyphs+".txt", b.String())
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path) //nolint:gosec // a name from this test
	if err != nil {
		t.Fatalf("%v; go test ./internal/ui -update writes it", err)
	}
	if string(want) == got {
		return
	}
	w, g := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			t.Fatalf("%s line %d differs\nwant %q\ngot  %q\n(go test ./internal/ui -update writes the frames anew)", name, i+1, a, b)
		}
	}
}
