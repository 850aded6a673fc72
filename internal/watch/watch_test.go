package watch_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/watch"
	"github.com/openticketai/otai-tui/test/bubble"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// save writes as editors do: a new file beside the old one, then a rename over it.
func save(t *testing.T, path, text string) {
	t.Helper()
	write(t, path+".tmp", text)
	if err := os.Rename(path+".tmp", path); err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, o watch.Options, paths ...string) <-chan watch.Event {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	events, err := watch.Files(ctx, paths, o)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func receive(t *testing.T, events <-chan watch.Event) watch.Event {
	t.Helper()
	select {
	case ev, ok := <-events:
		if !ok {
			t.Fatal("the channel was closed")
		}
		return ev
	case <-time.After(20 * time.Second):
		t.Fatal("no event")
	}
	panic("not reached")
}

// The polls of these tests are an hour apart: what is told came by the system's notices.
func TestNotices(t *testing.T) {
	dir := t.TempDir()
	path, env := filepath.Join(dir, "config.yml"), filepath.Join(dir, ".env")
	write(t, path, "one")
	events := start(t, watch.Options{Debounce: 60 * time.Millisecond, Poll: time.Hour}, path, env)
	step := func(what, wantPath string, do func()) {
		t.Helper()
		do()
		ev := receive(t, events)
		if ev.Path != wantPath || ev.Identity != watch.Identity(wantPath) {
			t.Fatalf("%s: got %+v, want path %s with identity %q", what, ev, wantPath, watch.Identity(wantPath))
		}
	}
	step("write in place", path, func() { write(t, path, "two!") })
	step("save by rename", path, func() { save(t, path, "three") })
	step("second save by rename", path, func() { save(t, path, "four") })
	step("a file that was missing", env, func() { write(t, env, "A=1") })
	step("removal", env, func() {
		if err := os.Remove(env); err != nil {
			t.Fatal(err)
		}
	})
	if watch.Identity(env) != "" {
		t.Fatal("a missing file has an identity")
	}
}

// Kubernetes mounts a configuration behind two links and turns the inner one around.
func TestLinkTurnedAround(t *testing.T) {
	dir := t.TempDir()
	for _, version := range []string{"v1", "v2"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, "config.yml"), "text of "+version)
	}
	link := func(to, at string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, at)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	link("v1", "..data")
	link(filepath.Join("..data", "config.yml"), "config.yml")
	path := filepath.Join(dir, "config.yml")
	events := start(t, watch.Options{Debounce: 50 * time.Millisecond, Poll: time.Hour}, path)
	link("v2", "..data_tmp")
	if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	if ev := receive(t, events); ev.Identity != watch.Identity(path) {
		t.Fatalf("got %+v", ev)
	}
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "old"), "x")
	events := start(t, watch.Options{Debounce: 80 * time.Millisecond, Poll: time.Hour}, dir)
	write(t, filepath.Join(dir, "b"), "b")
	write(t, filepath.Join(dir, "a"), "a")
	if err := os.Remove(filepath.Join(dir, "old")); err != nil {
		t.Fatal(err)
	}
	if ev := receive(t, events); !slices.Equal(ev.Changed, []string{"a", "b", "old"}) || ev.Identity != watch.Identity(dir) {
		t.Fatalf("got %+v, want a, b and old in one event", ev)
	}
	write(t, filepath.Join(dir, "a"), "longer")
	if ev := receive(t, events); !slices.Equal(ev.Changed, []string{"a"}) {
		t.Fatalf("got %+v, want a", ev)
	}
}

// In a bubble of synctest the looks come by its clock, so that the waiting times are exact.
func TestDebounceAndPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, "0")
		events := start(t, watch.Options{Debounce: 3 * time.Second, Poll: time.Second, PollOnly: true}, path)
		count := new(atomic.Int32)
		go func() {
			for range events {
				count.Add(1)
			}
		}()
		for i := range 10 { // never quiet for three seconds
			bubble.Advance(2 * time.Second)
			write(t, path, "text "+strconv.Itoa(100+i)+string(make([]byte, i)))
		}
		if got := count.Load(); got != 0 {
			t.Fatalf("%d events while the file was being written", got)
		}
		bubble.Advance(3500 * time.Millisecond)
		if count.Load() != 0 {
			t.Fatal("told before it was quiet for three seconds")
		}
		bubble.Advance(time.Second)
		if got := count.Load(); got != 1 {
			t.Fatalf("%d events after it was quiet, want 1", got)
		}
		bubble.Advance(time.Minute)
		if got := count.Load(); got != 1 {
			t.Fatalf("%d events without a change", got-1)
		}
	})
}

func TestKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		same, other := filepath.Join(dir, "same"), filepath.Join(dir, "other")
		write(t, same, "x")
		write(t, other, "x")
		known := map[string]string{same: watch.Identity(same), other: "of yesterday"}
		events := start(t, watch.Options{PollOnly: true, Known: known}, same, other)
		var got []watch.Event
		var mu sync.Mutex
		go func() {
			for ev := range events {
				mu.Lock()
				got = append(got, ev)
				mu.Unlock()
			}
		}()
		bubble.Advance(10 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		if len(got) != 1 || got[0].Path != other || got[0].Identity != watch.Identity(other) {
			t.Fatalf("got %+v, want the one that changed meanwhile", got)
		}
	})
}

// A receiver that does not come gets what is there when it comes, and the end of the context ends the watching all the same.
func TestSlowReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		ctx, cancel := context.WithCancel(t.Context())
		events, err := watch.Files(ctx, []string{path}, watch.Options{PollOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, "first")
		bubble.Advance(30 * time.Second)
		write(t, path, "second, longer")
		bubble.Advance(30 * time.Second)
		if ev := <-events; ev.Identity != watch.Identity(path) {
			t.Fatalf("got %q, want what is there now: %q", ev.Identity, watch.Identity(path))
		}
		write(t, path, "3")
		bubble.Advance(30 * time.Second)
		cancel()
		synctest.Wait()
		if _, ok := <-events; ok {
			t.Fatal("an event after the end")
		}
	})
}

func TestNoPath(t *testing.T) {
	if _, err := watch.Files(t.Context(), nil, watch.Options{}); err == nil {
		t.Fatal("no error without a path")
	}
}
