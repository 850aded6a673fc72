//go:build e2e && !windows

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The storms let the real binary route a thousand tickets through a test server over real HTTP while one request in ten fails, and
// kill or stop it in the middle, several times. What counts is what the ticket system holds afterwards.

const (
	stormTickets = 1000
	stormRunners = 8
	stormKills   = 8
)

// stormSeed decides which requests fail and when the program is killed; OTAI_STORM_SEED takes another one, to hunt with.
var stormSeed = func() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("OTAI_STORM_SEED"), 10, 64); err == nil {
		return n
	}
	return 20261125
}()

// ended is a ticket as the ticket system holds it.
type ended struct {
	id, queue, want string
	notes           int  // ours
	visible         bool // one of them shows to the customer
}

// stormQueue is the queue that tickets of a runner come in.
func stormQueue(runner int) string { return fmt.Sprintf("Incoming::%d", runner) }

// stormTargets are where the model sends them.
var stormTargets = []string{"Support", "Network", "Hardware", "Billing", "Other"}

// stormText is a ticket's text; the model below reads the target out of it.
func stormText(i int) (body, want string) {
	want = stormTargets[i%len(stormTargets)]
	return fmt.Sprintf("ticket %d asks for <%s>", i, want), want
}

// model is a /predict server that reads the label out of the text, and fails at every tenth request or so.
func model(t *testing.T, rnd *lockedRand) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		var q struct{ Inputs string }
		if err != nil || json.Unmarshal(text, &q) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		switch rnd.n(30) {
		case 0:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case 1:
			w.WriteHeader(http.StatusTooManyRequests)
			return
		case 2:
			panic(http.ErrAbortHandler)
		}
		_, label, _ := strings.Cut(q.Inputs, "<")
		label, _, _ = strings.Cut(label, ">")
		fmt.Fprintf(w, `[[{"label":%q,"score":0.97},{"label":"nothing","score":0.03}]]`, label)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// lockedRand is a seeded source that several goroutines ask.
type lockedRand struct {
	state atomic.Uint64
}

// n gives a number below n. It is a hash of a counter: the sequence is the same whoever asks.
func (r *lockedRand) n(n int) int {
	x := rand.New(rand.NewPCG(stormSeed, r.state.Add(1)))
	return x.IntN(n)
}

// storm runs the binary against a configuration until every ticket is where it belongs, killing it on the way.
func storm(t *testing.T, config string, env []string, look func() []ended, requests func() int) {
	t.Helper()
	dir := t.TempDir()
	path, state := filepath.Join(dir, "config.yml"), filepath.Join(dir, "state")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	env = append(env, `OTAI={"engine": {"drain_timeout_seconds": 0.05}}`)
	start := func() *Process {
		return Spawn(t, dir, env, Binary(t), "-c", path, "--no-ui", "--state-dir", state)
	}
	began := time.Now()
	p := start()
	kills := rand.New(rand.NewPCG(stormSeed, 7))
	for k := 1; k <= stormKills; k++ { // at a moment when so much is done
		atLeast := k*stormTickets/(stormKills+1) - kills.IntN(stormTickets/10)
		if !Poll(t, 60*time.Second, func() bool { return done(look()) >= atLeast || p.Ended() }) || p.Ended() {
			t.Fatalf("%d tickets are done after %s\n%s", done(look()), time.Since(began), tail(p.Stderr()))
		}
		<-time.After(time.Duration(kills.IntN(20)) * time.Millisecond)
		if k%2 == 0 { // in good order, but with too little time to finish what runs
			p.Signal(t, syscall.SIGTERM)
		} else {
			p.Signal(t, syscall.SIGKILL)
		}
		p.Wait(t, 20*time.Second)
		p = start()
	}
	if !Poll(t, 90*time.Second, func() bool { return done(look()) == stormTickets || p.Ended() }) || p.Ended() {
		report(t, look())
		t.Fatalf("%d tickets are done after %s\n%s", done(look()), time.Since(began), tail(p.Stderr()))
	}
	took := time.Since(began)
	t.Logf("seed %d", stormSeed)
	calm := requests() // what is still to come would double something
	Poll(t, 2*time.Second, func() bool { return false })
	p.Signal(t, syscall.SIGTERM)
	if r := p.Wait(t, 30*time.Second); r.Code != 0 {
		t.Errorf("the engine ended with %d\n%s", r.Code, tail(r.Stderr))
	}
	report(t, look())
	t.Logf("%d tickets in %s, %d requests, %d kills", stormTickets, took.Round(time.Millisecond), calm, stormKills)
	if failed := Run(t, 20*time.Second, "runs", "-c", path, "--state-dir", state, "--state", "failed"); strings.Contains(failed.Stdout, "failed") {
		t.Errorf("runs failed:\n%s", failed.Stdout)
	}
}

func done(list []ended) int {
	n := 0
	for _, e := range list {
		if e.queue == e.want && e.notes > 0 {
			n++
		}
	}
	return n
}

// report names every ticket that is not as it should be.
func report(t *testing.T, list []ended) {
	t.Helper()
	if len(list) != stormTickets {
		t.Errorf("there are %d tickets, want %d", len(list), stormTickets)
	}
	for _, e := range list {
		switch {
		case e.queue != e.want:
			t.Errorf("ticket %s is in %s, want %s (%d notes)", e.id, e.queue, e.want, e.notes)
		case e.notes != 1:
			t.Errorf("ticket %s has %d notes", e.id, e.notes)
		case e.visible:
			t.Errorf("the note of ticket %s shows to the customer", e.id)
		}
	}
}

func tail(s string) string { return s[max(len(s)-4000, 0):] }
