package text

import (
	"slices"
	"strings"
	"testing"
)

func TestPatternsFind(t *testing.T) {
	for _, c := range []struct {
		query, line string
		want        [][2]int
	}{
		{"deadlock", "Deadlock and deadlock", [][2]int{{0, 8}, {13, 21}}},
		{"Deadlock", "Deadlock and deadlock", [][2]int{{0, 8}}},
		{"", "x", nil},
		{"/", "a/b", [][2]int{{1, 2}}},
		{"//", "a//b", [][2]int{{1, 3}}},
		{"/api/", "GET /api/v2 API", [][2]int{{5, 8}, {12, 15}}},
		{`/took=\d+ms/`, "Took=812ms", [][2]int{{0, 10}}},
		{`/T\w+=\d/`, "took=8 Took=8", [][2]int{{7, 13}}},
		{`/\S+ok/`, "took", [][2]int{{0, 4}}},
		{"/x*/", "aaa", nil},
		{"über", "ÜBER", [][2]int{{0, 5}}},
		{"日本", "a日本b", [][2]int{{1, 7}}},
	} {
		p, err := ParsePattern(c.query)
		if err != nil {
			t.Errorf("%q: %v", c.query, err)
			continue
		}
		if got := p.Find(c.line, 10); !slices.Equal(got, c.want) {
			t.Errorf("%q in %q: %v, want %v", c.query, c.line, got, c.want)
		}
		if len(c.want) > 0 && !p.Match(c.line) {
			t.Errorf("%q does not match %q", c.query, c.line)
		}
	}
	for _, bad := range []string{"/(/", "/[a/", strings.Repeat("x", 600)} {
		if _, err := ParsePattern(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// FuzzPattern: whatever is typed, nothing panics, what is found lies inside the line in order, and a line in which something is found
// matches.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"", "/", "//", "/a/", "/(/", "İ", "/(?i)k/", "a\xffb", "/\\/", "/\\S/"} {
		f.Add(s, "some Kelvin K line a\xffb")
	}
	f.Fuzz(func(t *testing.T, query, line string) {
		p, err := ParsePattern(query)
		if err != nil {
			return
		}
		at := 0
		for _, m := range p.Find(line, 50) {
			if m[0] < at || m[1] <= m[0] || m[1] > len(line) {
				t.Fatalf("%q in %q: %v", query, line, m)
			}
			at = m[1]
		}
		if at > 0 && !p.Match(line) {
			t.Fatalf("%q is found in %q but does not match", query, line)
		}
	})
}
