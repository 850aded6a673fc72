package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openticketai/otai-tui/internal/config"
)

// TestBadFiles holds what every broken file prints: place, line, caret, what was expected, the nearest name.
func TestBadFiles(t *testing.T) {
	files := testFiles(t, "bad")
	if len(files) < 20 {
		t.Errorf("only %d broken files", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = config.Parse(data, filepath.Base(file), options(t))
			var all *config.Errors
			if !errors.As(err, &all) {
				t.Fatalf("want problems, got %v", err)
			}
			checkPlaces(t, data, all.Problems)
			golden(t, strings.TrimSuffix(file, ".yml")+".golden", all.Error()+"\n")
		})
	}
}

// checkPlaces holds that every place is inside the file and in order.
func checkPlaces(t testing.TB, data []byte, all []config.Problem) {
	t.Helper()
	text := strings.ToValidUTF8(strings.ReplaceAll(string(data), "\r\n", "\n"), "\ufffd")
	lines := strings.Split(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r", "\n"), "\n")
	last := 0
	for _, p := range all {
		if p.Msg == "" {
			t.Errorf("%s: a problem without a message", p.Where())
		}
		if p.Pos.Line == 0 {
			continue
		}
		if p.Pos.Line < last {
			t.Errorf("%s comes after line %d", p.Where(), last)
		}
		last = p.Pos.Line
		if p.Pos.Line > len(lines) {
			t.Errorf("%s is outside the file of %d lines", p.Where(), len(lines))
			continue
		}
		if n := utf8.RuneCountInString(lines[p.Pos.Line-1]); p.Pos.Col < 1 || p.Pos.Col > n+1 {
			t.Errorf("%s is outside its line of %d characters", p.Where(), n)
		}
	}
}
