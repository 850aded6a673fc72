package classify

import "context"

// Batcher is a Classifier that asks about several texts at once. The results come in the order of the requests; that of an empty
// text is the zero value. When one text cannot be classified none is: the error says why.
type Batcher interface {
	ClassifyAll(ctx context.Context, all []Request) ([]Result, error)
}

// All classifies several texts: at once where the classifier can, else one after the other.
func All(ctx context.Context, c Classifier, all []Request) ([]Result, error) {
	if b, ok := c.(Batcher); ok {
		return b.ClassifyAll(ctx, all)
	}
	out := make([]Result, len(all))
	for i, r := range all {
		if r.Text == "" {
			continue
		}
		var err error
		if out[i], err = c.Classify(ctx, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}
