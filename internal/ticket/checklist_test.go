package ticket_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestChecklist holds the table of docs/ticket-systems.md: each of the 18 rows names a test, and all that it names exist.
func TestChecklist(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "ticket-systems.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(page), "### The checklist")
	if !ok {
		t.Fatal("the page has no checklist")
	}
	name := regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	rows, numbered := 0, 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.Contains(line, "---") || strings.Contains(line, "behaviour") {
			continue
		}
		rows++
		if strings.TrimSpace(cells[1]) != "" {
			numbered++
		}
		named := 0
		for i, room := range map[int]string{3: "otobo", 4: "zammad"} {
			have := testsOf(t, room)
			for _, m := range name.FindAllStringSubmatch(cells[i], -1) {
				named++
				if !strings.Contains(have, "\nfunc "+m[1]+"(t *testing.T)") {
					t.Errorf("row %s%s: internal/ticket/%s has no %s", cells[1], cells[2], room, m[1])
				}
			}
		}
		if named == 0 {
			t.Errorf("row %s%s names no test", cells[1], cells[2])
		}
	}
	if numbered != 18 || rows < 20 {
		t.Errorf("%d rows, %d of them numbered; the checklist has 18", rows, numbered)
	}
}

func testsOf(t *testing.T, room string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(room, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", room, err)
	}
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
