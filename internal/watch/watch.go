// Package watch tells when files have changed and have been quiet since. The system's notices only make it look sooner:
// what counts is a file's identity, read again at every look, so that saves by rename, symbolic links that are turned
// around, lost notices and file systems without any are all told the same way.
package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Options say how to watch. The zero value is ready for use.
type Options struct {
	Debounce time.Duration // quiet time after a change before it is told; 0 = 1 s
	Poll     time.Duration // longest time between two looks, whatever the system tells; 0 = 5 s

	// PollOnly does without the system's notices, for file systems that have none and for tests with a clock of their own.
	PollOnly bool

	// Known is what was there when the caller looked last, by path: Event.Identity or Identity's result. What differs from it
	// at the start is told like any change. A path that is not in it starts with what is there.
	Known map[string]string

	// Trouble is told when a path's directory is not there, or the system gives no notices of it (such as for want of
	// descriptors), and nil when all is well again. The looks go on by the clock meanwhile. It must not block. nil = not told.
	Trouble func(error)
}

// Event is a change of one of the watched paths.
type Event struct {
	Path     string   // as it was given
	Identity string   // what is there now, see Identity; "" = nothing
	Changed  []string // of a directory: names that came, went or changed since the last event, sorted; nil = unknown
}

// lookDelay gathers notices that come together, such as those of one save, into one look.
const lookDelay = 20 * time.Millisecond

// Files watches paths until ctx ends; then it closes the channel. A path is a file, or a directory whose entries count
// (not those below them). It may be missing and come later. A receiver that is slow gets the newest change of each path.
// A file that is written without a pause of Debounce is not told until one comes: it may be half there.
func Files(ctx context.Context, paths []string, o Options) (<-chan Event, error) {
	if len(paths) == 0 {
		return nil, errors.New("watch files: no path given")
	}
	w := &watcher{debounce: cmp.Or(o.Debounce, time.Second), poll: cmp.Or(o.Poll, 5*time.Second), out: make(chan Event), tell: o.Trouble}
	now := time.Now()
	for _, path := range paths {
		f := &file{path: path, seen: look(path)}
		f.told = f.seen
		if known, ok := o.Known[path]; ok && known != f.seen.identity {
			f.told, f.since = state{identity: known}, now
		}
		w.files = append(w.files, f)
	}
	if !o.PollOnly {
		w.notify, w.blind = fsnotify.NewWatcher()
	}
	w.follow()
	go w.run(ctx)
	return w.out, nil
}

// watcher belongs to its own goroutine from run on.
type watcher struct {
	debounce, poll time.Duration
	files          []*file
	notify         *fsnotify.Watcher // nil = by the clock only
	blind          error             // why there is none
	trouble        error             // told last
	tell           func(error)       // nil = nobody listens
	out            chan Event
}

// file is one watched path.
type file struct {
	path  string
	seen  state     // of the last look
	told  state     // of the last event
	since time.Time // when seen was found to differ from told, or from the look before; zero = it does not
	quiet bool      // it differs and was quiet long enough: to be told
}

func (w *watcher) run(ctx context.Context) {
	defer close(w.out)
	var notices chan fsnotify.Event
	var troubles chan error // such as notices that were lost: a reason to look
	if w.notify != nil {
		defer func() { _ = w.notify.Close() }()
		notices, troubles = w.notify.Events, w.notify.Errors
	}
	poll := time.NewTicker(w.poll)
	defer poll.Stop()
	due := w.nextQuiet()
	wake := time.NewTimer(time.Hour)
	defer wake.Stop()
	for {
		wait := time.Hour
		if !due.IsZero() {
			wait = time.Until(due)
		}
		wake.Reset(wait)
		out, f, ev := w.first()
		select {
		case <-ctx.Done():
			return
		case out <- ev:
			f.told, f.since, f.quiet = f.seen, time.Time{}, false
			continue
		case <-notices:
			due = sooner(due, time.Now().Add(lookDelay))
			continue
		case <-troubles: //nolint:errcheck // whatever it is, a look answers it
			due = sooner(due, time.Now().Add(lookDelay))
			continue
		case <-poll.C:
			w.follow()
		case <-wake.C:
		}
		w.lookAll()
		due = w.nextQuiet()
	}
}

// first gives what is to be told next, and the channel to tell it by: nil when there is nothing.
func (w *watcher) first() (chan<- Event, *file, Event) {
	for _, f := range w.files {
		if f.quiet {
			return w.out, f, Event{Path: f.path, Identity: f.seen.identity, Changed: changed(f.told.entries, f.seen.entries)}
		}
	}
	return nil, nil, Event{}
}

func (w *watcher) lookAll() {
	now := time.Now()
	for _, f := range w.files {
		seen := look(f.path)
		switch {
		case seen.identity == f.told.identity: // as it was, perhaps again
			f.seen, f.since, f.quiet = seen, time.Time{}, false
		case seen.identity != f.seen.identity:
			f.seen, f.since, f.quiet = seen, now, false
		case now.Sub(f.since) >= w.debounce:
			f.quiet = true
		}
	}
}

// nextQuiet is when the first of the changed paths will have been quiet long enough; zero = none changed.
func (w *watcher) nextQuiet() time.Time {
	var due time.Time
	for _, f := range w.files {
		if !f.since.IsZero() && !f.quiet {
			due = sooner(due, f.since.Add(w.debounce))
		}
	}
	return due
}

// follow asks for the system's notices of each path and of its directory: a save by rename is seen there only. It is asked
// again at every poll, because a directory may have been replaced, or have come only now.
func (w *watcher) follow() {
	trouble := w.blind
	for _, f := range w.files {
		trouble = cmp.Or(trouble, w.ask(filepath.Dir(f.path)))
		if f.seen.entries != nil {
			trouble = cmp.Or(trouble, w.ask(f.path))
		}
	}
	if w.tell != nil && (trouble == nil) != (w.trouble == nil) {
		w.tell(trouble)
	}
	w.trouble = trouble
}

// ask asks for the notices of a directory. Without notices it looks whether the directory is there.
func (w *watcher) ask(dir string) error {
	var err error
	if w.notify != nil {
		err = w.notify.Add(dir)
	} else {
		_, err = os.Stat(dir)
	}
	if err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	return nil
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
