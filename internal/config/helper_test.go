package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

type entity struct {
	ID   string `param:"id"`
	Name string `param:"name,short"`
}

type criteria struct {
	Queue *entity `param:"queue" doc:"queue to look in"`
	Limit int     `param:"limit" default:"10"`

	OlderThan time.Duration `param:"older_than"`
}

type note struct {
	Subject string `param:"subject"`
	Body    string `param:"body,short"`
}

type changes struct {
	Subject  string  `param:"subject"`
	Queue    *entity `param:"queue"`
	Priority *entity `param:"priority"`
}

type fetchParams struct {
	Criteria criteria `param:"ticket_search_criteria,required" doc:"which tickets"`
}

type updateParams struct {
	TicketID string  `param:"ticket_id,required"`
	Updated  changes `param:"updated_ticket,required"`
}

type noteParams struct {
	TicketID string         `param:"ticket_id,required"`
	Note     note           `param:"note,required"`
	Rest     map[string]any `param:",rest"`
}

type classifyParams struct {
	Text  string `param:"text,required" alias:"prompt"`
	Model string `param:"model_name" alias:"model"`
	Token string `param:"api_token,secret" alias:"token"`
}

type expressionParams struct {
	Expression any `param:"expression,required,native"`
}

type processParams struct {
	Queue string `param:"queue,required" doc:"queue to empty"`
	Limit int    `param:"limit" default:"10"`
}

type escalationParams struct {
	Queue string `param:"queue"`
}

// registry holds types shaped like the base pipes, so that the golden files do not change with those.
func registry(t testing.TB) *pipe.Registry {
	t.Helper()
	ticketSystem := pipe.Need{Name: "ticket_system", Kind: pipe.KindTicketSystem}
	classifier := pipe.Need{Name: "classification_service", Kind: pipe.KindClassifier}
	leaf := func() pipe.Pipe { return pipe.Func(nil) }
	reg, err := pipe.NewRegistry(
		&pipe.Spec{Name: "base:CompositePipe", Composite: true, Doc: "Runs its steps."},
		&pipe.Spec{Name: "base:FetchTicketsPipe", Params: &fetchParams{}, New: leaf, Needs: []pipe.Need{ticketSystem}},
		&pipe.Spec{Name: "base:UpdateTicketPipe", Aliases: []string{"UpdateTicketsPipe"}, Params: &updateParams{}, New: leaf, Needs: []pipe.Need{ticketSystem}},
		&pipe.Spec{Name: "base:AddNotePipe", Aliases: []string{"AddNoteTicketsPipe"}, Params: &noteParams{}, New: leaf, Needs: []pipe.Need{ticketSystem}},
		&pipe.Spec{Name: "base:ClassificationPipe", Aliases: []string{"HFLocalTextClassificationPipe"}, Params: &classifyParams{}, New: leaf, Needs: []pipe.Need{classifier}},
		&pipe.Spec{Name: "base:ExpressionPipe", Aliases: []string{"JinjaExpressionPipe"}, Params: &expressionParams{}, New: leaf},
		&pipe.Spec{Name: "base:ProcessTickets", Params: &processParams{}, Expand: expandProcess, Needs: []pipe.Need{ticketSystem, classifier}},
		&pipe.Spec{Name: "base:CheckEscalations", Params: &escalationParams{}, Expand: expandProcess, Needs: []pipe.Need{ticketSystem}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// expandProcess is a macro of one step, without places of its own.
func expandProcess(d pipe.Definition) (pipe.Definition, error) {
	if d.Params["queue"] == "refused" {
		return d, errors.New("this queue cannot be processed")
	}
	step := pipe.Definition{ID: "fetch", Use: "base:FetchTicketsPipe", Params: map[string]any{"ticket_search_criteria": map[string]any{"queue": d.Params["queue"]}}}
	d.Use, d.Params, d.Steps = "base:CompositePipe", nil, []pipe.Definition{step}
	d.Rule, d.Undo = "", nil // a macro need not know of them
	return d, nil
}

func options(t testing.TB) config.Options {
	t.Helper()
	return config.Options{Environ: []string{}, Pipes: registry(t), Renderer: render.New()}
}

func load(t testing.TB, path string) (*config.Config, error) {
	t.Helper()
	o := options(t)
	o.Path = path
	return config.Load(t.Context(), o)
}

func parse(t testing.TB, text string, environ ...string) (*config.Config, error) {
	t.Helper()
	o := options(t)
	o.Environ = append(o.Environ, environ...)
	return config.Parse([]byte(text), "config.yml", o)
}

// mustParse parses a text that has to be right.
func mustParse(t testing.TB, text string, environ ...string) *config.Config {
	t.Helper()
	cfg, err := parse(t, text, environ...)
	if err != nil {
		t.Fatalf("unexpected problems:\n%v", err)
	}
	return cfg
}

// problems parses a text that has to be wrong.
func problems(t testing.TB, text string, environ ...string) []config.Problem {
	t.Helper()
	_, err := parse(t, text, environ...)
	var all *config.Errors
	if !errors.As(err, &all) {
		t.Fatalf("want problems, got %v", err)
	}
	return all.Problems
}

func wantProblem(t testing.TB, got []config.Problem, where, part string) {
	t.Helper()
	for _, p := range got {
		if p.Where() == where && strings.Contains(p.String(), part) {
			return
		}
	}
	t.Errorf("no problem at %s with %q in:\n%v", where, part, (&config.Errors{Problems: got}).Error())
}

func testFiles(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "config", dir, "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata/config/%s: %v", dir, err)
	}
	return files
}

func golden(t testing.TB, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update to make it", err)
	}
	if string(want) != got {
		t.Errorf("%s differs.\n--- want\n%s--- got\n%s", path, want, got)
	}
}
