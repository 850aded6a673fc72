package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is one of the six columns of a spec.
type field struct {
	name     string
	min, max int
	names    []string // names[0] stands for min
	question bool     // "?" is another way to write "*"
}

func fieldTable() [6]field {
	return [6]field{
		{name: "second", max: 59},
		{name: "minute", max: 59},
		{name: "hour", max: 23},
		{name: "day of month", min: 1, max: 31, question: true},
		{name: "month", min: 1, max: 12, names: []string{
			"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
		}},
		{name: "day of week", max: 6, names: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, question: true},
	}
}

// item is one entry of a field's list, with its values as numbers.
type item struct {
	field  *field
	star   bool
	lo, hi int // hi may be 7 for a range of days that ends on Sunday
	step   int // 0 = no step was written
}

// normal gives the item as robfig's parser reads it.
func (it item) normal() string {
	base := fmt.Sprintf("%d-%d", it.lo, it.hi)
	switch {
	case it.star:
		base = "*"
	case it.hi > it.field.max: // up to Sunday, whose number is 0 there
		var days []string
		for d := it.lo; d <= it.hi; d += max(it.step, 1) {
			days = append(days, strconv.Itoa(d%7))
		}
		return strings.Join(days, ",")
	}
	if it.step > 0 {
		base += "/" + strconv.Itoa(it.step)
	}
	return base
}

// parse reads a field: a list of items.
func (f *field) parse(w word) ([]item, error) {
	var out []item
	for col, rest, more := w.col, w.text, true; more; {
		var text string
		text, rest, more = strings.Cut(rest, ",")
		it, err := f.parseItem(word{text, col})
		if err != nil {
			return nil, err
		}
		out = append(out, it)
		col += len(text) + 1
	}
	return out, nil
}

// parseItem reads "*", "5", "1-5", each with "/step" behind it or not.
func (f *field) parseItem(w word) (item, error) {
	it := item{field: f}
	if w.text == "" {
		return it, f.fail(w.col, "empty list item: expected %s", f.expected())
	}
	base, stepText, stepped := strings.Cut(w.text, "/")
	rangeWord := word{base, w.col}
	var err error
	if base == "*" || (base == "?" && f.question) {
		it.star, it.lo, it.hi = true, f.min, f.max
	} else if loText, hiText, ranged := strings.Cut(base, "-"); ranged {
		it.lo, it.hi, err = f.parseRange(rangeWord, loText, hiText)
	} else if it.lo, err = f.parseValue(rangeWord); err == nil {
		it.lo %= f.max + 1 // 7 is Sunday, 0
		if it.hi = it.lo; stepped {
			it.hi = f.max // "5/15" is 5-59/15
		}
	}
	if err != nil || !stepped {
		return it, err
	}
	it.step, err = f.parseStep(word{stepText, w.col + len(base) + 1}, it)
	return it, err
}

func (f *field) parseRange(w word, loText, hiText string) (lo, hi int, err error) {
	if loText == "*" || loText == "?" {
		return 0, 0, f.fail(w.col, "%q: a range begins with a value, expected %s", w.text, f.expected())
	}
	if lo, err = f.parseValue(word{loText, w.col}); err != nil {
		return 0, 0, err
	}
	hiWord := word{hiText, w.col + len(loText) + 1}
	if hi, err = f.parseValue(hiWord); err != nil {
		return 0, 0, err
	}
	if f.isDow() && hi == 0 && lo > 0 && strings.EqualFold(hiText, "sun") {
		hi = 7 // "fri-sun"
	}
	if f.isDow() && lo == 7 {
		lo, hi = 0, hi%7
	}
	if lo > hi {
		return 0, 0, f.fail(w.col, "%q runs backwards: write \"%d-%d,%d-%d\"", w.text, lo, f.max, f.min, hi)
	}
	return lo, hi, nil
}

// parseStep reads what stands behind "/". A step that only ever reaches the first value is a mistake.
func (f *field) parseStep(w word, it item) (int, error) {
	if !isDigits(w.text) {
		return 0, f.fail(w.col, "step %q: expected a number from 1", w.text)
	}
	values := it.hi - it.lo + 1
	step, err := strconv.Atoi(w.text)
	switch {
	case err != nil || (step > 1 && step >= values):
		return 0, f.fail(w.col, "step %s is too large: the range %d-%d has %s", w.text, it.lo, it.hi, plural(values, "value"))
	case step == 0:
		return 0, f.fail(w.col, "step 0: expected a number from 1")
	}
	return step, nil
}

// parseValue reads a number or a name.
func (f *field) parseValue(w word) (int, error) {
	if isDigits(w.text) {
		n, err := strconv.Atoi(w.text)
		if err != nil || n < f.min || n > f.top() {
			return 0, f.fail(w.col, "%s is out of range: expected %s", w.text, f.expected())
		}
		return n, nil
	}
	name := strings.ToLower(w.text)
	if i := slices.Index(f.names, name); i >= 0 {
		return f.min + i, nil
	}
	switch {
	case w.text == "":
		return 0, f.fail(w.col, "a value is missing: expected %s", f.expected())
	case len(name) > 3 && slices.Contains(f.names, name[:3]):
		return 0, f.fail(w.col, "%q: write %q", w.text, name[:3])
	case strings.Contains(name, "*"):
		return 0, f.fail(w.col, "%q: \"*\" stands alone or before a step (\"*/5\")", w.text)
	case name == "?":
		return 0, f.fail(w.col, "\"?\" is for days only: write \"*\"")
	case strings.ContainsAny(name, "#") || strings.Trim(name, "0123456789lwh") == "":
		return 0, f.fail(w.col, "%q: the forms L, W, # and H of other crons are not known here, expected %s", w.text, f.expected())
	}
	return 0, f.fail(w.col, "%q: expected %s", w.text, f.expected())
}

func (f *field) fail(col int, format string, args ...any) error {
	return &ParseError{Col: col, Field: f.name, Msg: fmt.Sprintf(format, args...)}
}

func (f *field) isDow() bool { return f.name == "day of week" }

// top gives the largest number that may be written: 7 is Sunday too.
func (f *field) top() int {
	if f.isDow() {
		return 7
	}
	return f.max
}

// expected names what a value may be.
func (f *field) expected() string {
	switch {
	case f.isDow():
		return "0-7 (0 and 7 are Sunday) or sun-sat"
	case f.names != nil:
		return fmt.Sprintf("%d-%d or %s-%s", f.min, f.max, f.names[0], f.names[len(f.names)-1])
	}
	return fmt.Sprintf("%d-%d", f.min, f.max)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
