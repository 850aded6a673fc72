package keep_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ui/keep"
)

func TestFileNames(t *testing.T) {
	seen := map[string]string{}
	for _, user := range []string{"kim", "Kim", "a/b", "a_b", "../../etc/passwd", "con", "", "Łukasz", "a\x00b", strings.Repeat("x", 1000), strings.Repeat("x", 1000) + "y", `c:\x`} {
		name := keep.FileName(user)
		if o, twice := seen[strings.ToLower(name)]; twice {
			t.Errorf("%q and %q share %s", user, o, name)
		}
		seen[strings.ToLower(name)] = user
		if filepath.Base(name) != name || len(name) > 200 || strings.ContainsAny(name, "/\\:\x00") {
			t.Errorf("%q gives the unsafe name %q", user, name)
		}
	}
}

func TestSaveReplaces(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "console")
	f := keep.ForUser(dir, "kim")
	if data, err := f.Load(); data != nil || err != nil {
		t.Fatalf("nothing kept: %q, %v", data, err)
	}
	for _, text := range []string{"one", "two"} {
		if err := f.Save([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if data, err := f.Load(); string(data) != text || err != nil {
			t.Fatalf("kept %q, %v", data, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files are left", len(left))
	}
	if err := f.Save(make([]byte, keep.Max+1)); !errors.Is(err, keep.ErrTooBig) {
		t.Errorf("too big: %v", err)
	}
	if info, err := os.Stat(f.Path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
