package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// TestLogsOfSeveralRunsStandInTheOrderOfTime: a long run beside shorter, later ones; pages and searches see what the pipes logged.
func TestLogsOfSeveralRunsStandInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("long")), runnerOf(probe("short")))
		b.do["long"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			for i := range 6 {
				c.Log.Info(fmt.Sprintf("long %d", i), "ticket", 4700+i)
				pass(10 * time.Second)
			}
			return pipe.Result{}, nil
		}
		b.do["short"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			c.Log.Info("short", "ticket", 4800)
			return pipe.Result{}, nil
		}
		e := b.start()
		b.fire("long")
		for range 5 {
			pass(11 * time.Second)
			b.fire("short")
		}
		pass(time.Minute)
		p, err := e.ReadLog(t.Context(), orchestrator.LogQuery{Back: true, Limit: 6})
		if err != nil || len(p.Lines) != 6 || p.Done {
			t.Fatalf("%+v, %v", p, err)
		}
		runs := map[string]bool{}
		for i, l := range p.Lines {
			runs[l.Runner] = true
			if i > 0 && orchestrator.PlaceOf(&l).Compare(orchestrator.PlaceOf(&p.Lines[i-1])) <= 0 {
				t.Errorf("line %d is not in the order of time: %+v", i, p.Lines)
			}
		}
		if len(runs) != 2 {
			t.Errorf("the newest lines are of %v only", runs)
		}
		h, err := e.SearchLog(t.Context(), orchestrator.LogSearch{Query: "/ticket=470[13]/"})
		if err != nil || len(h.Lines) != 2 || !h.Done {
			t.Errorf("%+v, %v", h, err)
		}
		b.stop()
		if _, err := e.ReadLog(t.Context(), orchestrator.LogQuery{}); !errors.Is(err, ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
		if _, err := e.SearchLog(t.Context(), orchestrator.LogSearch{Query: "x"}); !errors.Is(err, ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
	})
}
