package base_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/service"
)

var update = flag.Bool("update", false, "write the generated parts of docs/pipes.md")

// TestDocs holds docs/pipes.md to the types: go test ./internal/pipe/base -run TestDocs -update writes it anew.
func TestDocs(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "pipes.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	want := replaceBlock(t, got, "pipes", describePipes(t))
	want = replaceBlock(t, want, "services", describeServices())
	if got == want {
		return
	}
	if !*update {
		t.Fatalf("docs/pipes.md is stale: run go test ./internal/pipe/base -run TestDocs -update\nfirst difference: %s", firstDifference(got, want))
	}
	if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

func replaceBlock(t *testing.T, text, name, content string) string {
	t.Helper()
	begin, end := "<!-- "+name+": generated -->\n", "<!-- "+name+": end -->"
	i, j := strings.Index(text, begin), strings.Index(text, end)
	if i < 0 || j < i {
		t.Fatalf("docs/pipes.md has no block %s", name)
	}
	return text[:i+len(begin)] + content + text[j:]
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\n  is     %s\n  should %s", i+1, a[i], b[i])
		}
	}
	return "one is longer"
}

func describePipes(t *testing.T) string {
	var b strings.Builder
	for _, s := range registry(t).Specs() {
		fmt.Fprintf(&b, "### %s\n\n%s\n", bare(s.Name), s.Doc)
		if len(s.Aliases) > 0 {
			fmt.Fprintf(&b, "Also known as %s.\n", strings.Join(s.Aliases, ", "))
		}
		for _, n := range s.Needs {
			fmt.Fprintf(&b, "Takes a %s under `injects: {%s: ID}`.\n", n.Kind, n.Name)
		}
		b.WriteString(table(pipe.Fields(s.Params)))
	}
	return b.String()
}

func describeServices() string {
	var b strings.Builder
	for _, s := range service.Specs() {
		fmt.Fprintf(&b, "### %s\n\n%s Kind: %s.\n", s.Name, s.Doc, s.Kind)
		if len(s.Aliases) > 0 {
			fmt.Fprintf(&b, "Also known as %s.\n", strings.Join(s.Aliases, ", "))
		}
		b.WriteString(table(pipe.Fields(s.Params)))
	}
	return b.String()
}

func bare(name string) string {
	_, after, _ := strings.Cut(name, ":")
	return after
}

func table(fields []pipe.Field) string {
	if len(fields) == 0 {
		return "\n"
	}
	var b strings.Builder
	b.WriteString("\n| parameter | kind | default | meaning |\n| --- | --- | --- | --- |\n")
	rows(&b, "", fields)
	b.WriteString("\n")
	return b.String()
}

func rows(b *strings.Builder, prefix string, fields []pipe.Field) {
	for _, f := range fields {
		name := "`" + prefix + f.Name + "`"
		if f.Rest {
			name = "any other"
		}
		for _, a := range f.Aliases {
			name += ", `" + prefix + a + "`"
		}
		def := f.Default
		if f.Required {
			def = "required"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, kind(f), def, strings.ReplaceAll(f.Doc, "|", "\\|"))
		// Entities and notes are the same everywhere: see "Values" above the list.
		if f.Kind == pipe.FieldObject && f.Short == "" && prefix == "" {
			rows(b, f.Name+".", f.Fields)
		}
	}
}

func kind(f pipe.Field) string {
	switch {
	case f.Kind == pipe.FieldObject && f.Short == "name":
		return "name"
	case f.Kind == pipe.FieldObject && f.Short == "body":
		return "note"
	case f.Kind == pipe.FieldString:
		return "text"
	case f.Kind == pipe.FieldList && f.Elem != nil:
		return "list of " + kind(*f.Elem)
	case f.Kind == pipe.FieldMap && f.Elem != nil:
		return "map to " + kind(*f.Elem)
	default:
		return string(f.Kind)
	}
}
