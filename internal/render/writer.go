package render

import (
	"strconv"
	"strings"
)

// writer brings a template's tags into a form that gonja's parser reads right, and checks them on the way:
// one line, one blank between tokens, literals and texts as indices into a table, ternaries as calls of condName with
// the condition first, the right side of `in` in brackets. Everything gonja would take wrongly or silently is refused
// here, with its place in the original source.
type writer struct {
	out      strings.Builder
	at       []mark // places, ascending by offset in out
	literals []any
	known    map[string]bool // names the template sets itself
	calls    []token         // names that are called as functions
	needs    []token         // pipe ids given as literals to functions that look at a pipe's result
	toks     []token         // of the tag at hand
	end      int             // offset of the tag's end, for errors
	depth    int
	blocks   []openBlock
}

// mark says that out from offset on stands for the source from pos on.
type mark struct{ offset, pos int }

type openBlock struct {
	name string
	pos  int
}

const (
	condName = "__cond"
	textTag  = "__text"
)

func (w *writer) put(text string, pos int) {
	if n := w.out.Len(); n > 0 {
		w.out.WriteByte(' ')
	}
	w.at = append(w.at, mark{w.out.Len(), pos})
	w.out.WriteString(text)
}

func (w *writer) putLiteral(v any, pos int) {
	w.literals = append(w.literals, v)
	w.put(`"`+strconv.Itoa(len(w.literals)-1)+`"`, pos)
}

func (w *writer) tokPos(i int) int {
	if i < len(w.toks) {
		return w.toks[i].pos
	}
	return w.end
}

// found names the token at i in an error.
func (w *writer) found(i int) string {
	switch {
	case i >= len(w.toks):
		return "the end of the tag"
	case w.toks[i].kind == tokenLiteral:
		if w.toks[i].isString() {
			return "a string"
		}
		return "the number " + w.toks[i].text
	default:
		return "'" + w.toks[i].text + "'"
	}
}

// closing gives the index of the bracket that closes the one at i. The lexer has checked the balance.
func (w *writer) closing(i int) int {
	depth := 0
	for ; i < len(w.toks); i++ {
		if w.toks[i].kind != tokenOp {
			continue
		}
		switch w.toks[i].text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(w.toks)
}

// find gives the first token in [from, to) outside of brackets that is one of the words, else to.
func (w *writer) find(from, to int, words ...string) int {
	for i := from; i < to; i++ {
		t := w.toks[i]
		if t.kind == tokenLiteral {
			continue
		}
		for _, word := range words {
			if t.text == word && (t.kind == tokenOp || i == 0 || !w.toks[i-1].is(".")) {
				return i
			}
		}
		if t.kind == tokenOp && strings.Contains("([{", t.text) {
			i = w.closing(i)
		}
	}
	return to
}

// tuple writes one expression, or several with commas between them as a tuple.
func (w *writer) tuple(from, to int) error {
	if w.find(from, to, ",") == to {
		return w.expr(from, to)
	}
	w.put("(", w.tokPos(from))
	if err := w.list(from, to, false); err != nil {
		return err
	}
	w.put(")", w.tokPos(to))
	return nil
}

// list writes expressions with commas between them; named allows name=value.
func (w *writer) list(from, to int, named bool) error {
	for from < to {
		end := w.find(from, to, ",")
		start := from
		if named && from+1 < end && w.toks[from].kind == tokenName && w.toks[from+1].is("=") {
			w.put(w.toks[from].text, w.toks[from].pos)
			w.put("=", w.toks[from+1].pos)
			start += 2
		}
		if err := w.expr(start, end); err != nil {
			return err
		}
		if end < to && (end+1 < to || !named) { // a call's last comma has no meaning and gonja does not take it
			w.put(",", w.toks[end].pos)
		}
		from = end + 1
	}
	return nil
}

// expr writes an expression that may be a ternary.
func (w *writer) expr(from, to int) error {
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > maxBrackets {
		return errAt(w.tokPos(from), "this expression is nested too deeply (more than %d)", maxBrackets)
	}
	cond := w.find(from, to, "if")
	if cond == to {
		return w.plain(from, to)
	}
	w.put(condName, w.tokPos(from))
	w.put("(", w.tokPos(cond))
	otherwise := w.find(cond+1, to, "else", "if")
	if err := w.plain(cond+1, otherwise); err != nil {
		return err
	}
	w.put(",", w.tokPos(cond))
	if err := w.plain(from, cond); err != nil {
		return err
	}
	if otherwise < to {
		if w.toks[otherwise].is("if") {
			return errAt(w.tokPos(otherwise), "unexpected 'if'; add else or brackets")
		}
		w.put(",", w.tokPos(otherwise))
		if err := w.expr(otherwise+1, to); err != nil {
			return err
		}
	}
	w.put(")", w.tokPos(to))
	return nil
}

// plain writes an expression without a ternary and checks that operands and operators take turns.
func (w *writer) plain(from, to int) error {
	operand := true // an operand is due
	for i := from; i < to; {
		var err error
		is := i
		if operand {
			is = w.tested(i, to)
		}
		switch {
		case is > i:
			i, operand, err = w.wholeTest(i, is, to)
		case operand:
			i, operand, err = w.operand(i, to)
		default:
			i, operand, err = w.operator(i, to)
		}
		if err != nil {
			return err
		}
	}
	if operand {
		return errAt(w.tokPos(to), "expected an expression, got %s", w.found(to))
	}
	return nil
}

// tested gives the place of `is` when the operand at i is followed by one, else i. Jinja binds a test as tight as a
// filter, gonja looser than a comparison, so that it needs brackets.
func (w *writer) tested(i, to int) int {
	start := i
	for i < to && (w.toks[i].is("-") || w.toks[i].is("+")) {
		i++
	}
	for operand := true; i < to; i++ {
		t := w.toks[i]
		switch {
		case t.is("is") && !operand:
			return i
		case t.is("(") || t.is("[") || t.is("{"):
			i = w.closing(i)
		case t.kind == tokenOp && t.text != "." && t.text != "|":
			return start
		case t.kind == tokenName && keyword(t.text) && !w.toks[max(i-1, 0)].is("."):
			return start
		}
		operand = false
	}
	return start
}

// wholeTest writes an operand with its test in brackets.
func (w *writer) wholeTest(i, is, to int) (next int, due bool, err error) {
	w.put("(", w.tokPos(i))
	due = true
	for i < is && err == nil {
		if due {
			i, due, err = w.operand(i, is)
		} else {
			i, due, err = w.operator(i, is)
		}
	}
	if err == nil {
		i, due, err = w.test(i, to)
	}
	w.put(")", w.tokPos(i))
	return i, due, err
}

// constants are the names with a fixed value.
func constant(name string) (v any, ok bool) {
	switch name {
	case "true", "True":
		return true, true
	case "false", "False":
		return false, true
	case "none", "None":
		return nil, true
	}
	return nil, false
}

func keyword(name string) bool {
	switch name {
	case "and", "or", "not", "in", "is", "if", "else", "elif":
		return true
	}
	return false
}

func (w *writer) operand(i, to int) (next int, due bool, err error) {
	t := w.toks[i]
	switch {
	case t.isString():
		text, _ := t.val.(string)
		for i++; i < to && w.toks[i].isString(); i++ {
			more, _ := w.toks[i].val.(string)
			text += more
		}
		w.putLiteral(text, t.pos)
		return i, false, nil
	case t.kind == tokenLiteral:
		w.putLiteral(t.val, t.pos)
		return i + 1, false, nil
	case t.kind == tokenName && t.text == "not":
		if i+1 < to && w.toks[i+1].is("not") {
			return i, false, errAt(t.pos, "'not not' is not supported; use brackets")
		}
		w.put("not", t.pos)
		return i + 1, true, nil
	case t.kind == tokenName && !keyword(t.text):
		return i + 1, false, w.name(i, to)
	case t.is("+") || t.is("-"):
		if i+1 < to && (w.toks[i+1].is("-") || w.toks[i+1].is("+")) {
			return i, false, errAt(t.pos, "two signs in a row; use brackets")
		}
		w.put(t.text, t.pos)
		return i + 1, true, nil
	case t.is("("), t.is("["):
		end := w.closing(i)
		w.put(t.text, t.pos)
		if err := w.list(i+1, end, false); err != nil {
			return i, false, err
		}
		w.put(w.toks[end].text, w.toks[end].pos)
		return end + 1, false, nil
	case t.is("{"):
		end := w.closing(i)
		return end + 1, false, w.dict(i, end)
	}
	return i, false, errAt(t.pos, "expected an expression, got %s", w.found(i))
}

func (w *writer) name(i, to int) error {
	t := w.toks[i]
	if v, ok := constant(t.text); ok {
		w.putLiteral(v, t.pos)
		return nil
	}
	if strings.HasPrefix(t.text, "__") || t.text == "nil" {
		return errAt(t.pos, "the name '%s' is not allowed", t.text)
	}
	w.put(t.text, t.pos)
	if i+1 < to && w.toks[i+1].is("(") {
		w.calls = append(w.calls, t)
		if looksAtPipe(t.text) && i+2 < len(w.toks) && w.toks[i+2].isString() {
			w.needs = append(w.needs, w.toks[i+2])
		}
	}
	return nil
}

func (w *writer) dict(i, end int) error {
	w.put("{", w.toks[i].pos)
	for from := i + 1; from < end; {
		next := w.find(from, end, ",")
		colon := w.find(from, next, ":")
		if colon == next {
			return errAt(w.tokPos(next), "expected ':' and a value, got %s", w.found(next))
		}
		if err := w.expr(from, colon); err != nil {
			return err
		}
		w.put(":", w.toks[colon].pos)
		if err := w.expr(colon+1, next); err != nil {
			return err
		}
		if next+1 < end {
			w.put(",", w.toks[next].pos)
		}
		from = next + 1
	}
	w.put("}", w.toks[end].pos)
	return nil
}
