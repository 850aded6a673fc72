package render

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/parser"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// template is a compiled template. It is immutable.
type template struct {
	source   string // as given
	clean    string // what positions refer to
	root     []nodes.Node
	literals []any
	at       []mark
	needs    []string // pipe ids given as literals
}

func (t *template) Source() string { return t.source }

// compile checks a source and parses it with gonja.
func compile(src string) (t *template, err error) {
	if len(src) > maxSource {
		return nil, &Error{Msg: fmt.Sprintf("the template is too long: %d bytes, at most %d", len(src), maxSource)}
	}
	t = &template{source: src, clean: cleanSource(src)}
	defer func() {
		if r := recover(); r != nil {
			t, err = nil, &Error{Msg: "the template cannot be read"}
		}
	}()
	if err = t.build(); err == nil {
		return t, nil
	}
	var p *placed
	if errors.As(err, &p) {
		line, col := position(t.clean, p.pos)
		err = &Error{Line: line, Col: col, Msg: p.msg}
	}
	return nil, err
}

func (t *template) build() error {
	parts, err := scan(t.clean)
	if err != nil {
		return err
	}
	w := &writer{known: map[string]bool{}}
	for _, p := range parts {
		if err := w.part(p); err != nil {
			return err
		}
	}
	if n := len(w.blocks); n > 0 {
		b := w.blocks[n-1]
		return errAt(b.pos, "'%s' is never closed; add %s", b.name, blockEnds[b.name])
	}
	for _, call := range w.calls {
		if functionNamed(call.text) == nil && !w.known[call.text] {
			return errAt(call.pos, "there is no function named '%s'", call.text)
		}
	}
	for _, id := range w.needs {
		if s, ok := id.val.(string); ok && !slices.Contains(t.needs, s) {
			t.needs = append(t.needs, s)
		}
	}
	t.literals, t.at = w.literals, w.at
	return t.parse(w.out.String())
}

// parse gives the written form to gonja. There is no loader: nothing can be read from anywhere.
func (t *template) parse(written string) error {
	cfg := config.New()
	tree, err := parser.NewParser("template", tokens.LexAll(written, cfg), cfg, nil, ownTags{}).Parse()
	if err == nil {
		t.root = tree.Nodes
		return nil
	}
	var syntax *parser.SyntaxError
	if errors.As(err, &syntax) && syntax.Line == 1 {
		msg := strings.TrimSuffix(syntax.Message, ".")
		return errAt(t.sourcePos(syntax.Column-1), "this cannot be read here: %s", msg)
	}
	return &Error{Msg: "the template cannot be read"}
}

// sourcePos turns an offset in the written form into one in the source.
func (t *template) sourcePos(offset int) int {
	i := sort.Search(len(t.at), func(i int) bool { return t.at[i].offset > offset })
	if i == 0 {
		return 0
	}
	return t.at[i-1].pos
}

// The nodes of our own tags.
type (
	textNode struct {
		*nodes.Data
		text string
	}
	ifNode struct {
		*nodes.Data
		conds  []nodes.Expression
		bodies []*nodes.Wrapper // one more than conds when there is an else
	}
	forNode struct {
		*nodes.Data
		names       []string
		in, cond    nodes.Expression
		body, empty *nodes.Wrapper
	}
	setNode struct {
		*nodes.Data
		names   []string
		attr    string
		value   nodes.Expression
		body    *nodes.Wrapper // of the block form; value is nil then
		filters []*nodes.FilterCall
	}
	withNode struct {
		*nodes.Data
		names  []string
		values []nodes.Expression
		body   *nodes.Wrapper
	}
	filterNode struct {
		*nodes.Data
		filters []*nodes.FilterCall
		body    *nodes.Wrapper
	}
)

// ownTags are the tags there are. Those that read files, define functions or run for their effect are missing.
type ownTags struct{}

// Get gives the parser of a tag.
func (ownTags) Get(name string) (parser.ControlStructureParser, bool) {
	switch name {
	case textTag:
		return parseText, true
	case "if":
		return parseIf, true
	case "for":
		return parseFor, true
	case "set":
		return parseSet, true
	case "with":
		return parseWith, true
	case "filter":
		return parseFilterTag, true
	}
	return nil, false
}

func parseText(_, args *parser.Parser) (nodes.ControlStructure, error) {
	at := args.Current()
	return &textNode{&nodes.Data{Data: at}, at.Val}, nil
}

// expression parses a whole expression; several with commas between them are a tuple only inside brackets, which the
// writer has put.
func expression(args *parser.Parser) (nodes.Expression, error) {
	e, err := args.ParseExpression()
	if err == nil && e == nil {
		err = args.Error("expected an expression", args.Current())
	}
	return e, err
}

func finished(args *parser.Parser) error {
	if !args.End() {
		return args.Error("unexpected '"+args.Current().Val+"'", args.Current())
	}
	return nil
}

func parseIf(p, args *parser.Parser) (nodes.ControlStructure, error) {
	n := &ifNode{Data: &nodes.Data{Data: args.Current()}}
	for end := "elif"; end != "endif"; {
		if end == "elif" {
			cond, err := expression(args)
			if err != nil {
				return nil, err
			}
			n.conds = append(n.conds, cond)
		}
		if err := finished(args); err != nil {
			return nil, err
		}
		ends := []string{"elif", "else", "endif"}
		if end == "else" {
			ends = ends[2:]
		}
		body, next, err := p.WrapUntil(ends...)
		if err != nil {
			return nil, err
		}
		n.bodies = append(n.bodies, body)
		args, end = next, body.EndTag
	}
	return n, nil
}

func parseNames(args *parser.Parser) []string {
	var names []string
	for t := args.Match(tokens.Name); t != nil; t = args.Match(tokens.Name) {
		names = append(names, t.Val)
		if args.Match(tokens.Comma) == nil {
			break
		}
	}
	return names
}

func parseFor(p, args *parser.Parser) (n nodes.ControlStructure, err error) {
	f := &forNode{Data: &nodes.Data{Data: args.Current()}, names: parseNames(args)}
	if args.Match(tokens.In) == nil {
		return nil, args.Error("expected 'in'", args.Current())
	}
	if f.in, err = expression(args); err != nil {
		return nil, err
	}
	if args.MatchName("if") != nil {
		if f.cond, err = expression(args); err != nil {
			return nil, err
		}
	}
	if err = finished(args); err != nil {
		return nil, err
	}
	if f.body, _, err = p.WrapUntil("else", "endfor"); err != nil {
		return nil, err
	}
	if f.body.EndTag == "else" {
		f.empty, _, err = p.WrapUntil("endfor")
	}
	return f, err
}

func parseFilters(args *parser.Parser) (filters []*nodes.FilterCall, err error) {
	for args.Match(tokens.Pipe) != nil {
		f, err := args.ParseFilter()
		if err != nil {
			return nil, err
		}
		filters = append(filters, f)
	}
	return filters, finished(args)
}

func parseSet(p, args *parser.Parser) (_ nodes.ControlStructure, err error) {
	s := &setNode{Data: &nodes.Data{Data: args.Current()}, names: parseNames(args)}
	if args.Match(tokens.Dot) != nil {
		if t := args.Match(tokens.Name); t != nil {
			s.attr = t.Val
		}
	}
	if args.Match(tokens.Assign) != nil {
		if s.value, err = expression(args); err != nil {
			return nil, err
		}
		return s, finished(args)
	}
	if s.filters, err = parseFilters(args); err != nil {
		return nil, err
	}
	s.body, _, err = p.WrapUntil("endset")
	return s, err
}

func parseWith(p, args *parser.Parser) (_ nodes.ControlStructure, err error) {
	w := &withNode{Data: &nodes.Data{Data: args.Current()}}
	for !args.End() {
		name := args.Match(tokens.Name)
		if name == nil || args.Match(tokens.Assign) == nil {
			return nil, args.Error("expected name = value", args.Current())
		}
		value, err := expression(args)
		if err != nil {
			return nil, err
		}
		w.names, w.values = append(w.names, name.Val), append(w.values, value)
		if args.Match(tokens.Comma) == nil {
			break
		}
	}
	if err = finished(args); err != nil {
		return nil, err
	}
	w.body, _, err = p.WrapUntil("endwith")
	return w, err
}

func parseFilterTag(p, args *parser.Parser) (_ nodes.ControlStructure, err error) {
	f := &filterNode{Data: &nodes.Data{Data: args.Current()}}
	if f.filters, err = parseFilters(args); err != nil {
		return nil, err
	}
	f.body, _, err = p.WrapUntil("endfilter")
	return f, err
}
