package screen

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// field is one name and value of a line.
type field struct{ name, value string }

// maxFields bounds the fields of one line.
const maxFields = 60

// foldRows is how many of h rows the folded-out fields take.
func (v *LogView) foldRows(h int) int {
	if !v.fold || h < 6 {
		return 0
	}
	return min(h/3, 8)
}

// drawFold draws the fields of the current line under a rule.
func (v *LogView) drawFold(c part.Canvas) {
	l := v.current()
	if l == nil {
		return
	}
	fields, form := fieldsOf(l.Msg)
	c.Rule(0, "line "+text.ClockMillis(l.At)+"Z"+theme.Sep+l.Runner+theme.Sep+form, "J folds")
	head := []field{
		{"level", l.Level},
		{"run", ShortID(l.Run)},
		{"line", strconv.FormatInt(l.Seq, 10)},
		{"step", l.Step},
		{"attempt", strconv.Itoa(l.Attempt)},
	}
	y := drawFields(c, 1, head)
	if len(fields) == 0 {
		for _, s := range part.Wrap(l.Msg, c.W-2, c.H-y) {
			c.Text(1, y, c.W-2, theme.Plain, s)
			y++
		}
		return
	}
	drawFields(c, y, fields)
}

// drawFields draws name=value one after the other, in as many rows as they need, and gives the next free row.
func drawFields(c part.Canvas, y int, fields []field) int {
	x := 1
	for _, f := range fields {
		w := text.Width(f.name) + 1 + text.Width(f.value)
		if x > 1 && x+w > c.W-1 {
			x, y = 1, y+1
		}
		if y >= c.H {
			return y
		}
		at := c.Put(x, y, theme.Muted, f.name+"=")
		lines := part.Wrap(f.value, max(c.W-at-1, 1), max(c.H-y, 1))
		for i, s := range lines {
			c.Text(at, y+i, max(c.W-at-1, 0), theme.Plain, s)
		}
		y += max(len(lines)-1, 0)
		x += w + 2
	}
	return y + 1
}

// fieldsOf finds the fields of a message: a JSON object at its end, or key=value pairs. form says what was found.
func fieldsOf(msg string) (fields []field, form string) {
	if i := strings.IndexByte(msg, '{'); i >= 0 {
		if fields := jsonFields(msg[i:]); len(fields) > 0 {
			if s := strings.TrimSpace(msg[:i]); s != "" {
				fields = append([]field{{"msg", text.Line(s, maxText)}}, fields...)
			}
			return fields, "JSON"
		}
	}
	if fields := pairs(msg); len(fields) > 0 {
		return fields, "key=value"
	}
	return nil, "plain text"
}

// jsonFields reads an object with its members in their order; nil = it is none.
func jsonFields(s string) []field {
	d := json.NewDecoder(strings.NewReader(s))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var out []field
	for d.More() && len(out) < maxFields {
		name, err := d.Token()
		if err != nil {
			return nil
		}
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			return nil
		}
		value := string(raw)
		var str string
		if json.Unmarshal(raw, &str) == nil {
			value = str
		}
		out = append(out, field{text.Line(fmt.Sprint(name), 256), text.Line(value, maxText)})
	}
	return out
}

// pairs reads key=value pairs. The words before them are the message; words behind a value without quotes belong to it, as pipes write
// them.
func pairs(s string) []field {
	var out []field
	var words []string
	open := false // the last value may go on
	for s = strings.TrimSpace(s); s != "" && len(out) < maxFields; s = strings.TrimLeft(s, " ") {
		word, rest, _ := strings.Cut(s, " ")
		name, value, ok := strings.Cut(word, "=")
		if !ok || name == "" || strings.ContainsAny(name, `"'(<[{/?`) {
			if open {
				out[len(out)-1].value += " " + word
			} else {
				words = append(words, word)
			}
			s = rest
			continue
		}
		open = !strings.HasPrefix(value, `"`)
		if !open {
			if q, err := strconv.QuotedPrefix(s[len(name)+1:]); err == nil {
				rest = s[len(name)+1+len(q):]
				value, _ = strconv.Unquote(q)
			}
		}
		out, s = append(out, field{name, value}), rest
	}
	if len(out) == 0 {
		return nil
	}
	if len(words) > 0 {
		out = append([]field{{"msg", strings.Join(words, " ")}}, out...)
	}
	for i := range out {
		out[i] = field{text.Line(out[i].name, 256), text.Line(out[i].value, maxText)}
	}
	return out
}

// ExportLine is a log line as a file has it, with its gap before it.
func ExportLine(l *orchestrator.LogLine) string {
	var b strings.Builder
	if l.Gap > 0 {
		fmt.Fprintf(&b, "-- %s missing here --\n", count(l.Gap, "line is", "lines are"))
	}
	fmt.Fprintf(&b, "%s %-5s run=%s step=%s attempt=%d  %s\n", l.At.UTC().Format("2006-01-02T15:04:05.000Z"), strings.ToUpper(l.Level), l.Run, l.Step,
		l.Attempt, l.Msg)
	return b.String()
}
