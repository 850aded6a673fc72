// Package rules is a classifier without a model: labels with weighted words and patterns.
//
// Every label gets a score: the sum of the weights of its words and patterns that are in the text, each counted once,
// times the weight of the label. With S1 the best score and S2 the second best, the confidence is
//
//	0.5 + 0.5 · (S1 − S2)/(S1 + S2) · S1/(S1 + 0.15)
//
// so it is 0.5 when two labels tie, rises with the margin, and needs some evidence to come near 1: one word of weight 1
// alone gives 0.93, of weight 0.3 alone 0.83. When nothing matches, the result is the default label with a confidence
// of 0.1, or no label at all and 0. A model's default label is usually a "don't know" for the eyes of people.
package rules

import (
	"cmp"
	"context"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/fault"
)

// Confidence of results that rest on no match.
const (
	defaultConfidence = 0.1
	evidence          = 0.15
)

// Label is what speaks for one label.
type Label struct {
	Name     string
	Weight   float64            // factor on the whole label; 0 = 1
	Words    map[string]float64 // word or phrase -> weight; a trailing * matches any ending, a leading * any beginning
	Patterns map[string]float64 // regular expression (RE2, without regard to case) -> weight
}

// Model is one set of labels. The zero value has none.
type Model struct {
	Name    string
	Labels  []Label
	Default string // label when nothing matches; "" = none
}

// Classifier answers by rules. It is immutable and safe for concurrent use.
type Classifier struct {
	models   map[string]*compiled
	fallback *compiled // for model names that are not configured
	priority *compiled // for those with "prior" in them
}

var _ classify.Classifier = (*Classifier)(nil)

type compiled struct {
	name   string
	labels []compiledLabel
	def    string
}

type compiledLabel struct {
	name   string
	factor float64
	rules  []rule
}

type rule struct {
	weight float64
	phrase []word         // set for words
	re     *regexp.Regexp // set for patterns
}

type word struct {
	text       string
	head, tail bool // any beginning, any ending
}

// New makes a classifier of models. The model named "" answers for all names that are not among them; without it, or
// for names with "prior" in them, the built-in ones do. Empty words, bad patterns and weights that are not positive are
// permanent errors.
func New(models ...Model) (*Classifier, error) {
	c := &Classifier{models: map[string]*compiled{}}
	own := false
	for _, m := range append([]Model{DefaultQueues(), DefaultPriorities()}, models...) {
		built, err := compile(m)
		if err != nil {
			return nil, err
		}
		switch {
		case m.Name == "":
			c.fallback, own = built, true
		case m.Name == QueuesModel && !own:
			c.fallback = built
		case m.Name == PrioritiesModel:
			c.priority = built
		}
		if m.Name != "" {
			c.models[m.Name] = built
		}
	}
	return c, nil
}

// Default is the classifier with the built-in rules only.
func Default() *Classifier {
	c, err := New()
	if err != nil { // the built-in rules compile: a test holds it
		return &Classifier{fallback: &compiled{}, priority: &compiled{}}
	}
	return c
}

func compile(m Model) (*compiled, error) {
	out := &compiled{name: m.Name, def: m.Default}
	for _, l := range m.Labels {
		if strings.TrimSpace(l.Name) == "" {
			return nil, fault.Permanentf("rules %q: a label has no name", m.Name)
		}
		built := compiledLabel{name: l.Name, factor: l.Weight}
		if built.factor == 0 {
			built.factor = 1
		}
		if !positive(built.factor) {
			return nil, fault.Permanentf("rules %q: label %q: weight %v must be positive", m.Name, l.Name, l.Weight)
		}
		for text, weight := range l.Words {
			phrase := parsePhrase(text)
			if len(phrase) == 0 || !positive(weight) {
				return nil, fault.Permanentf("rules %q: label %q: word %q needs letters and a positive weight, got %v", m.Name, l.Name, text, weight)
			}
			built.rules = append(built.rules, rule{weight: weight, phrase: phrase})
		}
		for text, weight := range l.Patterns {
			re, err := regexp.Compile("(?i)" + text)
			if err != nil {
				return nil, fault.Permanentf("rules %q: label %q: pattern %q: %w", m.Name, l.Name, text, err)
			}
			if !positive(weight) {
				return nil, fault.Permanentf("rules %q: label %q: pattern %q needs a positive weight, got %v", m.Name, l.Name, text, weight)
			}
			built.rules = append(built.rules, rule{weight: weight, re: re})
		}
		out.labels = append(out.labels, built)
	}
	return out, nil
}

func positive(f float64) bool { return f > 0 && !math.IsInf(f, 0) && !math.IsNaN(f) }

// Classify gives the best label. It needs no network and never fails, except for a context that has ended.
func (c *Classifier) Classify(ctx context.Context, r classify.Request) (classify.Result, error) {
	if err := ctx.Err(); err != nil {
		return classify.Result{}, err
	}
	return c.model(r.Model).classify(r.Text), nil
}

// Describe names the classifier for screens.
func (c *Classifier) Describe() string { return "rules" }

func (c *Classifier) model(name string) *compiled {
	if m, ok := c.models[name]; ok {
		return m
	}
	if strings.Contains(strings.ToLower(name), "prior") {
		return c.priority
	}
	return c.fallback
}

func (m *compiled) classify(text string) classify.Result {
	words := split(text)
	out := classify.Result{Model: "rules"}
	if m.name != "" {
		out.Model = "rules:" + m.name
	}
	total := 0.0
	for _, l := range m.labels {
		if score := l.score(text, words); score > 0 {
			out.Scores = append(out.Scores, classify.Score{Label: l.name, Confidence: score})
			total += score
		}
	}
	if len(out.Scores) == 0 {
		out.Label = m.def
		if m.def != "" {
			out.Confidence = defaultConfidence
			out.Scores = []classify.Score{{Label: m.def, Confidence: defaultConfidence}}
		}
		return out
	}
	slices.SortStableFunc(out.Scores, func(a, b classify.Score) int { return cmp.Compare(b.Confidence, a.Confidence) })
	best, second := out.Scores[0].Confidence, 0.0
	if len(out.Scores) > 1 {
		second = out.Scores[1].Confidence
	}
	out.Label = out.Scores[0].Label
	out.Confidence = confidence(best, second)
	out.Scores[0].Confidence = out.Confidence
	for i := range out.Scores[1:] { // the others share what is left, by their scores
		s := &out.Scores[i+1]
		s.Confidence = round((1 - out.Confidence) * s.Confidence / (total - best))
	}
	return out
}

func confidence(best, second float64) float64 {
	return round(0.5 + 0.5*(best-second)/(best+second)*best/(best+evidence))
}

func round(f float64) float64 { return math.Round(f*1e4) / 1e4 }

func (l compiledLabel) score(text string, words []string) float64 {
	sum := 0.0
	for _, r := range l.rules {
		if r.matches(text, words) {
			sum += r.weight
		}
	}
	return sum * l.factor
}

func (r rule) matches(text string, words []string) bool {
	if r.re != nil {
		return r.re.MatchString(text)
	}
	for i := 0; i+len(r.phrase) <= len(words); i++ {
		if phraseAt(r.phrase, words[i:]) {
			return true
		}
	}
	return false
}

func phraseAt(phrase []word, words []string) bool {
	for i, w := range phrase {
		if !w.fits(words[i]) {
			return false
		}
	}
	return true
}

func (w word) fits(s string) bool {
	switch {
	case w.head && w.tail:
		return strings.Contains(s, w.text)
	case w.head:
		return strings.HasSuffix(s, w.text)
	case w.tail:
		return strings.HasPrefix(s, w.text)
	default:
		return s == w.text
	}
}

func parsePhrase(text string) []word {
	var out []word
	for _, part := range strings.Fields(text) {
		head, tail := strings.HasPrefix(part, "*"), strings.HasSuffix(part, "*")
		pieces := split(part)
		for i, p := range pieces {
			out = append(out, word{text: p, head: head && i == 0, tail: tail && i == len(pieces)-1})
		}
	}
	return out
}

// split gives the words of a text, folded: lower case, umlauts as in "ae", sharp s as "ss". So "Drucker", "drucker" and
// "DRUCKER" are one word, and so are "Störung" and "Stoerung".
func split(text string) []string {
	fields := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) })
	for i, f := range fields {
		fields[i] = fold(f)
	}
	return fields
}

func fold(s string) string {
	s = strings.ToLower(s)
	// The second of each pair is the letter with a combining mark, as some mail programs send it.
	return strings.NewReplacer("ä", "ae", "a\u0308", "ae", "ö", "oe", "o\u0308", "oe", "ü", "ue", "u\u0308", "ue", "ß", "ss").Replace(s)
}
