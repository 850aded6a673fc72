// Package failpoint breaks things on purpose at named points, for tests only.
//
// A room that has points takes a function from outside, such as store.Options.Fail, and calls it at each of them; without one
// nothing happens and nothing is paid but a look at nil. Only tests make such functions, with Parse: no command links this
// package (depguard holds it), so that no environment variable can kill the released binary. A test that starts itself as a
// child process hands the child its points in the variable Env.
//
// The store's points are listed at store.Options.Fail. The names of another room's points begin with the room: "engine.start",
// "engine.step".
package failpoint

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Env is the environment variable that test binaries take their points from.
const Env = "OTAI_FAILPOINTS"

// errInjected is what error(injected) gives.
var errInjected = errors.New("injected failure")

// point is one armed point.
type point struct {
	hits     atomic.Int64
	from, to int64 // hits that count, the first is 1
	act      func() error
}

// Parse makes the function that a room calls at its points from a text like
//
//	store.before-commit=kill@3;store.begin=error(eio)@2-5;store.prune=sleep(5ms)@2-
//
// Actions: kill (SIGKILL of the own process), error(full|eio|readonly|injected), sleep(duration). @N is the Nth time the point
// is reached, @N-M the Nth to the Mth, @N- from the Nth on; without it every time. "" gives nil: nothing is armed. The function
// may be called by many goroutines at once.
func Parse(spec string) (func(name string) error, error) {
	if !testing.Testing() {
		return nil, errors.New("failpoints are for test binaries")
	}
	points := map[string]*point{}
	for entry := range strings.SplitSeq(spec, ";") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		name, text, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("failpoint %q: write name=action", entry)
		}
		p, err := parsePoint(text)
		if err != nil {
			return nil, fmt.Errorf("failpoint %q: %w", entry, err)
		}
		points[name] = p
	}
	if len(points) == 0 {
		return nil, nil //nolint:nilnil // nothing is armed
	}
	return func(name string) error {
		p := points[name]
		if p == nil {
			return nil
		}
		if n := p.hits.Add(1); n < p.from || n > p.to {
			return nil
		}
		return p.act()
	}, nil
}

func parsePoint(text string) (*point, error) {
	action, hits, bounded := strings.Cut(text, "@")
	p := &point{from: 1, to: 1<<63 - 1}
	if bounded {
		from, to, isRange := strings.Cut(hits, "-")
		var err error
		if p.from, err = strconv.ParseInt(from, 10, 64); err != nil || p.from < 1 {
			return nil, fmt.Errorf("%q is not a number of hits: write @3, @3-5 or @3-", hits)
		}
		switch {
		case !isRange:
			p.to = p.from
		case to != "":
			if p.to, err = strconv.ParseInt(to, 10, 64); err != nil || p.to < p.from {
				return nil, fmt.Errorf("%q is not a range of hits: write @3-5", hits)
			}
		}
	}
	var err error
	p.act, err = parseAction(action)
	return p, err
}

func parseAction(text string) (func() error, error) {
	verb, arg, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	switch verb {
	case "kill":
		return kill, nil
	case "sleep":
		d, err := time.ParseDuration(arg)
		if err != nil {
			return nil, err
		}
		return func() error { time.Sleep(d); return nil }, nil //nolint:forbidigo // a slow disk, asked for
	case "error":
		err, ok := map[string]error{"full": syscall.ENOSPC, "eio": syscall.EIO, "readonly": syscall.EROFS, "injected": errInjected}[arg]
		if !ok {
			return nil, fmt.Errorf("error(%s): write full, eio, readonly or injected", arg)
		}
		return func() error { return err }, nil
	default:
		return nil, fmt.Errorf("action %q: write kill, error(…) or sleep(…)", text)
	}
}

// kill ends the own process as kill -9 does: no deferred call runs.
func kill() error {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		return fmt.Errorf("kill myself: %w", err)
	}
	select {} // the signal is on its way
}
