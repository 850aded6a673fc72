package render

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What docs/templates.md lists exists.
func TestDocumentedNames(t *testing.T) {
	data, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	word := regexp.MustCompile("`([a-z_]+|[=!<>]+)`")
	for title, c := range map[string]struct {
		known func(string) bool
		count int
	}{
		"Filters": {func(s string) bool { return filterNamed(s) != nil }, 51},
		"Tests":   {func(s string) bool { return testNamed(s) != nil }, 41},
	} {
		_, section, _ := strings.Cut(string(data), "\n## "+title+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		names := word.FindAllStringSubmatch(section, -1)
		if len(names) < c.count {
			t.Errorf("%s lists %d names, expected %d or more", title, len(names), c.count)
		}
		for _, m := range names {
			if !c.known(m[1]) && m[1] != "select" && m[1] != "selectattr" {
				t.Errorf("%s names %q, which does not exist", title, m[1])
			}
		}
	}
	for _, name := range []string{
		"get_pipe_result", "pipe_result", "has_failed", "has_succeeded", "get_env", "get_parent_param", "at_path", "fail",
		"range", "dict", "namespace",
	} {
		if functionNamed(name) == nil || !strings.Contains(string(data), "`"+name) {
			t.Errorf("the function %s is missing, or missing in %s", name, docFile)
		}
	}
}
