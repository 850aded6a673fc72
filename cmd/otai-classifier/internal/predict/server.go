// Package predict serves models over the /predict protocol of Text Embeddings Inference (router 1.9.3), so that any client
// of it works, with the model's name in the path: POST /models/{name}/predict. POST /predict is the default model.
package predict

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/cmd/otai-classifier/internal/onnxtext"
	"github.com/openticketai/otai-tui/cmd/otai-classifier/internal/pool"
)

// Bounds of one request, as TEI has them by default.
const (
	maxBody  = 2 << 20
	maxBatch = 32
)

// Models are what a server serves.
type Models interface {
	// Predict classifies texts with a model, loading it when needed.
	Predict(ctx context.Context, model string, texts []string, cut bool) ([]onnxtext.Prediction, error)
	// Names are the models there are, sorted.
	Names() []string
	// Info describes a model without loading it.
	Info(model string) (onnxtext.Info, error)
	Loaded(model string) bool
}

// Options say how a server serves.
type Options struct {
	Models  Models
	Default string // model of POST /predict; "" = the only one
	Token   string // bearer token that clients must send; "" = none
	Queue   int    // requests that may wait and work at a time; more get 429. 0 = 64
	Log     *slog.Logger
}

// Server is the HTTP handler.
type Server struct {
	o     Options
	slots chan struct{}
	mux   *http.ServeMux
}

// New makes the handler.
func New(o Options) *Server {
	if o.Queue <= 0 {
		o.Queue = 64
	}
	s := &Server{o: o, slots: make(chan struct{}, o.Queue), mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	s.mux.HandleFunc("GET /info", s.allowed(s.info))
	s.mux.HandleFunc("GET /models", s.allowed(s.list))
	s.mux.HandleFunc("POST /predict", s.allowed(s.predict))
	s.mux.HandleFunc("POST /models/{path...}", s.allowed(s.predict))
	return s
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// allowed lets only requests with the token through.
func (s *Server) allowed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if s.o.Token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(s.o.Token)) != 1 {
			fail(w, http.StatusUnauthorized, "Unauthorized", "send the token as Authorization: Bearer …")
			return
		}
		next(w, r)
	}
}

// model is the model that a request names. Its name may hold a slash: "org/model".
func (s *Server) model(r *http.Request) string {
	if name, ok := strings.CutSuffix(r.PathValue("path"), "/predict"); ok {
		return name
	}
	if r.PathValue("path") != "" {
		return r.PathValue("path")
	}
	return s.preset()
}

// preset is the model that is meant when none is named; "" = it has to be named.
func (s *Server) preset() string {
	if names := s.o.Models.Names(); s.o.Default == "" && len(names) == 1 {
		return names[0]
	}
	return s.o.Default
}

func (s *Server) predict(w http.ResponseWriter, r *http.Request) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		w.Header().Set("Retry-After", "1")
		fail(w, http.StatusTooManyRequests, "Overloaded", "too many requests wait already")
		return
	}
	q, status, err := read(w, r)
	if err != nil {
		kind := "Validation"
		if errors.Is(err, errEmpty) {
			kind = "Empty"
		}
		fail(w, status, kind, err.Error())
		return
	}
	name := s.model(r)
	if name == "" {
		fail(w, http.StatusNotFound, "Validation", "there are several models: name one, as in POST /models/NAME/predict; GET /models lists them")
		return
	}
	began := time.Now()
	got, err := s.o.Models.Predict(r.Context(), name, q.texts, q.cut)
	if err != nil {
		s.refuse(w, r, name, err)
		return
	}
	cut := 0
	for _, p := range got {
		if p.Cut {
			cut++
		}
	}
	s.o.Log.Info("classified", "model", name, "texts", len(got), "cut", cut, "took", time.Since(began).Round(time.Millisecond))
	reply(w, q, got)
}

// refuse says why there is no answer, with the status that TEI would give.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, name string, err error) {
	switch {
	case r.Context().Err() != nil: // nobody listens any more
	case errors.Is(err, pool.ErrUnknown):
		fail(w, http.StatusNotFound, "Validation", err.Error()+"; GET /models lists them")
	case errors.Is(err, onnxtext.ErrTooLong):
		fail(w, http.StatusUnprocessableEntity, "Validation", err.Error()+"; send truncate: true")
	case errors.Is(err, pool.ErrBusy):
		w.Header().Set("Retry-After", "5")
		fail(w, http.StatusTooManyRequests, "Overloaded", err.Error())
	default:
		s.o.Log.Error("classification failed", "model", name, "error", err)
		fail(w, http.StatusFailedDependency, "Backend", err.Error())
	}
}

func (s *Server) info(w http.ResponseWriter, _ *http.Request) {
	name := s.preset()
	if name == "" {
		fail(w, http.StatusNotFound, "Validation", "there are several models: GET /models lists them")
		return
	}
	info, err := s.o.Models.Info(name)
	if err != nil {
		fail(w, http.StatusFailedDependency, "Backend", err.Error())
		return
	}
	labels := map[string]string{}
	for i, l := range info.Labels {
		labels[strconv.Itoa(i)] = l
	}
	answer(w, map[string]any{
		"model_id": name, "max_input_length": info.MaxTokens, "max_client_batch_size": maxBatch,
		"model_type": map[string]any{"classifier": map[string]any{"id2label": labels}},
	})
}

func (s *Server) list(w http.ResponseWriter, _ *http.Request) {
	type row struct {
		Name   string   `json:"name"`
		Loaded bool     `json:"loaded"`
		Labels []string `json:"labels"`
		Error  string   `json:"error,omitempty"`
	}
	rows := []row{}
	for _, name := range s.o.Models.Names() {
		r := row{Name: name, Loaded: s.o.Models.Loaded(name), Labels: []string{}}
		if info, err := s.o.Models.Info(name); err != nil {
			r.Error = err.Error()
		} else {
			for _, l := range info.Labels {
				r.Labels = append(r.Labels, l)
			}
			slices.Sort(r.Labels)
		}
		rows = append(rows, r)
	}
	answer(w, rows)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // when it fails the client has gone
}

// fail answers with TEI's form of an error.
func fail(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text, "error_type": kind})
}
