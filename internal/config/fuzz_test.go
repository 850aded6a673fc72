package config_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/config"
)

// FuzzParse holds that reading never panics and that every place is inside the file.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{"good", "bad"} {
		for _, file := range testFiles(f, dir) {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, "5")
		}
	}
	f.Add([]byte("a: \"\\u2028\"\r\nb: [\u0085]"), "{\"a\": 1}")
	f.Add([]byte("\ufefforchestrator:\n- {<<: [], pipe: {<<: {use: x}}}"), "[1, {}]")
	o := options(f)
	f.Fuzz(func(t *testing.T, data []byte, env string) {
		o := o
		if !strings.Contains(env, "\x00") {
			o.Environ = []string{"OTAI__ENGINE__NAME=" + env, "OTAI__SERVICES=" + env, "CFG=" + env}
			o.DotEnv = []byte(env)
		}
		cfg, err := config.Parse(data, "config.yml", o)
		var all *config.Errors
		switch {
		case err == nil:
			if cfg == nil || cfg.Env == nil || len(cfg.Runners) == 0 {
				t.Fatalf("accepted without runners: %+v", cfg)
			}
			checkPlaces(t, data, cfg.Warnings)
		case errors.As(err, &all):
			if len(all.Problems) == 0 {
				t.Fatal("an error without problems")
			}
			checkPlaces(t, data, all.Problems)
			_ = all.Error()
		default:
			t.Fatalf("neither a configuration nor problems: %v", err)
		}
	})
}
