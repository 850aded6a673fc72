package config_test

import (
	"path/filepath"
	"testing"
)

func TestGoodFilesLoad(t *testing.T) {
	for _, file := range testFiles(t, "good") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			cfg, err := load(t, file)
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
