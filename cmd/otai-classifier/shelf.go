package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/cmd/otai-classifier/internal/onnxtext"
	"github.com/openticketai/otai-tui/cmd/otai-classifier/internal/pool"
)

// shelf is a directory of models. Models that come into the directory later are found when they are asked for.
type shelf struct {
	dir       string
	maxTokens int
	log       *slog.Logger
	pool      *pool.Pool[*onnxtext.Model]
}

func newShelf(o options, log *slog.Logger) *shelf {
	s := &shelf{dir: o.models, maxTokens: o.maxTokens, log: log}
	s.pool = pool.New(o.keep, o.idle, time.Now, pool.Source[*onnxtext.Model]{
		Open: s.open, Known: func(name string) error { _, err := s.find(name); return err },
	})
	return s
}

func (s *shelf) find(name string) (string, error) {
	found, err := onnxtext.Find(s.dir)
	if err != nil {
		return "", err
	}
	dir, ok := found[name]
	if !ok {
		return "", fmt.Errorf("%w: %s", pool.ErrUnknown, name)
	}
	return dir, nil
}

func (s *shelf) open(ctx context.Context, name string) (*onnxtext.Model, error) {
	dir, err := s.find(name)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	m, err := onnxtext.Open(ctx, dir, s.maxTokens)
	if err != nil {
		return nil, err
	}
	s.log.Info("model loaded", "model", name, "labels", len(m.Info.Labels), "max_tokens", m.Info.MaxTokens,
		"took", time.Since(began).Round(time.Millisecond))
	return m, nil
}

// Predict classifies texts, one after the other.
func (s *shelf) Predict(ctx context.Context, model string, texts []string, cut bool) ([]onnxtext.Prediction, error) {
	out := make([]onnxtext.Prediction, 0, len(texts))
	err := s.pool.With(ctx, model, func(m *onnxtext.Model) error {
		for _, t := range texts {
			p, err := m.Predict(ctx, t, cut)
			if err != nil {
				return err
			}
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

// Names are the models there are, sorted.
func (s *shelf) Names() []string {
	found, err := onnxtext.Find(s.dir)
	if err != nil {
		s.log.Error("models cannot be listed", "error", err)
	}
	return slices.Sorted(maps.Keys(found))
}

// Info describes a model without loading it.
func (s *shelf) Info(name string) (onnxtext.Info, error) {
	dir, err := s.find(name)
	if err != nil {
		return onnxtext.Info{}, err
	}
	info, err := onnxtext.ReadInfo(dir)
	if s.maxTokens > 0 {
		info.MaxTokens = min(info.MaxTokens, s.maxTokens)
	}
	return info, err
}

// Loaded says whether a model is in memory.
func (s *shelf) Loaded(name string) bool { return s.pool.Loaded(name) }

// sweep unloads idle models until ctx ends.
func (s *shelf) sweep(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			names, err := s.pool.Sweep()
			for _, n := range names {
				s.log.Info("model unloaded: nobody used it", "model", n)
			}
			if err != nil {
				s.log.Error("unload models", "error", err)
			}
		}
	}
}
