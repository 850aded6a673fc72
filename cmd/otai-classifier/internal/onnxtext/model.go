// Package onnxtext runs one ONNX sequence-classification model in pure Go, with hugot and its Go backend.
//
// hugot's Go tokenizer does not cut texts, and its Go backend compiles one graph for each length of text and keeps it. So
// this package cuts every text itself and pads it to one of a few lengths.
package onnxtext

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/knights-analytics/hugot"
	"github.com/knights-analytics/hugot/backends"
	"github.com/knights-analytics/hugot/options"
	"github.com/knights-analytics/hugot/pipelines"
)

// Score is one label with its probability, 0 to 1.
type Score struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
}

// Prediction is what the model says of one text.
type Prediction struct {
	Scores []Score // all labels, the best first
	Tokens int     // that the model saw, special ones among them
	Cut    bool    // the text was longer
}

// ErrTooLong says that a text has more tokens than the model takes, and that it was not to be cut.
var ErrTooLong = errors.New("the text is longer than the model takes")

// Model is a loaded model. It is safe for concurrent use: texts are worked on one after the other, because one text keeps
// all cores busy already.
type Model struct {
	Info Info

	mu       sync.Mutex // held while a text is worked on, and by Close
	session  *hugot.Session
	pipeline *pipelines.TextClassificationPipeline
	encode   func(string) int // number of tokens of a text
}

// Open loads the model in dir: config.json with id2label, tokenizer.json and exactly one .onnx file. maxTokens bounds what
// the model is given of a text; 0 = what the model can take.
func Open(ctx context.Context, dir string, maxTokens int) (*Model, error) {
	info, err := ReadInfo(dir)
	if err != nil {
		return nil, err
	}
	if maxTokens > 0 {
		info.MaxTokens = min(info.MaxTokens, maxTokens)
	}
	// The session's life is the model's, not that of the request that made it load.
	session, err := hugot.NewGoSession(context.WithoutCancel(ctx), options.WithGoMLXBatchBuckets([]int{1}),
		options.WithGoMLXSequenceBuckets(lengths(info.MaxTokens)))
	if err != nil {
		return nil, fmt.Errorf("load model %s: %w", dir, err)
	}
	m := &Model{Info: info, session: session}
	if err := m.load(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("load model %s: %w", dir, err), session.Destroy())
	}
	return m, nil
}

func (m *Model) load(dir string) (err error) {
	defer recovered(&err)
	activation := pipelines.WithSoftmax()
	if m.Info.Sigmoid {
		activation = pipelines.WithSigmoid()
	}
	m.pipeline, err = hugot.NewPipeline(m.session, hugot.TextClassificationConfig{
		ModelPath: dir, Name: dir,
		Options: []hugot.TextClassificationOption{pipelines.WithMultiLabel(), activation}, // all labels, not the best only
	})
	if err != nil {
		return err
	}
	model := m.pipeline.Model
	if model.Tokenizer == nil || model.Tokenizer.GoTokenizer == nil {
		return errors.New("it has no tokenizer.json")
	}
	if !slices.ContainsFunc(model.InputsMeta, func(i backends.InputOutputInfo) bool { return i.Name == "attention_mask" }) {
		return errors.New("it has no input attention_mask, so padding would change its answers")
	}
	tokenizer := model.Tokenizer.GoTokenizer.Tokenizer
	m.encode = func(s string) int { return len(tokenizer.EncodeWithAnnotations(s).IDs) }
	return nil
}

// Predict classifies one text. With cut a text that is too long loses its end, without it the error is ErrTooLong. ctx ends
// the waiting for other texts, not the work itself: the backend cannot be stopped in the middle, and texts are short.
func (m *Model) Predict(ctx context.Context, text string, cut bool) (p Prediction, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return p, err // whoever asked has gone meanwhile
	}
	if m.session == nil {
		return p, errors.New("the model is unloaded")
	}
	defer recovered(&err)
	short, n := Cut(text, m.Info.MaxTokens, m.encode)
	if p.Tokens, p.Cut = n, short != text; p.Cut && !cut {
		return p, fmt.Errorf("%w: at most %d tokens", ErrTooLong, m.Info.MaxTokens)
	}
	out, err := m.pipeline.RunPipeline(context.WithoutCancel(ctx), []string{short})
	if err != nil {
		return p, fmt.Errorf("run the model: %w", err)
	}
	for _, o := range out.ClassificationOutputs[0] {
		p.Scores = append(p.Scores, Score{Label: o.Label, Score: float64(o.Score)})
	}
	slices.SortStableFunc(p.Scores, func(a, b Score) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Label, b.Label))
	})
	return p, nil
}

// Close frees the model, after the text it works on. Closing twice is fine.
func (m *Model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.session == nil {
		return nil
	}
	err := m.session.Destroy()
	m.session, m.pipeline, m.encode = nil, nil, nil
	if err != nil {
		return fmt.Errorf("unload the model: %w", err)
	}
	return nil
}

// recovered turns a panic of the backend, which it uses for models it cannot run, into an error.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the model cannot be run: %v", r)
	}
}

// lengths are the lengths that texts are padded to. Each costs a compiled graph once.
func lengths(maxTokens int) []int {
	var out []int
	for n := 32; n < maxTokens; n *= 2 {
		out = append(out, n)
	}
	return append(out, maxTokens)
}
