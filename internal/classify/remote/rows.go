package remote

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/openticketai/otai-tui/internal/classify"
)

// Rows are lists of labels with scores, one list per text. In JSON the outer list may be missing when there is one text:
// [{"label":"IT","score":0.9}] and [[{"label":"IT","score":0.9}]] are the same.
type Rows [][]classify.Score

type row struct {
	Label *string  `json:"label"`
	Score *float64 `json:"score"`
}

// UnmarshalJSON reads both shapes. Rows without label or score are errors.
func (r *Rows) UnmarshalJSON(data []byte) error {
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return errors.New("no list of labels")
	}
	if len(items) == 0 {
		*r = Rows{{}}
		return nil
	}
	if !bytes.HasPrefix(bytes.TrimSpace(items[0]), []byte("[")) {
		items = []json.RawMessage{data}
	}
	out := make(Rows, len(items))
	for i, item := range items {
		var list []row
		if err := json.Unmarshal(item, &list); err != nil {
			return errors.New("no list of labels")
		}
		for _, l := range list {
			if l.Label == nil || l.Score == nil {
				return errors.New("a label or score is missing")
			}
			out[i] = append(out[i], classify.Score{Label: *l.Label, Confidence: *l.Score})
		}
	}
	*r = out
	return nil
}

// One gives the labels of the one text that was asked for.
func (r Rows) One() ([]classify.Score, error) {
	if len(r) != 1 {
		return nil, errors.New("the answer holds results for several texts")
	}
	return r[0], nil
}
