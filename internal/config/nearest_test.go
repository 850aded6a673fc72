package config

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"base:FetchTicketsPipe", "FetchTicketsPipe", "base:ProcessTickets", "ProcessTickets", "interval_seconds", "queue"}
	for name, want := range map[string]string{
		"ProcesTickets":              "ProcessTickets",
		"base:ProcesTickets":         "base:ProcessTickets",
		"otai_base:FetchTicketPipe":  "base:FetchTicketsPipe",
		"fetchticketspipe":           "FetchTicketsPipe",
		"interval-seconds":           "interval_seconds",
		"quue":                       "queue",
		"qeueu":                      "queue",
		"something else altogether":  "",
		"":                           "",
		"q":                          "",
		"受付":                         "",
		"SimpleSequentialRunnerPipe": "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"größe", "grösse", 2}} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// TestInside holds that a place in a scalar's text is found again in the file, in every style of YAML.
func TestInside(t *testing.T) {
	const text = "lit: |\n  one\n    two X\nfold: >-\n  one two\n\n  thrée X four\nplain: one\n  two X\nsingle: 'it''s X'\ndouble: \"ü X\"\nescaped: \"\\n X\"\n"
	c := &checker{src: newSource("f.yml", []byte(text))}
	v := c.readYAML([]byte(text))
	for name, want := range map[string][2]int{
		"lit": {3, 9}, "fold": {7, 9}, "plain": {9, 7}, "single": {10, 16}, "double": {11, 12}, "escaped": {0, 0},
	} {
		s := v.get(name)
		at := -1
		for i, r := range s.text {
			if r == 'X' {
				at = i
			}
		}
		line, col, ok := c.src.inside(s, at)
		if ok != (want[0] > 0) || line != want[0] || col != want[1] {
			t.Errorf("%s: line %d, column %d, %v; want %v", name, line, col, ok, want)
		}
	}
}
