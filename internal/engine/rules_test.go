package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

var allRules = []pipe.Rule{"", pipe.RuleAllSuccess, pipe.RuleAllDone, pipe.RuleOneFailed, pipe.RuleNoneFailed, pipe.RuleAlways}

func ruled(def pipe.Definition, rule pipe.Rule, deps ...string) pipe.Definition {
	def.Rule, def.DependsOn = rule, deps
	return def
}

// modelRule is the model that the engine is compared with: what becomes of a step in words, by what became of those it
// depends on. "did" is what the step does when it runs.
func modelRule(rule pipe.Rule, deps []string, did string) string {
	has := func(words ...string) bool {
		return slices.ContainsFunc(deps, func(d string) bool { return slices.Contains(words, d) })
	}
	runs, otherwise := true, ""
	switch rule {
	case "", pipe.RuleAllSuccess:
		runs, otherwise = !has("failed", "behind", "left"), "left"
	case pipe.RuleNoneFailed:
		runs = !has("failed", "behind")
	case pipe.RuleOneFailed:
		runs, otherwise = has("failed", "behind"), "left"
	}
	switch {
	case len(deps) == 0 || runs:
		return did
	case rule != pipe.RuleOneFailed && has("failed", "behind"):
		return "behind"
	}
	return otherwise
}

// stateOfWord is how a step of the model looks in history.
func stateOfWord(word string) orchestrator.State {
	switch word {
	case "done":
		return orchestrator.Completed
	case "failed":
		return orchestrator.Failed
	}
	return orchestrator.Skipped
}

// TestRulesOverTwoUpstreams runs every rule over every pair of endings, with retries in between, in order and side by side.
func TestRulesOverTwoUpstreams(t *testing.T) {
	t.Parallel()
	for _, parallel := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			never := ruled(probe("skip"), "", "ok")
			never.If = "{{ false }}"
			soon := retries(1, 5*time.Second)
			late, latefail := probe("late"), probe("latefail")
			late.Retry, latefail.Retry = soon, soon
			words := map[string]string{
				"ok": "done", "skip": "skipped", "left": "left", "bad": "failed", "behind": "behind", "late": "done", "latefail": "failed",
			}
			g := group("g", ruled(probe("ok"), pipe.RuleAlways), never, ruled(probe("left"), pipe.RuleOneFailed, "ok"),
				ruled(probe("bad"), "", "ok"), ruled(probe("behind"), "", "bad"), ruled(late, "", "ok"), ruled(latefail, "", "ok"))
			ups := []string{"ok", "skip", "left", "bad", "behind", "late", "latefail"}
			want := map[string]string{}
			for _, rule := range allRules {
				for _, a := range ups {
					for _, b := range ups {
						id := fmt.Sprintf("t-%s-%s-%s", rule, a, b)
						g.Steps = append(g.Steps, ruled(probe(id), rule, a, b))
						want[id] = modelRule(rule, []string{words[a], words[b]}, "done")
					}
				}
			}
			g.Parallel = parallel
			b := newBench(t, runnerOf(g))
			b.do["bad"], b.do["late"] = permanent, failsUntil(2)
			b.do["latefail"] = func(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Result{}, errors.New("no") }
			d := once(t, b, "g")
			if d.Run.State != orchestrator.Failed || d.Run.FailedStep != "g/bad" {
				t.Errorf("a rule hides no failure: the run is %s, failed step %q", d.Run.State, d.Run.FailedStep)
			}
			for id, word := range want {
				s := step(d, "g/"+id)
				if s.State != stateOfWord(word) || s.State == orchestrator.Skipped && s.Reason == "" {
					t.Errorf("parallel %v: %s is %s (%s), want %s", parallel, id, s.State, s.Reason, word)
				}
				if n := len(b.callsOf("g/" + id)); s.State == orchestrator.Completed && n != 1 {
					t.Errorf("%s was done %d times", id, n)
				}
			}
			b.stop()
		})
	}
}

// TestRandomGraphsFollowTheModel builds graphs of any shape, with steps in any order, and compares every step's end.
func TestRandomGraphsFollowTheModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seed := uint64(time.Now().Unix())
		rnd := rand.New(rand.NewPCG(seed, 3))
		b := newBench(t)
		b.cfg.Engine.MaxParallelRuns = 1000
		const graphs = 60
		want := map[string]map[string]string{}
		for n := range graphs {
			g, ends := randomGraph(rnd, fmt.Sprintf("g%d", n), b)
			b.cfg.Runners = append(b.cfg.Runners, runnerOf(g))
			want[g.ID] = ends
		}
		b.start()
		ids := map[string]string{}
		for id := range want {
			ids[id] = b.fire(id)
		}
		pass(time.Second)
		b.stop() // what waits for retries goes on in another life
		b.start()
		pass(time.Hour)
		for id, ends := range want {
			d := b.detail(ids[id])
			state := orchestrator.Completed
			for stepID, word := range ends {
				if s := step(d, id+"/"+stepID); s.State != stateOfWord(word) {
					t.Errorf("seed %d: %s/%s is %s (%s), want %s", seed, id, stepID, s.State, s.Reason, word)
				}
				if word == "failed" {
					state = orchestrator.Failed
				}
			}
			if d.Run.State != state {
				t.Errorf("seed %d: %s is %s, want %s", seed, id, d.Run.State, state)
			}
		}
		b.stop()
	})
}

// randomGraph makes a composite and says what the model expects of its steps.
func randomGraph(rnd *rand.Rand, name string, b *bench) (pipe.Definition, map[string]string) {
	g, ends := group(name), map[string]string{}
	g.Parallel = rnd.IntN(2) == 0
	size := 2 + rnd.IntN(12)
	for i := range size {
		def := probe(fmt.Sprintf("%s-s%d", name, i))
		var deps []string
		for j := range i {
			if rnd.IntN(3) == 0 {
				deps = append(deps, fmt.Sprintf("%s-s%d", name, j))
			}
		}
		def = ruled(def, allRules[rnd.IntN(len(allRules))], deps...)
		did := "done"
		switch rnd.IntN(6) {
		case 0:
			did, b.do[def.ID] = "failed", permanent
		case 1:
			def.Retry, b.do[def.ID] = retries(2, time.Duration(rnd.IntN(60))*time.Second), failsUntil(2+rnd.IntN(2))
		case 2:
			did, def.If = "skipped", "{{ false }}"
		case 3:
			b.do[def.ID] = untilDone(time.Duration(rnd.IntN(500)) * time.Millisecond)
		}
		if len(deps) == 0 && !g.Parallel { // in order, a step without any depends on the one before it in the list
			def.Rule = ""
			if i > 0 {
				def.DependsOn = []string{fmt.Sprintf("%s-s%d", name, i-1)}
			}
		}
		words := make([]string, len(def.DependsOn))
		for k, d := range def.DependsOn {
			words[k] = ends[d]
		}
		ends[def.ID] = modelRule(def.Rule, words, did)
		g.Steps = append(g.Steps, def)
	}
	first := g.Steps[:1]
	if g.Parallel {
		first = nil
	}
	rnd.Shuffle(size-len(first), func(i, j int) {
		i, j = i+len(first), j+len(first)
		g.Steps[i], g.Steps[j] = g.Steps[j], g.Steps[i]
	})
	return g, ends
}

// TestOneFailedDoesNotWait: it starts while another step it depends on still runs, also while that one waits for its retry.
func TestOneFailedDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		flaky := probe("flaky")
		flaky.Retry = retries(1, 10*time.Minute)
		g := sideBySide(group("g", probe("slow"), flaky, probe("bad"), ruled(probe("alarm"), pipe.RuleOneFailed, "slow", "flaky", "bad"),
			ruled(probe("tidy"), pipe.RuleAllDone, "slow", "flaky", "bad")))
		b := newBench(t, runnerOf(g))
		b.do["slow"], b.do["bad"], b.do["flaky"] = untilDone(time.Minute), permanent, failsUntil(2)
		b.start()
		begin := time.Now()
		id := b.fire("g")
		pass(30 * time.Minute)
		wantStates(t, b.detail(id), map[string]string{"g": "failed", "g/alarm": "completed", "g/tidy": "completed", "g/flaky": "completed"})
		if at := b.callsOf("g/alarm")[0].at.Sub(begin); at > time.Second {
			t.Errorf("one_failed came after %s", at)
		}
		if at := b.callsOf("g/tidy")[0].at.Sub(begin); at < 9*time.Minute || at > 12*time.Minute {
			t.Errorf("all_done came after %s, the retry ended after ten minutes", at)
		}
		b.stop()
	})
}

// TestRulesAndAQuietStop: only always, and one_failed with a failure, go past it.
func TestRulesAndAQuietStop(t *testing.T) {
	t.Parallel()
	for _, parallel := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g := group("g", ruled(probe("bad"), "", "first"), ruled(probe("enough"), pipe.RuleAllDone, "bad"), probe("first"),
				ruled(probe("alarm"), pipe.RuleOneFailed, "bad", "enough"), ruled(probe("after"), pipe.RuleAlways, "enough"),
				ruled(probe("done"), pipe.RuleAllDone, "enough"), ruled(probe("none"), pipe.RuleNoneFailed, "enough"),
				ruled(probe("quiet"), pipe.RuleOneFailed, "enough"), ruled(probe("end"), pipe.RuleAlways, "done"))
			if !parallel {
				g.Steps[2].DependsOn, g.Steps[0].DependsOn = nil, []string{"first"}
				g.Steps[0], g.Steps[2] = g.Steps[2], g.Steps[0]
			}
			g.Parallel = parallel
			b := newBench(t, runnerOf(g))
			b.do["bad"], b.do["enough"] = permanent, quietStop
			d := once(t, b, "g")
			wantStates(t, d, map[string]string{
				"g": "failed", "g/bad": "failed", "g/enough": "completed", "g/alarm": "completed", "g/after": "completed", "g/done": "skipped",
				"g/none": "skipped", "g/quiet": "skipped", "g/end": "completed",
			})
			for id, why := range map[string]string{"done": "nothing to do", "quiet": "nothing to do"} {
				if r := step(d, "g/"+id).Reason; !strings.Contains(r, why) {
					t.Errorf("%s is skipped because %q", id, r)
				}
			}
			b.stop()
		})
	}
}

// TestRulesAndACancel: a cancelled run starts nothing more, whatever the rules say.
func TestRulesAndACancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(group("g", probe("long"), ruled(probe("tidy"), pipe.RuleAlways, "long"), ruled(probe("alarm"), pipe.RuleOneFailed, "long"))))
		b.do["long"] = untilDone(time.Hour)
		b.start()
		id := b.fire("g")
		pass(time.Second)
		if err := b.e.Cancel(t.Context(), id, kim); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		d := b.detail(id)
		allEnded(t, "cancelled", d)
		if len(b.calls) != 1 || d.Run.State != orchestrator.Cancelled {
			t.Errorf("calls %+v, run %s", b.calls, d.Run.State)
		}
		b.stop()
	})
}

// TestARerunKeepsWhatAFailureLetRun: the alarm of the first attempt stays done although nothing fails in the second.
func TestARerunKeepsWhatAFailureLetRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(group("g", probe("work"), ruled(probe("alarm"), pipe.RuleOneFailed, "work"), ruled(probe("rest"), "", "work"))))
		b.do["work"] = permanent
		d := once(t, b, "g")
		wantStates(t, d, map[string]string{"g": "failed", "g/alarm": "completed", "g/rest": "skipped"})
		b.do["work"] = nil
		if err := b.e.Rerun(t.Context(), d.Run.ID, orchestrator.RerunRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		wantStates(t, b.detail(d.Run.ID), map[string]string{"g": "completed", "g/alarm": "completed", "g/rest": "completed"})
		if got := fmt.Sprint(b.count()); got != "map[g/alarm:1 g/rest:1 g/work:2]" {
			t.Errorf("calls %s", got)
		}
		b.stop()
	})
}
