package base

import (
	"bytes"
	"strings"
	"sync/atomic"
)

// Bounds on the output of one command.
const (
	maxKept  = 64 << 10 // bytes of stdout in the result
	maxLine  = 8 << 10  // bytes of one logged line; longer ones are cut into several
	maxLines = 5000     // logged lines of both streams together
)

// lineBudget counts the lines that may still be logged. Both streams share it.
type lineBudget struct{ used atomic.Int64 }

func (b *lineBudget) take() bool { return b.used.Add(1) <= maxLines }

func (b *lineBudget) dropped() int64 { return max(0, b.used.Load()-maxLines) }

// lineWriter logs what is written to it line by line and keeps the beginning. Only the goroutine that copies the
// command's output writes to it; flush and text are called after that has ended.
type lineWriter struct {
	log       func(string)
	keep      int
	budget    *lineBudget
	kept      bytes.Buffer
	truncated bool
	line      []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	room := w.keep - w.kept.Len()
	w.kept.Write(p[:min(room, n)])
	w.truncated = w.truncated || n > room
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			w.add(p)
			break
		}
		w.add(p[:i])
		w.flush()
		p = p[i+1:]
	}
	return n, nil
}

func (w *lineWriter) add(p []byte) {
	for len(w.line)+len(p) > maxLine {
		room := maxLine - len(w.line)
		w.line = append(w.line, p[:room]...)
		p = p[room:]
		w.flush()
	}
	w.line = append(w.line, p...)
}

// flush logs the line so far. Empty lines are left out.
func (w *lineWriter) flush() {
	text := strings.ToValidUTF8(strings.TrimRight(string(w.line), "\r"), "\uFFFD")
	w.line = w.line[:0]
	if strings.TrimSpace(text) != "" && w.budget.take() {
		w.log(text)
	}
}

// text is the kept beginning without the last line break, as $(command) gives it.
func (w *lineWriter) text() string {
	return strings.TrimRight(strings.ToValidUTF8(w.kept.String(), "\uFFFD"), "\r\n")
}
