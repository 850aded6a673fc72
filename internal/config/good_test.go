package config_test

import (
	"path/filepath"
	"testing"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/pipe/base"
)

// built is the registry of the real program.
func built(t testing.TB) *pipe.Registry {
	t.Helper()
	reg, err := pipe.NewRegistry(base.Specs()...)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// TestGoodFilesLoad loads every good file, and those of the end-to-end tests, with the program's own pipe types.
func TestGoodFilesLoad(t *testing.T) {
	routed, err := filepath.Glob(filepath.Join("..", "..", "testdata", "e2e", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	routed = append(routed, filepath.Join("..", "..", "docs", "examples", "operations.yml"))
	for _, file := range append(testFiles(t, "good"), routed...) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			o := options(t)
			o.Path, o.Pipes = file, built(t)
			cfg, err := config.Load(t.Context(), o)
			if err != nil {
				t.Fatalf("unexpected problems:\n%v", err)
			}
			if len(cfg.Runners) == 0 {
				t.Fatal("no runners")
			}
			for _, w := range cfg.Warnings {
				t.Logf("warning: %s", w)
			}
		})
	}
}
