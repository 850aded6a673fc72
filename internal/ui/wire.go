package ui

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ErrStalled says that the viewer's terminal took nothing for too long; the console gave up, the engine goes on.
var ErrStalled = errors.New("the terminal takes no output")

// wire is the way to the terminal: it counts bytes, remembers the first error, and knows since when a write blocks.
type wire struct {
	out   io.Writer
	bytes atomic.Int64
	since atomic.Int64 // unix nanoseconds; 0 = no write in progress

	once   sync.Once
	failed chan struct{} // closed after the first error
	err    error         // readable once failed is closed
}

func newWire(out io.Writer) *wire { return &wire{out: out, failed: make(chan struct{})} }

// Write writes to the terminal.
func (w *wire) Write(p []byte) (int, error) {
	w.since.Store(time.Now().UnixNano())
	n, err := w.out.Write(p)
	w.since.Store(0)
	w.bytes.Add(int64(n))
	if err != nil {
		w.once.Do(func() {
			w.err = err
			close(w.failed)
		})
	}
	return n, err
}

// stalled says that one write has been blocking for longer than d.
func (w *wire) stalled(d time.Duration) bool {
	s := w.since.Load()
	return s != 0 && time.Since(time.Unix(0, s)) > d
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
