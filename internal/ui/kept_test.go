package ui_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/keep"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func visit(t *testing.T, dir, user string) *uitest.Driver {
	t.Helper()
	return uitest.Drive(t, uitest.New(uitest.Tickets()), func(o *ui.Options) { o.Memory, o.Theme, o.Glyphs = keep.ForUser(dir, user), "auto", "auto" })
}

// TestStateIsKept: filter, order, columns, marks, theme, glyphs, the open screens and the palette's history come back, for
// this user only.
func TestStateIsKept(t *testing.T) {
	dir := t.TempDir()
	d := visit(t, dir, "kim").Press("space", "space", "/").Type("state:ok").Press("enter", ">", "C", "1", "esc")
	d.Press(":").Type("theme mono").Press("enter").Press(":").Type("glyphs ascii").Press("enter").Advance(3 * time.Second)
	d = visit(t, dir, "kim").Sees("filter kept from last visit: state:ok (esc clears)", "/state:ok", "by name", "2 marked", "P95", "> ").Lacks("LAST RUNS", "✓")
	if d.App.Theme() != "mono" {
		t.Errorf("theme %s", d.App.Theme())
	}
	d.Press(":").Sees("glyphs ascii", "again").Press("up").Sees(": glyphs ascii").Press("up").Sees(": theme mono").Press("down", "esc")
	d.Press("esc").Lacks("marked").Press("esc").Lacks("/state:ok").Press("G", "enter", "H", "Q", "Q")
	if !d.Quit {
		t.Fatal("it has not quit")
	}
	visit(t, dir, "kim").Sees("runs of ").Press("esc").Press("esc").Sees("by name").Lacks("state:ok")
	visit(t, dir, "lee").Sees("attention first", "LAST RUNS")
}

// TestStateIsWrittenOnQuit: also right after the change.
func TestStateIsWrittenOnQuit(t *testing.T) {
	dir := t.TempDir()
	d := visit(t, dir, "kim").Press("/").Type("tag:x").Press("enter", "ctrl+c", "ctrl+c")
	if !d.Quit {
		t.Fatal("it has not quit")
	}
	visit(t, dir, "kim").Sees("/tag:x")
}

// TestBrokenStateIsPutAside: it is not used, not lost, and told.
func TestBrokenStateIsPutAside(t *testing.T) {
	for name, data := range map[string]string{
		"no JSON": "{", "version": `{"version": 99}`, "too big": strings.Repeat(" ", keep.Max+1), "kind": `{"version": "x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := keep.ForUser(t.TempDir(), "kim")
			if err := os.WriteFile(f.Path(), []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
			d := visit(t, filepath.Dir(f.Path()), "kim").Sees("what the console kept is not used", "attention first")
			if got, err := os.ReadFile(f.Path() + ".bad"); err != nil || string(got) != data {
				t.Errorf("put aside: %v", err)
			}
			d.Press("/").Type("x").Press("enter").Advance(3 * time.Second)
			visit(t, filepath.Dir(f.Path()), "kim").Sees("/x")
		})
	}
}

type fullDisk struct{}

func (fullDisk) Load() ([]byte, error)  { return nil, nil }
func (fullDisk) Save([]byte) error      { return errors.New("no space left on device") }
func (fullDisk) Aside() (string, error) { return "", nil }

// TestAFullDiskIsToldOnce: the console goes on, and quits.
func TestAFullDiskIsToldOnce(t *testing.T) {
	d := uitest.Drive(t, uitest.New(uitest.Tickets()), func(o *ui.Options) { o.Memory = fullDisk{} })
	d.Press("/").Type("a").Press("enter").Advance(3 * time.Second).Sees("not kept: no space left on device")
	d.Press("j").Advance(20*time.Second).Press("k").Advance(3*time.Second).Lacks("not kept").Press("Q", "Q")
	if !d.Quit {
		t.Error("it has not quit")
	}
}

// TestScreensOfGonePipesAreLeft: a kept screen of a pipe that the configuration no longer has is not opened.
func TestScreensOfGonePipesAreLeft(t *testing.T) {
	f := keep.ForUser(t.TempDir(), "kim")
	text := `{"version":1,"tab":"Pipes","stack":[{"kind":"pipe","runner":"dedupe"},{"kind":"runs","runner":"gone"},{"kind":"nonsense"}]}`
	if err := f.Save([]byte(text)); err != nil {
		t.Fatal(err)
	}
	visit(t, filepath.Dir(f.Path()), "kim").Sees("Pipes › dedupe").Lacks("gone")
}

// TestViews: saved by name, brought back by the palette, kept, forgotten.
func TestViews(t *testing.T) {
	dir := t.TempDir()
	d := visit(t, dir, "kim").Press("/").Type("state:failed").Press("enter", "space", ">", "S").Type("morning round").Press("enter").Sees("saved the view morning round")
	d.Press("esc", "esc", "<", "4").Press(":").Type("view mor").Sees("view morning round", "of the pipes").Press("enter").Sees("/state:failed", "by name").Lacks("marked")
	d.Advance(3 * time.Second)
	d = visit(t, dir, "kim").Press("3", ":").Type("view morning round").Press("enter").Sees("/state:failed")
	d.Press(":").Type("forget view morning").Press("enter").Sees("forgot the view").Press(":").Type("view morning").Press("enter").Lacks("view morning round · ")
	d.Press("esc", "4", "S").Lacks("save view as")
}

// TestSort: the menu, the keys, once more turns round, and the order says so.
func TestSort(t *testing.T) {
	d := tickets(t).Press("s").Sees("attention", "in force").Press("2").Sees("by name").Press("g")
	if d.Cursor() != "attachments" {
		t.Errorf("first by name: %s", d.Cursor())
	}
	d.Press("s", "2").Sees("by name ↑").Press("g")
	if d.Cursor() != "vip-queue" {
		t.Errorf("first by name turned round: %s", d.Cursor())
	}
	d.Press("<").Sees("attention first").Press("<").Sees("by last").Press("s", "4", "g")
	if d.Cursor() != "escalations" {
		t.Errorf("the worst share first: %s", d.Cursor())
	}
}
