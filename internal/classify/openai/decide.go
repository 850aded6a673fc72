package openai

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/classify"
)

type verdict struct {
	Label      *string  `json:"label"`
	Confidence *float64 `json:"confidence"`
}

// maxContent bounds what is searched of an answer's end: the verdict stands there, and the search is not linear.
const maxContent = 16 << 10

// decide reads what a model wrote. Bound to a schema it is one JSON object; servers that do not hold the model to it send
// code fences, thinking and sentences around it. The last object that names a label counts. An unstated confidence is 0.
func decide(content string, labels []string) (classify.Score, error) {
	if _, after, thought := strings.Cut(content, "</think>"); thought {
		content = after
	}
	content = content[max(0, len(content)-maxContent):]
	err := errors.New("holds no JSON with a label")
	best := classify.Score{}
	for rest := content; ; {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			return best, err
		}
		rest = rest[i:]
		var v verdict
		dec := json.NewDecoder(strings.NewReader(rest))
		if dec.Decode(&v) != nil {
			rest = rest[1:]
			continue
		}
		rest = rest[dec.InputOffset():]
		if v.Label != nil {
			best, err = check(v, labels)
		}
	}
}

func check(v verdict, labels []string) (classify.Score, error) {
	given := strings.TrimSpace(*v.Label)
	i := slices.IndexFunc(labels, func(l string) bool { return strings.EqualFold(l, given) })
	switch {
	case i < 0:
		return classify.Score{}, errors.New("names a label that is not on the list; does the server support response_format json_schema?")
	case v.Confidence == nil:
		return classify.Score{Label: labels[i]}, nil
	case *v.Confidence < 0 || *v.Confidence > 1:
		return classify.Score{}, errors.New("gives a confidence outside of 0 to 1")
	default:
		return classify.Score{Label: labels[i], Confidence: *v.Confidence}, nil
	}
}
