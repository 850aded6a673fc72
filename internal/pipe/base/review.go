package base

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

type reviewParams struct {
	From      any           `param:"result,required" doc:"id of the classification step; or a map with label, confidence and, if there are, scores, model, uncalibrated"`
	Threshold float64       `param:"threshold" alias:"min_confidence" default:"0.8" doc:"at or above this confidence nobody is asked"`
	Labels    []string      `param:"labels" alias:"alternatives" doc:"labels that may be chosen; default those of the scores, any when there is but one"`
	Ticket    any           `param:"ticket" doc:"the ticket it is about, or its id; subject and text of it are shown with the decision"`
	Title     string        `param:"title" doc:"what is shown as the subject; default that of the ticket"`
	Text      string        `param:"text" doc:"what was classified; default subject and text of the ticket"`
	Note      string        `param:"note" doc:"a word for the reviewer"`
	Deadline  time.Duration `param:"deadline" doc:"time for the answer; default none"`
	OnExpire  string        `param:"on_expire" default:"fail" doc:"when the deadline passes: accept, skip, fail, or \"label X\""`
	OnSkip    string        `param:"on_skip" default:"stop" doc:"after a skip: stop (quietly, the steps after it are not reached), continue (with an empty label) or fail"`
	Sample    float64       `param:"sample" default:"0" doc:"share of the sure ones, 0 to 1, that are asked about all the same: they tell how good the sure ones are"`
	KeepText  bool          `param:"keep_text" default:"false" doc:"keep the text with the decision, as training data"`

	Result classified
}

// classified is a classification step's result.
type classified struct {
	Label        string         `param:"label,required" doc:"the label"`
	Confidence   float64        `param:"confidence,required" doc:"0 to 1"`
	Scores       []scored       `param:"scores" doc:"all labels with their confidence"`
	Model        string         `param:"model" doc:"which model said so"`
	Uncalibrated bool           `param:"uncalibrated" doc:"the confidence is a language model's own estimate"`
	Decision     string         `param:"decision" doc:"path of the classifying step"`
	Rest         map[string]any `param:",rest" doc:"taken, and not looked at"`
}

type scored struct {
	Label      string  `param:"label" doc:"the label"`
	Confidence float64 `param:"confidence" doc:"0 to 1"`
}

func reviewSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:ReviewPipe", Params: &reviewParams{}, ReadOnly: true,
		Doc: "Passes a classification that is sure enough; for one that is not, an operator is asked, without a slot and over restarts, to " +
			"accept the label, choose another or skip. The result is used like that of a classification: label, confidence (1 for a " +
			"label an operator chose), model, source (model, operator, deadline), corrected, by, note, proposed.",
		New: func() pipe.Pipe { return pipe.Func(review) }, Dry: dryReview,
	}
}

func review(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p reviewParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	if err := p.read(ctx, c); err != nil {
		return pipe.Result{}, err
	}
	if err := p.check(); err != nil {
		return pipe.Result{}, err
	}
	sure := p.Result.Label != "" && p.Result.Confidence >= p.Threshold
	sample := sure && sampled(c.Key, p.Sample)
	switch {
	case c.Answer != nil:
		return p.answered(c.Answer)
	case sure && !sample:
		message := fmt.Sprintf("%s (%s), sure enough", p.Result.Label, p.confidence())
		return p.result(message, p.decision(p.Result.Label, "model", "", "")), nil
	}
	w := p.wait(sample)
	if other, err := p.askedElsewhere(ctx, c, w.Review.Ticket); err != nil || other != "" {
		out := pipe.Stop("ticket " + w.Review.Ticket + " is asked about in run " + other + " already")
		out.Decision = p.decision("", "", "", "")
		return out, err
	}
	return pipe.Result{}, w
}

// dryReview asks nobody: a question of a dry run would keep real runs from asking about the ticket. The proposed label is taken, and
// the figures do not count it.
func dryReview(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	r, err := review(ctx, c)
	var w *pipe.Wait
	if !errors.As(err, &w) {
		return r, err
	}
	c.Would("ask an operator: " + w.Question)
	c.Log.Info("dry run: would ask an operator: " + w.Question)
	p := reviewParams{}
	if err := errors.Join(c.Params.Bind(ctx, &p), p.read(ctx, c)); err != nil {
		return pipe.Result{}, err
	}
	out := p.result("dry run: "+p.Result.Label+" ("+p.confidence()+") if an operator accepts it", p.decision(p.Result.Label, "model", "", ""))
	out.Data["dry_run"], out.Decision = true, nil
	return out, nil
}

// askedElsewhere gives an earlier run that asks about the same ticket, so that runs beside one that waits do not ask again.
func (p *reviewParams) askedElsewhere(ctx context.Context, c *pipe.Call, ticket string) (string, error) {
	if c.Asked == nil || ticket == "" {
		return "", nil
	}
	return c.Asked(ctx, ticket)
}

// read takes the classification that is meant.
func (p *reviewParams) read(ctx context.Context, c *pipe.Call) error {
	raw, ok := p.From.(map[string]any)
	if name, named := p.From.(string); named {
		r, there := c.Params.Scope.PipeResults[name]
		switch {
		case !there:
			return fault.Permanentf("result: there is no step %q before this one", name)
		case r.WasSkipped || !r.Succeeded:
			return fault.Permanentf("result: the step %s has classified nothing: %s", name, r.Message)
		}
		raw, ok = r.Data, true
	}
	if !ok {
		return fault.Permanentf("result: expected the id of a classification step, or a map with label and confidence")
	}
	err := pipe.Params{Raw: raw}.Bind(ctx, &p.Result) // without a renderer: what a model says is no template
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return nil
}

// check refuses parameters that would only show when the deadline passes.
func (p *reviewParams) check() error {
	expire, label := p.expire()
	switch {
	case p.Threshold < 0 || p.Threshold > 1:
		return fault.Permanentf("threshold %v must be between 0 and 1", p.Threshold)
	case p.Sample < 0 || p.Sample > 1:
		return fault.Permanentf("sample %v must be between 0 and 1", p.Sample)
	case p.Deadline < 0:
		return fault.Permanentf("deadline: expected a time from now on, got %s", p.Deadline)
	case !slices.Contains([]string{"accept", "skip", "fail", "label"}, expire) || (expire == "label") == (label == ""):
		return fault.Permanentf("on_expire: expected accept, skip, fail or \"label X\", got %q", p.OnExpire)
	case p.OnSkip != "stop" && p.OnSkip != "continue" && p.OnSkip != "fail":
		return fault.Permanentf("on_skip: expected stop, continue or fail, got %q", p.OnSkip)
	}
	return nil
}

// expire takes on_expire apart: "label Second level" is label and "Second level".
func (p *reviewParams) expire() (word, label string) {
	word, label, _ = strings.Cut(strings.TrimSpace(p.OnExpire), " ")
	return word, strings.TrimSpace(label)
}

// sampled says whether a sure decision is asked about: by a hash of the step's key, so that every attempt says the same.
func sampled(key string, share float64) bool {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // a hash never fails
	return float64(h.Sum64()>>11)/(1<<53) < share
}

// confidence is "0.62", and says when a model only claims it.
func (p *reviewParams) confidence() string {
	if p.Result.Uncalibrated {
		return fmt.Sprintf("%.2f by its own estimate", p.Result.Confidence)
	}
	return fmt.Sprintf("%.2f", p.Result.Confidence)
}

// wait is the question.
func (p *reviewParams) wait(sample bool) *pipe.Wait {
	id, title, text := p.about()
	r := &pipe.Review{
		Of: p.Result.Decision, Ticket: id, Title: title, Text: text, Model: p.Result.Model, Label: p.Result.Label,
		Confidence: p.Result.Confidence, Uncalibrated: p.Result.Uncalibrated, Threshold: p.Threshold, Labels: p.labels(), Expire: p.OnExpire,
		Sample: sample, KeepText: p.KeepText,
	}
	for _, s := range p.Result.Scores {
		if s.Label != p.Result.Label {
			r.Scores = append(r.Scores, classify.Score{Label: s.Label, Confidence: s.Confidence})
		}
	}
	slices.SortStableFunc(r.Scores, func(a, b classify.Score) int {
		switch {
		case a.Confidence > b.Confidence:
			return -1
		case a.Confidence < b.Confidence:
			return 1
		}
		return 0
	})
	subject := map[string]any{}
	if p.Note != "" {
		subject["note"] = p.Note
	}
	question := fmt.Sprintf("is %q right? confidence %s", p.Result.Label, p.confidence())
	if p.Result.Label == "" {
		question = "which label? the classifier has none"
	}
	if id != "" {
		question = "ticket " + id + ": " + question
	}
	return &pipe.Wait{Question: question, Subject: subject, For: p.Deadline, Review: r}
}

// labels are the labels that may be chosen; nil = any.
func (p *reviewParams) labels() []string {
	if len(p.Labels) > 0 {
		return p.Labels
	}
	var out []string
	for _, s := range p.Result.Scores {
		out = append(out, s.Label)
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// about gives the ticket's id, and its subject and text as far as they are known.
func (p *reviewParams) about() (id, title, text string) {
	title, text = p.Title, p.Text
	t, ok := p.Ticket.(map[string]any)
	if !ok {
		if p.Ticket != nil {
			id = fmt.Sprint(p.Ticket)
		}
		return id, title, text
	}
	if v := t["id"]; v != nil {
		id = fmt.Sprint(v)
	}
	if subject, ok := t["subject"].(string); ok && title == "" {
		title = subject
	}
	if text == "" {
		text = strings.TrimSpace(ticketText(t))
	}
	return id, title, text
}

// answered turns an answer into the step's result.
func (p *reviewParams) answered(a *pipe.Answer) (pipe.Result, error) {
	label, source, word, skipped := p.Result.Label, "operator", "accepted by "+a.By, a.Skipped || !a.Approved
	if a.Label != "" && a.Label != label {
		label, word = a.Label, "changed to "+a.Label+" by "+a.By
	}
	if a.Expired {
		expire, other := p.expire()
		source, word, skipped = "deadline", "accepted, no answer before the deadline", expire == "skip"
		switch expire {
		case "fail":
			return pipe.Result{}, fault.NewPermanent(fmt.Errorf("no answer before the deadline to: is %q right?", p.Result.Label))
		case "label":
			label, word = other, "set to "+other+", no answer before the deadline"
		}
	}
	if a.Note != "" {
		word += ": " + a.Note
	}
	if skipped = skipped || label == ""; !skipped {
		return p.result(fmt.Sprintf("%s (%s) %s", p.Result.Label, p.confidence(), word), p.decision(label, source, a.By, a.Note)), nil
	}
	word = strings.Replace(word, "accepted", "skipped", 1)
	out := p.result(fmt.Sprintf("%s (%s) %s", p.Result.Label, p.confidence(), word), p.decision("", source, a.By, a.Note))
	switch p.OnSkip {
	case "fail":
		return pipe.Result{}, fault.NewPermanent(fmt.Errorf("%s", out.Message))
	case "stop":
		out.Succeeded = false
	}
	return out, nil
}

func (p *reviewParams) decision(final, source, by, note string) *pipe.Decision {
	id, _, text := p.about()
	if !p.KeepText {
		text = ""
	}
	return &pipe.Decision{
		Of: p.Result.Decision, Ticket: id, Model: p.Result.Model, Label: p.Result.Label, Confidence: p.Result.Confidence,
		Uncalibrated: p.Result.Uncalibrated, Final: final, Source: source, By: by, Note: note, Text: text,
	}
}

// result is used like that of a classification step.
func (p *reviewParams) result(message string, d *pipe.Decision) pipe.Result {
	confidence := d.Confidence
	if d.Final != "" && d.Source == "operator" || d.Final != d.Label {
		confidence = 1 // nobody asks a person for a probability, and a label that the deadline sets was chosen beforehand
	}
	scores := make([]any, len(p.Result.Scores))
	for i, s := range p.Result.Scores {
		scores[i] = map[string]any{"label": s.Label, "confidence": s.Confidence}
	}
	data := map[string]any{
		"label": d.Final, "confidence": confidence, "scores": scores, "model": d.Model, "source": d.Source, "by": d.By, "note": d.Note,
		"corrected": d.Source == "operator" && d.Final != "" && d.Final != d.Label, "skipped": d.Final == "",
		"proposed": map[string]any{"label": d.Label, "confidence": d.Confidence},
	}
	if d.Uncalibrated && d.Source == "model" {
		data["uncalibrated"] = true
	}
	out := pipe.Success(message, data)
	out.Decision = d
	return out
}
