package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/openticketai/otai-tui/internal/pipe"
)

// Problem is one thing wrong, or doubtful, in a configuration.
type Problem struct {
	Pos      pipe.Pos // File is "environment variable X" with Line 0 for values that come from the environment
	Path     string   // "orchestrator.runners[0].pipe.use"
	Msg      string
	Expected string // "" = said in Msg
	Nearest  string // nearest valid name; "" = none
	Line     string // the source line
	Width    int    // characters the caret covers from Pos.Col; 0 = 1
}

// Errors is what Load and Parse return for a configuration that cannot run: all problems at once, in file order.
type Errors struct{ Problems []Problem }

// Error prints every problem with its line, a caret, what was expected and the nearest valid name.
func (e *Errors) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.String()
	}
	return strings.Join(parts, "\n")
}

// Where is the clickable place: "config.yml:7:13", or what the value came from.
func (p Problem) Where() string {
	if p.Pos.Line == 0 {
		return p.Pos.File
	}
	return fmt.Sprintf("%s:%d:%d", p.Pos.File, p.Pos.Line, p.Pos.Col)
}

// String prints the problem over several lines, as compilers do.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", p.Where(), p.Msg)
	margin := "     "
	if p.Line != "" {
		number := fmt.Sprintf("%4d", p.Pos.Line)
		margin = strings.Repeat(" ", len(number)+1)
		line, indent, carets := excerpt(p.Line, p.Pos.Col, p.Width)
		fmt.Fprintf(&b, "\n%s | %s\n%s| %s%s", number, line, margin, strings.Repeat(" ", indent), strings.Repeat("^", carets))
	}
	if hint := p.Hint(); hint != "" {
		fmt.Fprintf(&b, "\n%s= %s", margin, hint)
	}
	return b.String()
}

// Hint says what was expected and which valid name is nearest; "" when there is nothing to say.
func (p Problem) Hint() string {
	var parts []string
	if p.Expected != "" {
		parts = append(parts, "expected "+p.Expected)
	}
	if p.Nearest != "" {
		parts = append(parts, fmt.Sprintf("did you mean %q?", p.Nearest))
	}
	return strings.Join(parts, "; ")
}

// Longest excerpt of a source line, and how much of it stands before the caret when it is cut.
const (
	excerptWidth = 160
	excerptLead  = 60
)

// excerpt makes a source line safe to print and says where its caret goes, in terminal columns.
func excerpt(line string, col, width int) (text string, indent, carets int) {
	runes := []rune(line)
	start := min(max(col-1, 0), len(runes))
	end := min(start+max(width, 1), max(len(runes), start))
	from, to := 0, len(runes)
	if len(runes) > excerptWidth {
		from = max(0, start-excerptLead)
		to = min(len(runes), from+excerptWidth)
	}
	end = min(end, to)
	lead := ""
	if from > 0 {
		lead = "…"
	}
	before := lead + printable(runes[from:start])
	text = before + printable(runes[start:to])
	if to < len(runes) {
		text += "…"
	}
	return text, ansi.StringWidth(before), max(1, ansi.StringWidth(printable(runes[start:end])))
}

// printable replaces tabs by a fixed number of blanks and control characters by a mark, so that carets stay in line.
func printable(runes []rune) string {
	var b strings.Builder
	for _, r := range runes {
		switch {
		case r == '\t':
			b.WriteString("    ")
		case r < 0x20 || (r >= 0x7f && r < 0xa0) || r == '\u2028' || r == '\u2029' || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069):
			b.WriteRune('\ufffd')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// sortProblems puts problems in file order, those of the environment last, and drops repeats: a shared anchor is
// checked at every place that uses it.
func sortProblems(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(boolInt(a.Pos.Line == 0), boolInt(b.Pos.Line == 0)),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
			cmp.Compare(a.Pos.File, b.Pos.File),
		)
	})
	seen := make(map[string]bool, len(problems))
	return slices.DeleteFunc(problems, func(p Problem) bool {
		key := p.Where() + "\x00" + p.Msg
		repeated := seen[key]
		seen[key] = true
		return repeated
	})
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
