package render

import "slices"

// blockEnds gives each block's end tag.
var blockEnds = map[string]string{"if": "endif", "for": "endfor", "set": "endset", "with": "endwith", "filter": "endfilter"}

// text writes literal text as a tag of our own, so that gonja's blank rules never touch it.
func (w *writer) text(p part) {
	w.put("{%", p.pos)
	w.put(textTag, p.pos)
	w.putLiteral(p.text, p.pos)
	w.put("%}", p.pos)
}

// part writes one piece of a template.
func (w *writer) part(p part) error {
	w.toks, w.end = p.toks, p.end
	switch p.kind {
	case partData:
		w.text(p)
		return nil
	case partPrint:
		w.put("{{", p.pos)
		if err := w.tuple(0, len(p.toks)); err != nil {
			return err
		}
		w.put("}}", p.end)
		return nil
	}
	if len(p.toks) == 0 || p.toks[0].kind != tokenName {
		return errAt(p.pos, "expected a tag's name")
	}
	w.put("{%", p.pos)
	w.put(p.toks[0].text, p.toks[0].pos)
	if err := w.tag(p); err != nil {
		return err
	}
	w.put("%}", p.end)
	return nil
}

func (w *writer) tag(p part) error {
	name, n := p.toks[0], len(p.toks)
	switch name.text {
	case "if":
		return w.open(p, w.tuple(1, n))
	case "elif":
		if err := w.inside(name, "if"); err != nil {
			return err
		}
		return w.tuple(1, n)
	case "else":
		if err := w.inside(name, "if", "for"); err != nil {
			return err
		}
		return w.nothing(1)
	case "for":
		return w.open(p, w.forTag(n))
	case "set":
		return w.setTag(p, n)
	case "with":
		return w.open(p, w.withTag(n))
	case "filter":
		return w.open(p, w.filterTag(n))
	case "endif", "endfor", "endset", "endwith", "endfilter":
		return w.close(name)
	case "include", "import", "from", "extends", "macro", "call", "block", "do", "raw", "endraw":
		return errAt(name.pos, "the tag '%s' is not supported", name.text)
	default:
		return errAt(name.pos, "there is no tag named '%s'", name.text)
	}
}

func (w *writer) open(p part, err error) error {
	if err != nil {
		return err
	}
	if len(w.blocks) >= maxBlocks {
		return errAt(p.pos, "blocks are nested too deeply (more than %d)", maxBlocks)
	}
	w.blocks = append(w.blocks, openBlock{p.toks[0].text, p.pos})
	return nil
}

func (w *writer) inside(name token, blocks ...string) error {
	if n := len(w.blocks); n == 0 || !slices.Contains(blocks, w.blocks[n-1].name) {
		return errAt(name.pos, "'%s' has no '%s' before it", name.text, blocks[0])
	}
	return nil
}

func (w *writer) close(name token) error {
	n := len(w.blocks)
	if n == 0 {
		return errAt(name.pos, "'%s' ends no block", name.text)
	}
	if want := blockEnds[w.blocks[n-1].name]; want != name.text {
		return errAt(name.pos, "unexpected '%s', expected '%s'", name.text, want)
	}
	w.blocks = w.blocks[:n-1]
	return w.nothing(1)
}

// nothing refuses tokens from i on.
func (w *writer) nothing(i int) error {
	if i < len(w.toks) {
		return errAt(w.toks[i].pos, "unexpected %s", w.found(i))
	}
	return nil
}

// targets writes the names that a tag sets; dotted allows space.name.
func (w *writer) targets(from, to int, dotted bool) error {
	for i := from; ; i += 2 {
		if i >= to || w.toks[i].kind != tokenName || keyword(w.toks[i].text) {
			return errAt(w.tokPos(i), "expected a name, got %s", w.found(i))
		}
		t := w.toks[i]
		if _, fixed := constant(t.text); fixed || len(t.text) > 1 && t.text[:2] == "__" || t.text == "nil" {
			return errAt(t.pos, "the name '%s' cannot be set", t.text)
		}
		w.known[t.text] = true
		w.put(t.text, t.pos)
		if dotted && i == from && i+3 == to && w.toks[i+1].is(".") && w.toks[i+2].kind == tokenName {
			w.put(".", w.toks[i+1].pos)
			w.put(w.toks[i+2].text, w.toks[i+2].pos)
			return nil
		}
		if i+1 >= to {
			return nil
		}
		if !w.toks[i+1].is(",") {
			return errAt(w.toks[i+1].pos, "unexpected %s", w.found(i+1))
		}
		w.put(",", w.toks[i+1].pos)
	}
}

// forTag writes `for names in expression [if condition]`. Brackets around the names are not supported.
func (w *writer) forTag(n int) error {
	in := w.find(1, n, "in")
	if err := w.targets(1, in, false); err != nil {
		return err
	}
	if in == n {
		return errAt(w.end, "expected 'in', got %s", w.found(n))
	}
	w.put("in", w.toks[in].pos)
	cond := w.find(in+1, n, "if")
	if last := n - 1; last > in && w.toks[last].is("recursive") {
		return errAt(w.toks[last].pos, "'recursive' is not supported")
	}
	if err := w.tuple(in+1, cond); err != nil {
		return err
	}
	if cond < n {
		w.put("if", w.toks[cond].pos)
		return w.expr(cond+1, n)
	}
	return nil
}

func (w *writer) setTag(p part, n int) error {
	assign := w.find(1, n, "=")
	if assign < n {
		if err := w.targets(1, assign, true); err != nil {
			return err
		}
		w.put("=", w.toks[assign].pos)
		return w.tuple(assign+1, n)
	}
	pipe := w.find(1, n, "|")
	if err := w.targets(1, pipe, true); err != nil {
		return err
	}
	return w.open(p, w.filters(pipe, n))
}

// filters writes | name(...) | name ...
func (w *writer) filters(i, n int) error {
	for i < n {
		if !w.toks[i].is("|") {
			return errAt(w.toks[i].pos, "unexpected %s", w.found(i))
		}
		next, _, err := w.filter(i, n)
		if err != nil {
			return err
		}
		i = next
	}
	return nil
}

func (w *writer) withTag(n int) error {
	for from := 1; from < n; {
		end := w.find(from, n, ",")
		assign := w.find(from, end, "=")
		if assign == end {
			return errAt(w.tokPos(end), "expected name = value")
		}
		if err := w.targets(from, assign, false); err != nil {
			return err
		}
		w.put("=", w.toks[assign].pos)
		if err := w.expr(assign+1, end); err != nil {
			return err
		}
		if end < n {
			w.put(",", w.toks[end].pos)
		}
		from = end + 1
	}
	return nil
}

// filterTag writes `filter name(...) | ...` with a first bar, so that all filters look alike.
func (w *writer) filterTag(n int) error {
	if n < 2 {
		return errAt(w.end, "expected a filter's name")
	}
	bar := token{kind: tokenOp, text: "|", pos: w.toks[1].pos}
	w.toks = slices.Insert(slices.Clone(w.toks), 1, bar)
	return w.filters(1, n+1)
}
