package remote

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/fault"
)

// slack is how far above 1 rounding may put a probability.
const slack = 1e-3

// Clean makes a text that can be sent: valid UTF-8, without control characters but tabs and line ends, trimmed, and cut
// to maxChars characters (0 or less = not cut).
func Clean(s string, maxChars int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if maxChars <= 0 {
		return s
	}
	n := 0
	for i := range s {
		if n == maxChars {
			return strings.TrimSpace(s[:i])
		}
		n++
	}
	return s
}

// normal checks the scores, names labels by the map, adds up labels with one name, and sorts the best first. Equal
// scores keep the server's order.
func normal(in []classify.Score, labels map[string]string) ([]classify.Score, error) {
	if len(in) == 0 {
		return nil, fault.Permanentf("the answer holds no label; does the server serve a classification model?")
	}
	out := make([]classify.Score, 0, len(in))
	at := make(map[string]int, len(in))
	for _, s := range in {
		if math.IsNaN(s.Confidence) || s.Confidence < 0 || s.Confidence > 1+slack {
			return nil, fault.Permanentf("the answer's score of label %q is %g, not a probability of 0 to 1", s.Label, s.Confidence)
		}
		if s.Label == "" {
			return nil, fault.Permanentf("the answer holds a label without a name")
		}
		if name := labels[s.Label]; name != "" {
			s.Label = name
		}
		i, seen := at[s.Label]
		if !seen {
			at[s.Label] = len(out)
			out = append(out, classify.Score{Label: s.Label, Confidence: min(s.Confidence, 1)})
			continue
		}
		out[i].Confidence = min(out[i].Confidence+s.Confidence, 1)
	}
	slices.SortStableFunc(out, func(a, b classify.Score) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return out, nil
}
