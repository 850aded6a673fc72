package predict

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/cmd/otai-classifier/internal/onnxtext"
)

// query is one request.
type query struct {
	texts []string
	batch bool // it was a list, so the answer is one
	cut   bool
}

// errEmpty says that there is nothing to classify. A blank text beside others is answered: the others should not fail with it.
var errEmpty = errors.New("inputs is empty")

// read takes the body of a request: "inputs" is one text, or a list of lists with one text each. TEI takes a plain list of
// two for a pair, which classifiers of one text cannot use, so it is refused rather than guessed at.
func read(w http.ResponseWriter, r *http.Request) (query, int, error) {
	var body struct {
		Inputs    json.RawMessage `json:"inputs"`
		Truncate  *bool           `json:"truncate"`
		Direction string          `json:"truncation_direction"`
		Raw       bool            `json:"raw_scores"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return query{}, http.StatusRequestEntityTooLarge, fmt.Errorf("the body is larger than %d bytes", large.Limit)
		}
		return query{}, http.StatusBadRequest, fmt.Errorf("the body is no JSON object with inputs: %w", err)
	}
	q, err := inputs(body.Inputs)
	q.cut = body.Truncate == nil || *body.Truncate
	switch {
	case err != nil:
		return q, http.StatusUnprocessableEntity, err
	case body.Raw:
		return q, http.StatusUnprocessableEntity, errors.New("raw_scores is not served here: scores are probabilities")
	case body.Direction != "" && !strings.EqualFold(body.Direction, "right"):
		return q, http.StatusUnprocessableEntity, errors.New("texts are cut at the right only")
	case !slices.ContainsFunc(q.texts, func(t string) bool { return strings.TrimSpace(t) != "" }):
		return q, http.StatusBadRequest, errEmpty
	case len(q.texts) > maxBatch:
		return q, http.StatusUnprocessableEntity, fmt.Errorf("%d texts at once, at most %d are taken", len(q.texts), maxBatch)
	}
	return q, 0, nil
}

func inputs(raw json.RawMessage) (query, error) {
	var one string
	if json.Unmarshal(raw, &one) == nil && string(raw) != "null" {
		return query{texts: []string{one}}, nil
	}
	var many [][]string
	if err := json.Unmarshal(raw, &many); err != nil || string(raw) == "null" {
		return query{}, errors.New(`inputs must be a text, or a list of lists with one text each: [["first"], ["second"]]`)
	}
	q := query{batch: true}
	for i, m := range many {
		if len(m) != 1 {
			return q, fmt.Errorf("inputs[%d] has %d texts, expected one: pairs are not served", i, len(m))
		}
		q.texts = append(q.texts, m[0])
	}
	return q, nil
}

// reply answers with the scores, the best first.
func reply(w http.ResponseWriter, q query, got []onnxtext.Prediction) {
	if !q.batch {
		answer(w, got[0].Scores)
		return
	}
	all := make([][]onnxtext.Score, len(got))
	for i, p := range got {
		all[i] = p.Scores
	}
	answer(w, all)
}
