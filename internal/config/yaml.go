package config

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Bounds on a file. A configuration beyond them is a mistake or an attack ("alias bomb"), never an operator's wish.
const (
	maxFileBytes = 4 << 20
	maxValues    = 200_000 // after aliases are put in place
	maxDepth     = 100
)

// readYAML turns the bytes of a file into a value; nil when that is impossible. Problems go to c.
func (c *checker) readYAML(data []byte) *value {
	if len(data) > maxFileBytes {
		c.at(&value{line: 1, col: 1}).errorf("the file is larger than %d MiB", maxFileBytes>>20)
		return nil
	}
	if !c.checkBytes(data) {
		return nil
	}
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		c.syntaxError(err)
		return nil
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		c.empty()
		return nil
	}
	r := &resolver{c: c, active: map[*yaml.Node]bool{}}
	v := r.value(doc.Content[0], 0)
	if r.stopped {
		return nil
	}
	return v
}

func (c *checker) empty() {
	c.at(&value{line: 1, col: 1}).expect("a map with the key orchestrator").errorf("the file is empty")
}

// checkBytes finds what YAML forbids outright; the parser itself would not say where it stands.
func (c *checker) checkBytes(data []byte) bool {
	line, col := 1, 1
	for rest := data; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		place := &value{line: line, col: col, kind: kindNull}
		switch {
		case r == utf8.RuneError && size == 1:
			c.at(place).wide(1).expect("text in UTF-8").errorf("byte 0x%02x is not valid UTF-8", rest[0])
			return false
		case r < 0x20 && r != '\t' && r != '\n' && r != '\r', r == 0x7f:
			c.at(place).errorf("control character U+%04X is not allowed in YAML", r)
			return false
		case r == '\n' || (r == '\r' && !bytes.HasPrefix(rest, []byte("\r\n"))):
			line, col = line+1, 0
		}
		rest, col = rest[size:], col+1
	}
	return true
}

// syntaxError reports what the YAML parser found, with its place and that of the construct around it.
func (c *checker) syntaxError(err error) {
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		c.at(&value{line: 1, col: 1}).errorf("not valid YAML: %s", err)
		return
	}
	switch {
	case strings.Contains(one.Message, "no documents"):
		c.empty()
		return
	case strings.Contains(one.Message, "multiple"):
		line := c.secondDocument()
		c.at(&value{line: line, col: 1, text: "---"}).expect("one document per file").errorf("a second YAML document begins here")
		return
	}
	mark := one.Mark
	if mark.Line == 0 {
		mark = one.ContextMark
	}
	msg := "not valid YAML: " + one.Message
	if one.ContextMsg != "" {
		msg += " " + one.ContextMsg
		if one.ContextMark.Line > 0 && one.ContextMark.Line != mark.Line {
			msg += fmt.Sprintf(" that began in line %d", one.ContextMark.Line)
		}
	}
	p := c.at(&value{line: mark.Line, col: mark.Column})
	if strings.HasPrefix(strings.TrimLeft(c.src.line(mark.Line), " "), "\t") {
		p = p.expect("blanks: YAML does not indent by tabs")
	}
	p.errorf("%s", msg)
}

func (c *checker) secondDocument() int {
	content := false
	for i, line := range c.src.lines {
		if strings.HasPrefix(line, "---") && content {
			return i + 1
		}
		trimmed := strings.TrimSpace(line)
		content = content || (trimmed != "" && !strings.HasPrefix(trimmed, "#") && !strings.HasPrefix(trimmed, "%"))
	}
	return 1
}

// resolver puts aliases and merge keys in place. Every use of an anchor gets its own copy, so that an override of one
// never changes another; the number of values bounds the work.
type resolver struct {
	c       *checker
	active  map[*yaml.Node]bool // anchors being resolved right now
	count   int
	stopped bool
}

func (r *resolver) value(n *yaml.Node, depth int) *value {
	v := &value{line: n.Line, col: n.Column}
	r.count++
	if r.stopped {
		return v
	}
	if r.count > maxValues || depth > maxDepth {
		r.stopped = true
		what := fmt.Sprintf("more than %d values once the aliases are put in place", maxValues)
		if depth > maxDepth {
			what = fmt.Sprintf("more than %d levels", maxDepth)
		}
		r.c.at(v).errorf("the file holds %s", what)
		return v
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.alias(n, depth)
	case yaml.SequenceNode:
		r.tag(n, v)
		v.kind = kindList
		for _, item := range n.Content {
			v.items = append(v.items, r.value(item, depth+1))
		}
	case yaml.MappingNode:
		r.tag(n, v)
		v.kind = kindMap
		r.mapping(n, v, depth)
	default:
		r.tag(n, v)
		r.scalar(n, v)
	}
	return v
}

func (r *resolver) alias(n *yaml.Node, depth int) *value {
	place := &value{line: n.Line, col: n.Column, text: "*" + n.Value}
	if n.Alias == nil || r.active[n.Alias] {
		r.c.at(place).errorf("alias *%s stands inside its own anchor", n.Value)
		return place
	}
	r.active[n.Alias] = true
	v := r.value(n.Alias, depth+1)
	delete(r.active, n.Alias)
	return v
}

// tag refuses tags that are not YAML's own: they would change the meaning silently.
func (r *resolver) tag(n *yaml.Node, v *value) {
	if n.Style&yaml.TaggedStyle == 0 {
		return
	}
	switch n.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq", "!!timestamp", "!!merge":
	default:
		r.c.at(v).expect("no tag").errorf("tag %q is not supported", n.Tag)
	}
}

// mapping reads the keys of a map: own keys first, then what `<<` brings, where own keys and earlier merges win.
func (r *resolver) mapping(n *yaml.Node, v *value, depth int) {
	own := map[string]*value{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.ScalarNode && k.ShortTag() == "!!merge" {
			merges = append(merges, val)
			continue
		}
		key := r.key(k, depth)
		if key == nil {
			continue
		}
		if first, twice := own[key.text]; twice {
			r.c.at(key).errorf("key %s is given twice, first in line %d", key.quoted(), first.line)
			continue
		}
		own[key.text] = key
		v.fields = append(v.fields, field{key, r.value(val, depth+1)})
	}
	for _, m := range merges {
		for _, f := range r.merged(m, depth) {
			if own[f.key.text] == nil {
				own[f.key.text] = f.key
				v.fields = append(v.fields, f)
			}
		}
	}
}

func (r *resolver) key(k *yaml.Node, depth int) *value {
	key := r.value(k, depth+1)
	if !key.scalar() {
		r.c.at(key).expect("a text").errorf("%s cannot be a key", key.kind)
		return nil
	}
	return key
}

// merged gives the fields that one `<<` brings: from a map or from a list of maps. Of equal keys the first counts.
func (r *resolver) merged(n *yaml.Node, depth int) []field {
	v := r.value(n, depth+1)
	switch v.kind {
	case kindMap:
		return v.fields
	case kindList:
		var out []field
		for _, item := range v.items {
			if item.kind != kindMap {
				r.c.at(item).expect("a map or an alias of one").errorf("%s cannot be merged", item.kind)
				continue
			}
			out = append(out, item.fields...)
		}
		return out
	default:
		if !r.stopped {
			r.c.at(&value{line: n.Line, col: n.Column, text: n.Value}).expect("a map, or a list of maps").errorf("%s cannot be merged by <<", v.kind)
		}
		return nil
	}
}

func (r *resolver) scalar(n *yaml.Node, v *value) {
	v.text, v.native, v.kind = n.Value, n.Value, kindText
	v.plain = n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	switch n.ShortTag() {
	case "!!null":
		v.kind, v.native = kindNull, nil
	case "!!bool":
		b, ok := yesNo(n.Value)
		if !ok {
			r.c.at(v).expect("true or false").errorf("%s is not a bool", v.quoted())
			v.kind, v.native = kindNull, nil // reported once is enough
			return
		}
		v.kind, v.native = kindBool, b
	case "!!int", "!!float":
		number, ok := number(n.Value)
		if !ok {
			r.c.at(v).expect("a number").errorf("%s is not a number", v.quoted())
			v.kind, v.native = kindNull, nil
			return
		}
		v.kind, v.native = kindNumber, number
	}
}

// number reads YAML's numbers as int64 or float64: 10_000, 0x1f, 0o17, 1.5e3. Infinities and NaN are none here.
func number(text string) (any, bool) {
	s := strings.ReplaceAll(text, "_", "")
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	sign := strings.TrimLeft(strings.TrimPrefix(s, "+"), "-")
	if strings.HasPrefix(sign, "0x") || strings.HasPrefix(sign, "0o") || strings.HasPrefix(sign, "0b") {
		n, err := strconv.ParseInt(strings.TrimPrefix(s, "+"), 0, 64)
		return n, err == nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, false
	}
	return f, true
}
