package ui

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// ErrStalled says that the viewer's terminal took nothing for too long; the console gave up, the engine goes on.
var ErrStalled = errors.New("the terminal takes no output")

// wire is the way to the terminal: it counts bytes, remembers the first error, and knows since when a write blocks.
type wire struct {
	out   io.Writer
	bytes atomic.Int64
	since atomic.Int64 // unix nanoseconds; 0 = no write in progress
	slow  atomic.Int64 // unix nanoseconds: when a write ended that had taken long; 0 = never

	once   sync.Once
	failed chan struct{} // closed after the first error
	err    error         // readable once failed is closed
}

func newWire(out io.Writer) *wire { return &wire{out: out, failed: make(chan struct{})} }

// Write writes to the terminal.
func (w *wire) Write(p []byte) (int, error) {
	bare := unwrapped(p)
	began := time.Now()
	w.since.Store(began.UnixNano())
	n, err := w.out.Write(bare)
	w.since.Store(0)
	if end := time.Now(); end.Sub(began) > slowWrite {
		w.slow.Store(end.UnixNano())
	}
	if err == nil && n < len(bare) {
		err = io.ErrShortWrite // Bubble Tea would not notice, and the rest of the screen be wrong
	}
	w.bytes.Add(int64(n))
	if err == nil {
		n = len(p)
	}
	if err != nil {
		w.once.Do(func() {
			w.err = err
			close(w.failed)
		})
	}
	return n, err
}

// smallFrame is how many bytes of output travel and are drawn as one anyway: a packet of any link, one read of any terminal.
const smallFrame = 512

// unwrapped takes the marks of synchronized output off a small frame: they would be a third of what a second of the clock costs.
func unwrapped(p []byte) []byte {
	if len(p) > smallFrame {
		return p
	}
	inner, begins := bytes.CutPrefix(p, []byte(ansi.SetModeSynchronizedOutput))
	inner, ends := bytes.CutSuffix(inner, []byte(ansi.ResetModeSynchronizedOutput))
	if begins && ends && !bytes.Contains(inner, []byte("\x1b[?2026")) {
		return inner
	}
	return p
}

// stalled says that one write has been blocking for longer than d.
func (w *wire) stalled(d time.Duration) bool {
	s := w.since.Load()
	return s != 0 && time.Since(time.Unix(0, s)) > d
}

// lags says that the link is slow: a write takes long, or one has of late.
func (w *wire) lags() bool {
	s := w.slow.Load()
	return w.stalled(slowWrite) || s != 0 && time.Since(time.Unix(0, s)) < slowFor
}

// writer is what the program writes to. A real terminal stays one, so that its size and raw mode work.
func (w *wire) writer() io.Writer {
	if f, ok := w.out.(*os.File); ok {
		return &fileWire{File: f, w: w}
	}
	return w
}

// fileWire is a terminal whose writes go through the wire.
type fileWire struct {
	*os.File
	w *wire
}

// Write writes to the terminal.
func (f *fileWire) Write(p []byte) (int, error) { return f.w.Write(p) }

// WriteString writes to the terminal.
func (f *fileWire) WriteString(s string) (int, error) { return f.w.Write([]byte(s)) }
