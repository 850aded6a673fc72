package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/config"
)

// TestDocsExamplesLoad holds that every example of docs/configuration.md is a valid configuration.
func TestDocsExamplesLoad(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(data, -1)
	if len(blocks) < 6 {
		t.Fatalf("only %d examples", len(blocks))
	}
	o := options(t)
	o.Pipes = built(t)
	for i, b := range blocks {
		cfg, err := config.Parse(b[1], "configuration.md", o)
		if err != nil {
			t.Errorf("example %d:\n%v", i+1, err)
			continue
		}
		for _, w := range cfg.Warnings {
			t.Errorf("example %d: %s", i+1, w)
		}
	}
	shown := regexp.MustCompile("(?s)```text\n(.*?)```").FindSubmatch(data)
	golden, err := os.ReadFile(filepath.Join("..", "..", "testdata", "config", "bad", "01_unknown_pipe.golden"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(string(golden), "01_unknown_pipe.yml", "config.yml")
	if shown == nil || string(shown[1]) != want {
		t.Errorf("the shown message is not what is printed:\n%s", want)
	}
}
