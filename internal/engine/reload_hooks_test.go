package engine

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/test/bubble"
)

// Triggers without a timetable follow a reload: one that came acts, one that went does not.
func TestReloadOfTriggersWithoutATimetable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "watched")
		up := runnerOf(probe("up"))
		down := runnerOf(probe("down"), config.Trigger{Name: "after", Kind: config.TriggerAfter, After: config.After{Runner: "up"}})
		file := runnerOf(probe("file"), config.Trigger{
			Name: "file", Kind: config.TriggerFile, FileWatch: config.FileWatch{Path: path, Debounce: time.Second, Poll: time.Second},
		})
		b := newReloadable(t, up)
		b.startWith(func(o *Options) {
			o.Load, o.PollFiles = func(context.Context) (*Loaded, error) { return b.next() }, true
		})
		defer b.stop()
		change := func(text string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			b.fire("up")
			bubble.Advance(10 * time.Second)
		}
		calls := func(want int) {
			t.Helper()
			if d, f := len(b.callsOf("down")), len(b.callsOf("file")); d != want || f != want {
				t.Errorf("after ran %d times, file %d times, want %d each", d, f, want)
			}
		}
		change("one")
		calls(0)
		b.reload(up, down, file)
		bubble.Advance(10 * time.Second)
		change("two, longer")
		calls(1)
		b.reload(up, down, file)
		change("three, longer still")
		calls(2)
		b.reload(up)
		change("four")
		calls(2)
	})
}
