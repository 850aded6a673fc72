package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// TestAProbeThatAReloadFreesOfItsResource lets the next run try it: nobody waits for a word that will not come.
func TestAProbeThatAReloadFreesOfItsResource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		once := probe("p")
		once.Retry = retries(0, time.Second)
		p, q := runnerOf(once), taking(runnerOf(probe("q")), map[string]int{"otobo": 1})
		b := newReloadable(t, taking(p, map[string]int{"otobo": 1}), q)
		limits := config.Limits{Resources: map[string]config.Resource{"otobo": {BreakerFailures: 1, BreakerOpenFor: 10 * time.Second}}}
		b.cfg.Limits = limits
		b.do["p"] = func(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Result{}, errors.New("refused") }
		b.start()
		defer b.stop()
		b.fire("p")
		pass(11 * time.Second) // half open
		b.does("p", untilDone(time.Minute))
		b.fire("p")
		b.fire("q")
		synctest.Wait()
		if why := b.view("q").Reason; why != "run 3 waits: circuit of resource otobo is half open: run 2 of p tries it" {
			t.Fatal(why)
		}
		b.set(p, q)
		next := b.next
		b.next = func() (*Loaded, error) {
			loaded, err := next()
			loaded.Config.Limits = limits
			return loaded, err
		}
		if err := b.e.Reload(t.Context(), kim); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if n := len(b.callsOf("q")); n != 1 {
			t.Errorf("q ran %d times: %s", n, b.view("q").Reason)
		}
		pass(time.Minute)
	})
}
