package ui

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// slowLink takes its time for every write.
type slowLink struct{ takes time.Duration }

func (s *slowLink) Write(p []byte) (int, error) {
	<-time.After(s.takes)
	return len(p), nil
}

// TestASlowLinkGetsFewerMessages: while writes take long and for a while after, four a second at most, else ten.
func TestASlowLinkGetsFewerMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link := &slowLink{}
		w, a := newWire(link), &App{}
		write := func(takes time.Duration) {
			link.takes = takes
			if _, err := w.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			write(10 * time.Millisecond)
		}
		if n := a.rate(w); n != fastRate {
			t.Errorf("a fast link gets %d messages a second", n)
		}
		done := make(chan struct{})
		go func() {
			write(time.Second)
			close(done)
		}()
		<-time.After(slowWrite + time.Millisecond)
		if n := a.rate(w); n != slowRate {
			t.Errorf("while a write takes long: %d messages a second", n)
		}
		<-done
		write(time.Millisecond)
		if n := a.rate(w); n != slowRate {
			t.Errorf("after a write that took long: %d messages a second", n)
		}
		<-time.After(slowFor)
		if n := a.rate(w); n != fastRate {
			t.Errorf("a link that is fast again gets %d messages a second", n)
		}
	})
}

// TestSmallFramesGoBare: the marks of synchronized output are worth their bytes on large frames only.
func TestSmallFramesGoBare(t *testing.T) {
	const on, off = "\x1b[?2026h", "\x1b[?2026l"
	large := on + strings.Repeat("x", smallFrame) + off
	for in, want := range map[string]string{
		on + "\x1b[1;71H14:02:32" + off: "\x1b[1;71H14:02:32",
		large:                           large,
		on + "half":                     on + "half",
		"half" + off:                    "half" + off,
		on + "a" + off + on + "b" + off: on + "a" + off + on + "b" + off,
		"plain":                         "plain",
		"":                              "",
	} {
		var out bytes.Buffer
		w := newWire(&out)
		if n, err := w.Write([]byte(in)); err != nil || n != len(in) || out.String() != want {
			t.Errorf("%q became %q (%d, %v)", in, out.String(), n, err)
		}
	}
}

// shortLink takes half of what it is given.
type shortLink struct{}

func (shortLink) Write(p []byte) (int, error) { return len(p) / 2, nil }

// TestAShortWriteIsAnError: a picture that lacks its end is not taken for one that was drawn.
func TestAShortWriteIsAnError(t *testing.T) {
	w := newWire(shortLink{})
	if _, err := w.Write([]byte("frame")); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("the write gave %v", err)
	}
	select {
	case <-w.failed:
	default:
		t.Error("the console goes on")
	}
}
