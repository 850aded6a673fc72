package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/pipe/base"
)

// fixedClassifier says of a text "label 0.62" just that.
type fixedClassifier struct{}

func (fixedClassifier) Describe() string { return "fixed" }

func (fixedClassifier) Classify(_ context.Context, r classify.Request) (classify.Result, error) {
	out := classify.Result{Model: "m1"}
	if _, err := fmt.Sscan(r.Text, &out.Label, &out.Confidence); err != nil {
		return out, err
	}
	out.Scores = []classify.Score{{Label: out.Label, Confidence: out.Confidence}, {Label: "spam", Confidence: 0.1}, {Label: "billing", Confidence: 0.2}}
	return out, nil
}

// built is a built-in pipe under a probe's name.
func built(t *testing.T, name string) doFunc {
	t.Helper()
	for _, s := range base.Specs() {
		if s.Name == name {
			return func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
				c.Class = fixedClassifier{}
				return s.New().Process(ctx, c)
			}
		}
	}
	t.Fatalf("no pipe %s", name)
	return nil
}

// gate is a classification for each ticket, its review, and a step that uses the label.
func gate(t *testing.T, params map[string]any, texts ...any) *bench {
	t.Helper()
	classifying, asking, using := probe("classify"), probe("review"), probe("move")
	classifying.Params = map[string]any{"text": "{{ it }}", "ticket": "{{ it }}"}
	asking.Params = map[string]any{
		"result": "classify", "ticket": map[string]any{"id": "{{ it }}", "subject": "S", "body": "the body"},
	}
	for k, v := range params {
		asking.Params[k] = v
	}
	using.Params = map[string]any{"label": "{{ get_pipe_result('review', 'label') }}"}
	b := newBench(t, runnerOf(eachOf("g", texts, "", classifying, asking, using)))
	b.do["classify"], b.do["review"] = built(t, "base:ClassificationPipe"), built(t, "base:ReviewPipe")
	b.do["move"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
		v, err := c.Params.Render(t.Context(), c.Params.Raw["label"].(string), c.Params.Scope)
		return pipe.Success("to "+v.Text, nil), err
	}
	return b
}

func (b *bench) decide(verdict orchestrator.Verdict, label string, items ...orchestrator.ReviewItem) []orchestrator.ReviewOutcome {
	b.t.Helper()
	out, err := b.e.Decide(b.t.Context(), orchestrator.ReviewRequest{Items: items, Verdict: verdict, Label: label, Note: "n", By: kim})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) decisions() []orchestrator.Decision {
	b.t.Helper()
	all, err := b.e.store.Decisions(b.t.Context(), orchestrator.QualityFilter{}, 0, 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func decisionLine(d orchestrator.Decision) string {
	return fmt.Sprintf("%s %s %.2f -> %s by %s %q, kept %q", d.Step, d.Label, d.Confidence, d.Final, d.Source, d.By, d.Text)
}

func (b *bench) wantDecisions(want ...string) {
	b.t.Helper()
	var got []string
	for _, d := range b.decisions() {
		got = append(got, decisionLine(d))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		b.t.Errorf("decisions\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTheReviewGate: what is sure passes, what is not waits without a slot while the other items go on; over a restart and a kill the
// questions stay, and each answer lets its item go on with the label that was said.
func TestTheReviewGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := gate(t, map[string]any{"keep_text": true}, "network 0.9", "spam 0.5", "billing 0.6", "odd 0.3")
		b.cfg.Engine.MaxParallelRuns = 1
		b.start()
		id := b.fire("g")
		pass(time.Minute)
		d := b.detail(id)
		wantStates(t, d, map[string]string{"g": "paused", "g/0/move": "completed", "g/1/review": "paused", "g/2/review": "paused", "g/3/review": "paused"})
		if got := step(d, "g/0/review").Message; got != "network (0.90), sure enough" {
			t.Errorf("the sure one says %q", got)
		}
		if es, err := b.e.Events(t.Context(), 100); err != nil || slices.ContainsFunc(es, func(e orchestrator.Event) bool { return e.Kind == "approval" }) ||
			!slices.ContainsFunc(es, func(e orchestrator.Event) bool { return e.Kind == "review" }) {
			t.Errorf("events %+v, %v", es, err)
		}
		open := b.wantQuestions(3)
		r := open[1].Review
		if r == nil || r.Label != "billing" || r.Of != "g/2/classify" || r.Text != "S\nthe body" || r.Ticket != "billing 0.6" || r.Model != "m1" ||
			len(r.Scores) != 1 || r.Scores[0].Label != "spam" {
			t.Fatalf("review %+v", r)
		}
		b.stop()
		b.start()
		pass(time.Hour)
		b.die()
		b.start()
		pass(time.Hour)
		b.wantQuestions(3)
		b.decide(orchestrator.VerdictAccept, "", orchestrator.ReviewItem{Run: id, Step: "g/1/review", Asked: open[0].At})
		b.die() // the answer is durable, what follows from it is not
		b.start()
		pass(time.Minute)
		if got := step(b.detail(id), "g/1/move").Message; got != "to spam" {
			t.Errorf("the accepted one: %q", got)
		}
		b.wantQuestions(2)
		out := b.decide(orchestrator.VerdictLabel, "spam", orchestrator.ReviewItem{Run: id, Step: "g/2/review"})
		if out[0].Error != "" || out[0].Label != "spam" {
			t.Errorf("outcome %+v", out[0])
		}
		pass(time.Minute)
		b.decide(orchestrator.VerdictSkip, "", orchestrator.ReviewItem{Run: id}) // the only one left
		pass(time.Minute)
		d = b.detail(id)
		wantStates(t, d, map[string]string{"g": "completed", "g/2/move": "completed", "g/3/move": "skipped", "g/3/review": "completed"})
		if got := step(d, "g/2/review").Message; got != "billing (0.60) changed to spam by kim: n" {
			t.Errorf("the corrected one: %q", got)
		}
		b.wantQuestions(0)
		b.wantDecisions(
			`g/0/classify network 0.90 -> network by model "", kept "S`+"\\n"+`the body"`,
			`g/1/classify spam 0.50 -> spam by operator "kim", kept "S`+"\\n"+`the body"`,
			`g/2/classify billing 0.60 -> spam by operator "kim", kept "S`+"\\n"+`the body"`,
			`g/3/classify odd 0.30 ->  by operator "kim", kept "S`+"\\n"+`the body"`)
		rows, err := b.e.store.RunApprovals(t.Context(), id)
		if err != nil || rows[0].Review.Text != "" || rows[0].Review.Label == "" {
			t.Errorf("an answered question keeps the text: %+v, %v", rows[0].Review, err)
		}
		q, err := b.e.Quality(t.Context(), orchestrator.QualityFilter{})
		if err != nil || len(q.Models()) != 1 {
			t.Fatal(q, err)
		}
		if m := q.Models()[0]; m.Total != 4 || m.Reviewed != 2 || m.Corrected != 1 || m.Skipped != 1 || m.Median < 2*time.Hour {
			t.Errorf("quality %+v", m)
		}
		b.stop()
	})
}

// TestADecisionIsAnsweredOnce: also in bulk, where what cannot be answered any more keeps nothing else from it.
func TestADecisionIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := gate(t, nil, "a 0.5", "billing 0.5", "c 0.5")
		b.start()
		id := b.fire("g")
		pass(time.Minute)
		asked := b.wantQuestions(3)[0].At
		item := func(step string) orchestrator.ReviewItem {
			return orchestrator.ReviewItem{Run: id, Step: step, Asked: asked}
		}
		b.decide(orchestrator.VerdictAccept, "", item("g/1/review"))
		stale := item("g/2/review")
		stale.Asked = asked.Add(-time.Second)
		out := b.decide(orchestrator.VerdictLabel, "spam", item("g/0/review"), item("g/1/review"), stale, orchestrator.ReviewItem{Run: "99"})
		for i, want := range []string{"", "answered already: labelled billing by kim", "asked again meanwhile", "no such run"} {
			if (want == "") != (out[i].Error == "") || !strings.Contains(out[i].Error, want) {
				t.Errorf("item %d: %+v, want %q", i, out[i], want)
			}
		}
		out = b.decide(orchestrator.VerdictLabel, "gardening", item("g/2/review"))
		if !strings.Contains(out[0].Error, `takes no label "gardening": it takes c, c, spam, billing`) {
			t.Errorf("a label that is not on the list: %+v", out[0])
		}
		b.wantQuestions(1)
		for _, bad := range []orchestrator.ReviewRequest{
			{Verdict: "maybe", Items: []orchestrator.ReviewItem{{Run: id}}},
			{Verdict: orchestrator.VerdictAccept},
			{Verdict: orchestrator.VerdictLabel, Items: []orchestrator.ReviewItem{{Run: id}}},
		} {
			if _, err := b.e.Decide(t.Context(), bad); err == nil {
				t.Errorf("%+v is taken", bad)
			}
		}
		if err := b.e.Cancel(t.Context(), id, kim); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		if d := b.decisions(); d[2].Source != orchestrator.SourceUnanswered {
			t.Errorf("after the cancel: %s", decisionLine(d[2]))
		}
		b.stop()
	})
}

// TestAReviewExpires: by its deadline, also one that passes while the engine is down, each in its own way.
func TestAReviewExpires(t *testing.T) {
	t.Parallel()
	for expire, want := range map[string]struct{ state, review, decision string }{
		"accept":     {"completed", "a (0.50) accepted, no answer before the deadline", `g/0/classify a 0.50 -> a by deadline "the deadline", kept ""`},
		"label spam": {"completed", "a (0.50) set to spam, no answer before the deadline", `g/0/classify a 0.50 -> spam by deadline "the deadline", kept ""`},
		"skip":       {"skipped", "a (0.50) skipped, no answer before the deadline", `g/0/classify a 0.50 ->  by deadline "the deadline", kept ""`},
		"fail":       {"skipped", "", `g/0/classify a 0.50 ->  by unanswered "", kept ""`},
	} {
		for _, down := range []bool{false, true} {
			t.Run(fmt.Sprint(expire, down), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					b := gate(t, map[string]any{"deadline": "2h", "on_expire": expire}, "a 0.5")
					b.start()
					id := b.fire("g")
					pass(time.Hour)
					b.wantQuestions(1)
					if down {
						b.die()
						pass(5 * time.Hour)
						b.start()
					}
					pass(2 * time.Hour)
					d := b.detail(id)
					if got := step(d, "g/0/review").Message; got != want.review {
						t.Errorf("review says %q", got)
					}
					if expire != "fail" {
						wantStates(t, d, map[string]string{"g": "completed", "g/0/move": want.state})
					} else if d.Run.State != orchestrator.Failed || !strings.Contains(d.Run.Error, `no answer before the deadline to: is "a" right?`) {
						t.Errorf("run %+v", d.Run)
					}
					b.wantDecisions(want.decision)
					b.stop()
				})
			})
		}
	}
}

// TestABulkThatIsCutOff: the engine dies in the middle. What was answered stays answered, the rest is still asked.
func TestABulkThatIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var texts []any
		var items []orchestrator.ReviewItem
		for i := range 20 {
			texts = append(texts, fmt.Sprintf("l%d 0.5", i))
			items = append(items, orchestrator.ReviewItem{Step: fmt.Sprintf("g/%d/review", i)})
		}
		b := gate(t, nil, texts...)
		b.start()
		id := b.fire("g")
		pass(time.Minute)
		for i := range items {
			items[i].Run = id
		}
		b.wantQuestions(20)
		b.decide(orchestrator.VerdictAccept, "", items[:7]...)
		release := b.holdWriter()
		ended := make(chan error, 1)
		go func() {
			_, err := b.e.Decide(t.Context(), orchestrator.ReviewRequest{Items: items, Verdict: orchestrator.VerdictSkip, By: kim})
			ended <- err
		}()
		synctest.Wait()
		release()
		b.die()
		if err := <-ended; err == nil {
			t.Log("all of the bulk was durable before the end")
		}
		b.start()
		pass(time.Minute)
		open, err := b.e.Approvals(t.Context())
		if err != nil || len(open) == 0 || len(open) > 13 {
			t.Fatalf("%d open, %v", len(open), err)
		}
		for _, o := range b.decide(orchestrator.VerdictAccept, "", items...) {
			if o.Error != "" && !strings.Contains(o.Error, "answered already") {
				t.Error(o.Error)
			}
		}
		pass(time.Minute)
		if d := b.detail(id); d.Run.State != orchestrator.Completed {
			t.Errorf("run %+v", d.Run)
		}
		n := map[string]int{}
		for _, d := range b.decisions() {
			n[d.Source]++
		}
		if n[orchestrator.SourceOperator] != 20 {
			t.Errorf("sources %v", n)
		}
		b.stop()
	})
}

// TestAReviewIsNoQuestionOfYesAndNo, and the other way round; the older command answers one all the same.
func TestAReviewIsNoQuestionOfYesAndNo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := gate(t, nil, "a 0.5")
		b.cfg.Runners = append(b.cfg.Runners, runnerOf(probe("plain")))
		b.do["plain"] = asks(0, nil)
		b.start()
		id, plain := b.fire("g"), b.fire("plain")
		pass(time.Minute)
		if out := b.decide(orchestrator.VerdictAccept, "", orchestrator.ReviewItem{Run: plain}); !strings.Contains(out[0].Error, "question of yes and no") {
			t.Errorf("%+v", out[0])
		}
		if err := b.answer(id, false); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		if got := step(b.detail(id), "g/0/review").Message; got != "a (0.50) skipped by kim: fine" {
			t.Errorf("a no is %q", got)
		}
		if err := b.answer(id, true); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("a second answer: %v", err)
		}
		b.stop()
	})
}

// TestSampledReviews asks about a share of the sure ones, the same at every attempt.
func TestSampledReviews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var texts []any
		for i := range 200 {
			texts = append(texts, fmt.Sprintf("l%d 0.95", i))
		}
		b := gate(t, map[string]any{"sample": 0.1}, texts...)
		b.start()
		b.fire("g")
		pass(time.Minute)
		open, err := b.e.Approvals(t.Context())
		if err != nil || len(open) < 8 || len(open) > 35 || !open[0].Review.Sample {
			t.Fatalf("%d of 200 asked, %v", len(open), err)
		}
		b.die()
		b.start()
		pass(time.Minute)
		b.wantQuestions(len(open))
		b.stop()
	})
}

// TestRunsBesideAWaitingOneDoNotAskAgain about the same ticket, and what they classified counts for nothing.
func TestRunsBesideAWaitingOneDoNotAskAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := gate(t, nil, "a 0.5", "b 0.9")
		b.start()
		first := b.fire("g")
		pass(time.Minute)
		second, err := b.e.RunOnce(t.Context(), "g", orchestrator.FireRequest{Overlap: "allow_all", By: kim})
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		d := b.detail(second)
		if got := step(d, "g/0/review").Message; got != "ticket a 0.5 is asked about in run "+first+" already" || d.Run.State != orchestrator.Completed {
			t.Errorf("the second run is %s: %q", d.Run.State, got)
		}
		b.wantQuestions(1)
		b.decide(orchestrator.VerdictAccept, "", orchestrator.ReviewItem{Run: first})
		pass(time.Minute)
		n := map[string]int{}
		for _, d := range b.decisions() {
			n[d.Source]++
		}
		if n["operator"] != 1 || n["model"] != 2 || len(n) != 2 {
			t.Errorf("sources %v", n)
		}
		b.stop()
	})
}

// TestManyDecisionsAreBoundedForViewers: of those far down the list a viewer gets the beginning of the text; it moves up.
func TestManyDecisionsAreBoundedForViewers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var texts []any
		for i := range fullTexts + 2 {
			texts = append(texts, fmt.Sprintf("l%d 0.5", i))
		}
		b := gate(t, map[string]any{"text": strings.Repeat("ü", 3000)}, texts...)
		b.start()
		id := b.fire("g")
		pass(time.Minute)
		full := func() (n int) {
			open, err := b.e.Approvals(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range open {
				switch len(a.Review.Text) {
				case 6000:
					n++
				case textStart + len("…"):
				default:
					t.Errorf("%s has %d bytes", a.Step, len(a.Review.Text))
				}
			}
			return n
		}
		if n := full(); n != fullTexts {
			t.Errorf("%d full texts of %d", n, len(texts))
		}
		for i := range 2 {
			b.decide(orchestrator.VerdictSkip, "", orchestrator.ReviewItem{Run: id, Step: fmt.Sprintf("g/%d/review", i)})
		}
		if n := full(); n != fullTexts {
			t.Errorf("after two answers %d full texts", n)
		}
		b.stop()
	})
}

// TestDecisionsAreCutBack by the engine itself, with the rest of history, and outlive their runs.
func TestDecisionsAreCutBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := gate(t, nil, "a 0.9", "b 0.9")
		b.cfg.Engine.Keep = config.Retention{Runs: 2, Decisions: 10}
		b.start()
		for range 12 {
			b.fire("g")
			pass(time.Minute)
		}
		pass(time.Hour)
		if runs, kept := len(b.runs("g")), len(b.decisions()); runs != 2 || kept != 10 {
			t.Errorf("%d runs and %d decisions are kept", runs, kept)
		}
		b.stop()
	})
}
