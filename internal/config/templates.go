package config

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/openticketai/otai-tui/internal/render"
)

// templates compiles the templates of one pipe or service and notes which results they ask for.
type templates struct {
	c    *checker
	refs []resultRef
}

// resultRef is one get_pipe_result, pipe_result or has_failed in a template.
type resultRef struct {
	v        *value
	function string
	id       string // "" = computed
	offset   int    // of the id in v.text, in bytes
	width    int
}

// check compiles the template in v. Its errors are placed in the file where that can be told, and always name the
// template's own line.
func (t *templates) check(v *value) {
	if v == nil || v.kind != kindText {
		return
	}
	if _, err := t.c.opts.Renderer.Compile(v.text); err != nil {
		t.report(v, err)
		return
	}
	for _, tag := range tagsOf(v.text) {
		t.findResults(v, tag)
		t.findEnv(v, tag)
	}
}

func (t *templates) report(v *value, err error) {
	if v.env != "" || v.hidden {
		t.c.at(v).expect("%s", "a Jinja template, or a text without {{ and {%").errorf("the value is not a valid template")
		return
	}
	var re *render.Error
	if !errors.As(err, &re) || re.Line < 1 {
		t.c.at(v).errorf("bad template: %s", err)
		return
	}
	offset := offsetOf(v.text, re.Line, re.Col)
	// An error at the end of the text, or at a blank, points at the last character before it.
	before := strings.TrimRight(v.text[:min(offset+1, len(v.text))], " \t\n")
	if _, size := utf8.DecodeLastRuneInString(before); size > 0 {
		offset = len(before) - size
	}
	t.c.atOffset(v, offset, 1).errorf("bad template: line %d of the template: %s", re.Line, re.Msg)
}

// offsetOf gives the byte offset of a line and column, both from 1; column 0 is the line's first visible character.
func offsetOf(text string, line, col int) int {
	offset := 0
	for range line - 1 {
		i := strings.IndexByte(text[offset:], '\n')
		if i < 0 {
			return len(text)
		}
		offset += i + 1
	}
	rest := text[offset:]
	if col < 1 {
		return offset + len(rest) - len(strings.TrimLeft(rest, " \t"))
	}
	for range col - 1 {
		_, size := utf8.DecodeRuneInString(rest)
		if size == 0 || rest[0] == '\n' {
			break
		}
		offset, rest = offset+size, rest[size:]
	}
	return offset
}

// tag is the inside of one {{ }} or {% %}.
type tag struct {
	text   string
	offset int
}

func tagsOf(text string) []tag {
	var out []tag
	for at := 0; at < len(text); {
		i := strings.IndexByte(text[at:], '{')
		if i < 0 || at+i+1 >= len(text) {
			break
		}
		at += i
		closing := map[byte]string{'{': "}}", '%': "%}", '#': "#}"}[text[at+1]]
		if closing == "" {
			at++
			continue
		}
		end := strings.Index(text[at+2:], closing)
		if end < 0 {
			break
		}
		if closing != "#}" {
			out = append(out, tag{text[at+2 : at+2+end], at + 2})
		}
		at += 2 + end + 2
	}
	return out
}

var resultCall = regexp.MustCompile(`\b(get_pipe_result|pipe_result|has_failed)\(\s*(?:'([^'\\]*)'|"([^"\\]*)"|[^\s'")])`)

func (t *templates) findResults(v *value, in tag) {
	for _, m := range resultCall.FindAllStringSubmatchIndex(in.text, -1) {
		ref := resultRef{v: v, function: in.text[m[2]:m[3]], offset: in.offset + m[2], width: m[3] - m[2]}
		for _, g := range []int{4, 6} {
			if m[g] >= 0 {
				ref.id = in.text[m[g]:m[g+1]]
				ref.offset = in.offset + m[g]
				ref.width = utf8.RuneCountInString(ref.id)
			}
		}
		// A literal that goes on ("'a' + x", "'a' ~ x") is computed after all.
		tail := strings.TrimLeft(in.text[m[1]:], " ")
		if ref.id != "" && tail != "" && tail[0] != ')' && tail[0] != ',' {
			ref.id = ""
		}
		t.refs = append(t.refs, ref)
	}
}

var (
	envCall  = regexp.MustCompile(`\bget_env\(\s*(?:'([^']*)'|"([^"]*)")\s*\)`)
	envField = regexp.MustCompile(`(?:^|[^.\w])env(?:\.([A-Za-z_]\w*)|\[\s*(?:'([^']*)'|"([^"]*)")\s*\])`)
	hasOther = regexp.MustCompile(`\bdefault\b|\bd\(|\bdefined\b|\bor\b|\bif\b|\bset\s+env\b`)
)

// findEnv warns of variables that are not set, unless the template says what happens then.
func (t *templates) findEnv(v *value, in tag) {
	if hasOther.MatchString(in.text) || v.hidden && v.env != "" {
		return
	}
	for _, re := range []*regexp.Regexp{envCall, envField} {
		for _, m := range re.FindAllStringSubmatchIndex(in.text, -1) {
			for g := 2; g < len(m); g += 2 {
				if m[g] < 0 {
					continue
				}
				name := in.text[m[g]:m[g+1]]
				if _, set := t.c.env(name); !set && name != "" {
					t.c.atOffset(v, in.offset+m[g], len(name)).expect("it in the environment or in .env").
						warnf("environment variable %s is not set", name)
				}
			}
		}
	}
}
