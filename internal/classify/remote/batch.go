package remote

import (
	"context"
	"fmt"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/fault"
)

// DefaultBatch is how many texts go into one call. Text Embeddings Inference takes 32 by default.
const DefaultBatch = 16

// BatchProtocol is a Protocol whose servers take several texts in one call.
type BatchProtocol interface {
	Protocol
	// AskAll gives one answer per text, in their order. The queries are of one model.
	AskAll(ctx context.Context, c *Call, all []Query) ([]Answer, error)
}

var _ classify.Batcher = (*Classifier)(nil)

// ClassifyAll asks for several texts in as few calls as the server takes, one call after the other. Kept answers are not asked for
// again, and equal texts once. What was answered before a call failed is kept.
func (c *Classifier) ClassifyAll(ctx context.Context, all []classify.Request) ([]classify.Result, error) {
	out := make([]classify.Result, len(all))
	bp, batches := c.protocol.(BatchProtocol)
	var open []int // of all: one for each text that has to be asked for
	first := map[key]int{}
	keys := make([]key, len(all))
	for i, r := range all {
		if all[i].Text = Clean(r.Text, c.o.MaxChars); all[i].Text == "" {
			continue
		}
		keys[i] = keyOf(c.modelOf(r), c.tokenOf(r), all[i].Text)
		if _, seen := first[keys[i]]; seen {
			continue
		}
		first[keys[i]] = i
		if kept, ok := c.cache.get(keys[i]); ok {
			out[i] = kept
			continue
		}
		if !batches {
			var err error
			if out[i], err = c.Classify(ctx, all[i]); err != nil {
				return nil, err
			}
			continue
		}
		open = append(open, i)
	}
	for len(open) > 0 {
		n := 1
		for n < min(len(open), c.o.Batch) && all[open[n]].Model == all[open[0]].Model && all[open[n]].APIToken == all[open[0]].APIToken {
			n++
		}
		if err := c.askBatch(ctx, bp, all, open[:n], keys, out); err != nil {
			return nil, err
		}
		open = open[n:]
	}
	for i := range all {
		if at, seen := first[keys[i]]; seen && at != i {
			out[i] = own(out[at])
		}
	}
	return out, nil
}

// askBatch asks for the texts at some places of all, which are of one model and token.
func (c *Classifier) askBatch(ctx context.Context, bp BatchProtocol, all []classify.Request, at []int, keys []key, out []classify.Result) error {
	model := c.modelOf(all[at[0]])
	base, err := c.address(model)
	if err != nil {
		return err
	}
	queries, texts := make([]Query, len(at)), make([]string, len(at))
	for n, i := range at {
		queries[n], texts[n] = Query{Text: all[i].Text, Model: model}, all[i].Text
	}
	call := &Call{c: c, base: base, token: c.tokenOf(all[at[0]]), texts: texts}
	var answers []Answer
	err = c.placed(ctx, func(ctx context.Context) error {
		var err error
		answers, err = bp.AskAll(ctx, call, queries)
		return err
	})
	if err == nil && len(answers) != len(at) {
		err = fault.Permanentf("%d texts were asked for, the answer holds %d", len(at), len(answers))
	}
	for n := 0; err == nil && n < len(at); n++ {
		if out[at[n]], err = c.result(answers[n], model); err == nil {
			c.cache.put(keys[at[n]], out[at[n]])
		}
	}
	if err != nil {
		return fmt.Errorf("%s at %s: %w", c.o.Name, shown(base), err)
	}
	return nil
}
