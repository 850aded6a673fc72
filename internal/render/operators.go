package render

func (w *writer) operator(i, to int) (next int, due bool, err error) {
	t := w.toks[i]
	switch t.text {
	case "+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "and", "or":
		if t.kind != tokenLiteral {
			w.put(t.text, t.pos)
			return i + 1, true, nil
		}
	case "|":
		return w.filter(i, to)
	case ".":
		if i+1 < to && w.toks[i+1].kind == tokenName {
			return w.attribute(i, to)
		}
		return i, false, errAt(w.tokPos(i+1), "expected a name after '.', got %s", w.found(i+1))
	case "(", "[":
		if t.kind == tokenOp {
			return w.postfix(i)
		}
	case "in":
		return w.in(i, i, to)
	case "not":
		if i+1 < to && w.toks[i+1].is("in") {
			return w.in(i, i+1, to)
		}
	case "is":
		return w.test(i, to)
	}
	return i, false, errAt(t.pos, "unexpected %s", w.found(i))
}

// attribute writes .name. Names that gonja reads as operators become subscripts.
func (w *writer) attribute(i, to int) (next int, due bool, err error) {
	t := w.toks[i+1]
	if keyword(t.text) && !(i+2 < to && w.toks[i+2].is("(")) {
		w.put("[", t.pos)
		w.putLiteral(t.text, t.pos)
		w.put("]", t.pos)
		return i + 2, false, nil
	}
	w.put(".", w.toks[i].pos)
	w.put(t.text, t.pos)
	return i + 2, false, nil
}

// postfix writes a call's arguments or a subscript.
func (w *writer) postfix(i int) (next int, due bool, err error) {
	t, end := w.toks[i], w.closing(i)
	w.put(t.text, t.pos)
	switch {
	case t.text == "(":
		err = w.list(i+1, end, true)
	case w.find(i+1, end, ":") < end:
		err = w.slice(i+1, end)
	default:
		err = w.tuple(i+1, end)
	}
	if err == nil {
		w.put(w.toks[end].text, w.toks[end].pos)
	}
	return end + 1, false, err
}

func (w *writer) slice(from, to int) error {
	for parts := 1; ; parts++ {
		end := w.find(from, to, ":")
		if end > from {
			if err := w.expr(from, end); err != nil {
				return err
			}
		}
		if end == to {
			return nil
		}
		if parts == 3 {
			return errAt(w.tokPos(end), "unexpected ':'")
		}
		w.put(":", w.toks[end].pos)
		from = end + 1
	}
}

// in writes `in` with its right side in brackets: gonja would end it at the first filter.
func (w *writer) in(i, in, to int) (next int, due bool, err error) {
	for ; i <= in; i++ {
		w.put(w.toks[i].text, w.toks[i].pos)
	}
	end := w.find(i, to, "and", "or", "in", "==", "!=", "<", "<=", ">", ">=")
	if not := w.find(i, end, "not"); not > i && not+1 < end && w.toks[not+1].is("in") {
		end = not
	}
	w.put("(", w.tokPos(i))
	if err := w.plain(i, end); err != nil {
		return i, false, err
	}
	w.put(")", w.tokPos(end))
	return end, false, nil
}

func (w *writer) filter(i, to int) (next int, due bool, err error) {
	if i+1 >= to || w.toks[i+1].kind != tokenName {
		return i, false, errAt(w.tokPos(i+1), "expected a filter's name, got %s", w.found(i+1))
	}
	name := w.toks[i+1]
	if filterNamed(name.text) == nil {
		return i, false, errAt(name.pos, "there is no filter named '%s'", name.text)
	}
	w.put("|", w.toks[i].pos)
	w.put(name.text, name.pos)
	if i+2 < to && w.toks[i+2].is("(") {
		return w.postfix(i + 2)
	}
	return i + 2, false, nil
}

// test writes `is [not] name [argument]`.
func (w *writer) test(i, to int) (next int, due bool, err error) {
	w.put("is", w.toks[i].pos)
	i++
	if i < to && w.toks[i].is("not") {
		w.put("not", w.toks[i].pos)
		i++
	}
	if i >= to || w.toks[i].kind == tokenLiteral {
		return i, false, errAt(w.tokPos(i), "expected a test's name, got %s", w.found(i))
	}
	name := w.toks[i]
	if testNamed(name.text) == nil {
		return i, false, errAt(name.pos, "there is no test named '%s'", name.text)
	}
	w.put(name.text, name.pos)
	i++
	if i == to {
		return i, false, nil
	}
	t := w.toks[i]
	if t.is("(") || t.is("[") || t.is("{") || t.kind == tokenLiteral || (t.kind == tokenName && !keyword(t.text)) {
		i, due, err = w.operand(i, to)
		for err == nil && i < to && (w.toks[i].is(".") || w.toks[i].is("[") || w.toks[i].is("(")) {
			i, due, err = w.operator(i, to)
		}
	}
	return i, due, err
}
