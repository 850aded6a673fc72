package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// What makes the engine degraded, besides what its parts say of themselves.
const (
	sentryEvery   = 5 * time.Second  // how often the sentry looks at the writer
	measureEvery  = 30 * time.Second // how often it looks at the disk, and the loop at itself
	writerStall   = 5 * time.Second  // a group commit that takes longer is a problem
	cursorLag     = time.Minute      // a tick that has not got its row by then is a problem
	largeWAL      = 256 << 20        // a larger write-ahead log is a problem: a reader or a full disk keeps it
	lowDisk       = 200 << 20        // less free room is a problem,
	lowDiskShare  = 50               // and so is less than one part in so many
	announceEvery = 10 * time.Minute // of one problem that comes and goes
	jumpCalm      = 10 * time.Minute // a step of the clock is a problem for so long
)

// sentry looks at what the loop must not touch, the disk, and wakes the loop to look at itself. Its goroutine owns nothing but
// the latest measure.
type sentry struct {
	l      *loop
	cancel context.CancelFunc
	done   chan struct{}
	latest atomic.Pointer[orchestrator.Disk]
}

// postSentry lets the sentry begin.
func (l *loop) postSentry() {
	ctx, cancel := context.WithCancel(l.life)
	s := l.sentry
	s.cancel = cancel
	go func() {
		defer close(s.done)
		s.watch(ctx)
	}()
}

func newSentry(l *loop) *sentry { return &sentry{l: l, done: make(chan struct{})} }

func (s *sentry) dismiss() {
	s.cancel()
	<-s.done
}

// disk is the latest measure.
func (s *sentry) disk() orchestrator.Disk {
	if d := s.latest.Load(); d != nil {
		return *d
	}
	return orchestrator.Disk{Free: -1}
}

func (s *sentry) watch(ctx context.Context) {
	tick := time.NewTicker(sentryEvery)
	defer tick.Stop()
	stuck := false
	for n := 0; ; n++ {
		full := n%int(measureEvery/sentryEvery) == 0
		if full {
			s.measure()
		}
		stalled := s.l.e.store.Stalled()
		if is := stalled > writerStall; full || is != stuck { // a loop that has nothing to do is left alone
			stuck = is
			s.l.e.box.post(func() { s.l.examine(stalled) })
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *sentry) measure() {
	dir := s.l.e.o.StateDir
	d, total, err := s.l.e.o.measure(dir)
	if err == nil {
		s.latest.Store(&d)
	}
	s.l.e.box.post(func() { s.l.examineDisk(d, total, err) })
}

// measureDisk is the room that history takes and has, and the size of its disk; -1 = not known.
func measureDisk(dir string) (d orchestrator.Disk, total int64, err error) {
	u, err := store.Measure(dir)
	free, total := DiskRoom(dir)
	return orchestrator.Disk{History: u.History, WAL: u.WAL, Free: free}, total, err
}

// judge shows a problem, or takes it away.
func (l *loop) judge(key string, bad bool, format string, args ...any) {
	if bad {
		l.problem(key, fmt.Sprintf(format, args...))
		return
	}
	l.clearProblem(key)
}

func (l *loop) examineDisk(d orchestrator.Disk, total int64, err error) {
	l.judge("measure", err != nil, "the state directory cannot be looked at: %v", err)
	if err != nil {
		return
	}
	l.judge("wal", d.WAL > largeWAL, "the write-ahead log has grown to %d MiB: a reader without an end, or a slow disk", d.WAL>>20)
	low := d.Free >= 0 && (d.Free < lowDisk || total > 0 && d.Free < total/lowDiskShare)
	l.judge("disk", low, "the disk of %s is nearly full, %d MiB are free: make room, or keep less history", l.e.o.StateDir, d.Free>>20)
}

// examine looks at the loop's own state. stalled is for how long the writer has been at one commit.
func (l *loop) examine(stalled time.Duration) {
	now := l.e.clock()
	l.judge("writer", stalled > writerStall, "history is slow to write: a commit has been going on for more than %s", writerStall)
	lag := time.Duration(0)
	for c := range l.unacked {
		lag = max(lag, now.Sub(c.at))
	}
	l.judge("lag", lag > cursorLag, "ticks have been waiting for more than %s to be written down", cursorLag)
}

// announce tells of a new problem by an event, so that it is in history and can be notified of. One that comes and goes is told
// now and then; a step of the clock has its own event.
func (l *loop) announce(key, text string) {
	now := l.e.clock()
	if last, ok := l.announced[key]; key == "clock" || ok && now.Sub(last).Abs() < announceEvery {
		return
	}
	l.announced[key] = now
	l.event(orchestrator.Event{At: now, Kind: "degraded", By: "engine", Text: text})
}

// claiming is a group of claims on its way to the disk.
type claiming struct{ at time.Time }

// claiming notes that claims are on their way; the result says that they are on disk.
func (l *loop) claiming() (acked func()) {
	c := &claiming{at: l.e.clock()}
	l.unacked[c] = struct{}{}
	return func() { delete(l.unacked, c) }
}

// noteJump shows a step of the wall clock for a while.
func (l *loop) noteJump(jump time.Duration) {
	l.jump = jump
	l.problem("clock", "the wall clock moved by "+jump.Round(time.Millisecond).String()+" at once (suspend or clock step)")
	if l.calm == nil {
		l.calm = newItem(func(time.Time) { l.clearProblem("clock") })
	}
	l.timetable.set(l.calm, l.e.clock().Add(jumpCalm))
}
