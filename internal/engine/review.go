package engine

import (
	"context"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// Decide answers decisions that wait for an operator, each as an answer of its own: one that cannot be answered any more keeps
// none of the others from it, and what was answered before the engine dies stays answered.
func (e *Engine) Decide(ctx context.Context, req orchestrator.ReviewRequest) ([]orchestrator.ReviewOutcome, error) {
	if !e.running() {
		return nil, ErrStopped
	}
	if err := e.checkVerdict(&req); err != nil {
		return nil, err
	}
	out := make([]orchestrator.ReviewOutcome, len(req.Items))
	for i, item := range req.Items {
		out[i] = orchestrator.ReviewOutcome{Run: item.Run, Step: item.Step}
		label, err := e.decideOne(ctx, item, &req)
		if ctx.Err() != nil {
			return out[:i], context.Cause(ctx)
		}
		if out[i].Label = label; err != nil {
			out[i].Label, out[i].Error = "", err.Error()
		}
	}
	return out, nil
}

// checkVerdict refuses a request that no item could be answered with.
func (e *Engine) checkVerdict(req *orchestrator.ReviewRequest) error {
	switch req.Verdict {
	case orchestrator.VerdictAccept, orchestrator.VerdictSkip:
		req.Label = ""
	case orchestrator.VerdictLabel:
		if req.Label = strings.TrimSpace(req.Label); req.Label == "" {
			return fault.Permanentf("name the label")
		}
	default:
		return fault.Permanentf("a decision is answered with accept, label or skip, not with %q", string(req.Verdict))
	}
	if e.secrets.holds(req.Note) || e.secrets.holds(req.Label) {
		return fault.Permanentf("the note or label holds a secret of the configuration: answers are kept in history")
	}
	if len(req.Items) == 0 {
		return fault.Permanentf("name at least one decision")
	}
	return nil
}

// decideOne answers one decision and gives the label that counts; "" = skipped.
func (e *Engine) decideOne(ctx context.Context, item orchestrator.ReviewItem, req *orchestrator.ReviewRequest) (string, error) {
	row, err := e.openReview(ctx, item)
	if err != nil {
		return "", err
	}
	switch r := row.Review; {
	case r == nil:
		return "", notNow("step %s of run %s asks a question of yes and no: use otai-tui answer", row.Step, row.Run)
	case !item.Asked.IsZero() && !item.Asked.Equal(row.At):
		return "", notNow("step %s of run %s was asked again meanwhile: look again", row.Step, row.Run)
	case req.Verdict == orchestrator.VerdictAccept && r.Label == "":
		return "", fault.Permanentf("step %s of run %s proposes no label: choose one, or skip", row.Step, row.Run)
	case req.Verdict == orchestrator.VerdictLabel && !r.Allows(req.Label):
		return "", fault.Permanentf("step %s of run %s takes no label %q: it takes %s", row.Step, row.Run, req.Label, labelNames(r))
	}
	answer := pipe.Answer{
		Approved: req.Verdict != orchestrator.VerdictSkip, Skipped: req.Verdict == orchestrator.VerdictSkip,
		By: req.By.Name, Note: e.secrets.line(req.Note, maxError),
	}
	label := row.Review.Label
	switch req.Verdict {
	case orchestrator.VerdictSkip:
		label = ""
	case orchestrator.VerdictLabel:
		label, answer.Label = req.Label, req.Label
	case orchestrator.VerdictAccept:
		answer.Label = label // what was accepted counts, whatever the step would propose when it is called again
	}
	return label, e.submitAndWait(ctx, func(l *loop, done func(error)) error { return l.answer(&row.Approval, answer, req.By, done) })
}

// openReview finds the question that an item names. A bulk names the step: then one row is read, not all of the run's.
func (e *Engine) openReview(ctx context.Context, item orchestrator.ReviewItem) (store.ApprovalRow, error) {
	if item.Step != "" {
		if row, found, err := e.store.Approval(ctx, item.Run, item.Step); err == nil && found && row.Answer == "" {
			return row, nil
		}
	}
	return e.questionOf(ctx, orchestrator.AnswerRequest{Run: item.Run, Step: item.Step})
}

func labelNames(r *orchestrator.Review) string {
	names := append([]string{r.Label}, r.Labels...)
	if len(names) > 12 {
		names = append(names[:12], "…")
	}
	return strings.Join(names, ", ")
}

// Quality counts what became of the classifiers' decisions.
func (e *Engine) Quality(ctx context.Context, f orchestrator.QualityFilter) (orchestrator.Quality, error) {
	if !e.running() {
		return orchestrator.Quality{}, ErrStopped
	}
	return e.store.Quality(ctx, f)
}
