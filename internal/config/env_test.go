package config_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
)

const body = `
open_ticket_ai:
  services:
    otobo-znuny: {use: "otobo-znuny:OTOBOZnunyTicketSystemService", params: {base_url: "http://old"}}
  orchestrator:
    runners:
      - pipe_id: first
        interval_seconds: 60
        pipe: {use: ExpressionPipe, expression: 1}
`

func TestOverrides(t *testing.T) {
	for _, name := range []string{
		"OTAI_OPEN_TICKET_AI__SERVICES__OTOBO_ZNUNY__PARAMS__PASSWORD",
		"OPEN_TICKET_AI__SERVICES__OTOBO_ZNUNY__PARAMS__PASSWORD",
		"OTAI__SERVICES__OTOBO_ZNUNY__PARAMS__PASSWORD",
		"CFG__SERVICES__OTOBO_ZNUNY__PARAMS__PASSWORD",
		"otai_cfg__services__otobo_znuny__params__password",
	} {
		cfg := mustParse(t, body, name+"=0123")
		if got := cfg.Services["otobo-znuny"].Params["password"]; got != "0123" {
			t.Errorf("%s gave %#v", name, got)
		}
	}
}

func TestOverrideKinds(t *testing.T) {
	cfg := mustParse(t, body,
		"OTAI_OPEN_TICKET_AI__ENGINE__MAX_PARALLEL_RUNS=7",
		"OTAI_OPEN_TICKET_AI__LOGGING__LEVEL=error",
		"OTAI_OPEN_TICKET_AI__ORCHESTRATOR__RUNNERS__FIRST__INTERVAL_SECONDS=90",
		"OTAI_OPEN_TICKET_AI__ORCHESTRATOR__RUNNERS__0__TAGS=[\"a\", \"b\"]",
		"OTAI_OPEN_TICKET_AI__ORCHESTRATOR__RUNNERS__0__ENABLED=no",
		`OTAI_OPEN_TICKET_AI__SERVICES__OTOBO_ZNUNY={"params": {"username": "kim"}}`,
		`OTAI={"engine": {"drain_timeout_seconds": 5}}`,
		"OTAI_OPEN_TICKET_AI_UNRELATED=x", "CFG=-O2", "OTAI_DEBUG=1",
	)
	if cfg.Engine.MaxParallelRuns != 7 || cfg.Engine.DrainTimeout != 5*time.Second || cfg.Logging.Level != "error" {
		t.Errorf("engine %+v, logging %+v", cfg.Engine, cfg.Logging)
	}
	r := cfg.Runners[0]
	wantList(t, "tags", r.Tags, "a", "b")
	wantList(t, "interval", schedules(r), "interval: every 1m30s")
	params := cfg.Services["otobo-znuny"].Params
	if r.Enabled || params["username"] != "kim" || params["base_url"] != "http://old" {
		t.Errorf("enabled %v, params %v", r.Enabled, params)
	}
}

func TestOverridesOfUnknownPlaces(t *testing.T) {
	const secret = "s3cr3t-value"
	for name, part := range map[string]string{
		"OTAI_OPEN_TICKET_AI__SERVICES__OTOBO_ZNUNNY__PARAMS__PASSWORD": `did you mean "otobo-znuny"?`,
		"OTAI_OPEN_TICKET_AI__SERVCES__X":                               `did you mean "services"?`,
		"OTAI__SERVICES__OTOBO_ZNUNY__PARAMS__PASWORD":                  `did you mean "password"?`,
		"OTAI__ENGINE__MAX_PARALLEL_RUNS":                               "whole number",
		"OTAI__ENGINE__NAME__DEEPER":                                    "a text",
		"OTAI__ORCHESTRATOR__RUNNERS__7__ENABLED":                       `no "7"`,
		"OTAI__ORCHESTRATOR__RUNNERS__0__CRON":                          "bad cron expression",
		"OTAI__ORCHESTRATOR__RUNNERS__0__PIPE__USE":                     "unknown pipe the value",
		"OTAI__ORCHESTRATOR__RUNNERS__0__INTERVAL_SECONDS":              "has to be a duration",
		"OTAI____X": "an empty part",
		"OTAI__ORCHESTRATOR__RUNNERS__0__PIPE__IF": "is no template",
		"OTAI__LOGGING__LEVEL":                     "unknown log level",
	} {
		_, err := parse(t, body+"  engine: {name: x}\n", name+"="+secret)
		var all *config.Errors
		if !errors.As(err, &all) {
			t.Errorf("%s: no problem: %v", name, err)
			continue
		}
		if !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), "environment variable "+name) {
			t.Errorf("%s: want %q in:\n%v", name, part, err)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the value is printed:\n%v", name, err)
		}
	}
	for _, bad := range []string{"{{ s3cr3t + }}", "{{ a s3cr3t }}", "{% s3cr3t %}"} {
		_, err := parse(t, body, "OTAI__SERVICES__OTOBO_ZNUNY__PARAMS__PASSWORD="+bad)
		if err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("a bad template from the environment: %v", err)
		}
	}
}

func TestOverrideOfOneAliasOnly(t *testing.T) {
	cfg := mustParse(t, `
x-pipe: &p {use: ExpressionPipe, expression: 1}
orchestrator:
  runners:
    - {pipe_id: a, pipe: *p}
    - {pipe_id: b, pipe: *p}
`, "OTAI__ORCHESTRATOR__RUNNERS__A__PIPE__EXPRESSION=2")
	if a, b := cfg.Runners[0].Pipe.Params["expression"], cfg.Runners[1].Pipe.Params["expression"]; a != int64(2) || b != int64(1) {
		t.Errorf("a %v, b %v", a, b)
	}
}

// files is a file system for Load.
func files(m map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if text, ok := m[filepath.ToSlash(name)]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}
}

func loadFiles(t *testing.T, m map[string]string, environ ...string) (*config.Config, error) {
	t.Helper()
	o := options(t)
	o.Path, o.ReadFile, o.Environ = "etc/config.yml", files(m), append([]string{}, environ...)
	return config.Load(t.Context(), o)
}

func TestDotEnv(t *testing.T) {
	const dotenv = "# comment\nexport PLAIN=\"from file\"\nBOTH=file\n" +
		"OTAI__ENGINE__NAME=dotenv\nOTAI__ENGINE__MAX_PARALLEL_RUNS=3\n"
	cfg, err := loadFiles(t, map[string]string{"etc/config.yml": body, "etc/.env": dotenv}, "BOTH=process", "OTAI__ENGINE__NAME=process")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Engine.Name != "process" || cfg.Engine.MaxParallelRuns != 3 {
		t.Errorf("engine %+v", cfg.Engine)
	}
	for name, want := range map[string]string{"PLAIN": "from file", "BOTH": "process"} {
		if got, ok := cfg.Env(name); !ok || got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if _, ok := cfg.Env("NOWHERE"); ok {
		t.Error("a variable that is not set was found")
	}
}

func TestBrokenDotEnv(t *testing.T) {
	_, err := loadFiles(t, map[string]string{"etc/config.yml": body, "etc/.env": "GOOD=1\nthis is s3cr3t!\n"})
	if err == nil || !strings.Contains(err.Error(), ".env: line 2 cannot be read") || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("got %v", err)
	}
}

func TestMissingVariablesAreTold(t *testing.T) {
	text := strings.Replace(body, `"http://old"`, `"{{ env.BASE }}", password: "{{ get_env('PW') }}", username: "{{ env.NAME or 'x' }}"`, 1)
	var got []string
	for _, w := range mustParse(t, text, "BASE=http://x").Warnings {
		got = append(got, w.Msg)
	}
	wantList(t, "warnings", got, "environment variable PW is not set")
}
