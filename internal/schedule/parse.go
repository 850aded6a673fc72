package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// MaxSpec is the longest cron spec accepted, in bytes.
const MaxSpec = 256

// ParseError is what is wrong with a cron spec.
type ParseError struct {
	Col   int    // 1-based column in the trimmed spec; 0 when no single place is to blame
	Field string // "second", "minute", "hour", "day of month", "month", "day of week"; "" for the spec as a whole
	Msg   string // what was found and what was expected
}

// Error gives the field and the message.
func (e *ParseError) Error() string {
	if e.Field == "" {
		return e.Msg
	}
	return e.Field + ": " + e.Msg
}

// ParseCron reads a cron spec: five fields (minute, hour, day of month, month, day of week), six with seconds first, or a
// descriptor such as @daily. Its times are wall times of zone; nil is UTC. The warnings are for specs that are legal and
// rarely meant. An error is a *ParseError.
func ParseCron(spec string, zone *time.Location) (*Cron, []string, error) {
	if zone == nil {
		zone = time.UTC
	}
	spec = strings.TrimSpace(spec)
	if err := checkText(spec); err != nil {
		return nil, nil, err
	}
	words := splitWords(spec)
	if strings.HasPrefix(spec, "@") {
		expanded, err := expand(words)
		if err != nil {
			return nil, nil, err
		}
		words = splitWords(expanded)
	}
	normal, items, err := parseFields(words)
	if err != nil {
		return nil, nil, err
	}
	sets, err := parseSets(normal)
	if err != nil {
		return nil, nil, &ParseError{Msg: err.Error()}
	}
	c := fromSets(spec, zone, sets)
	if err := c.checkFires(words); err != nil {
		return nil, nil, err
	}
	return c, warnings(sets, items), nil
}

// checkText refuses what no field could make sense of.
func checkText(spec string) error {
	if spec == "" {
		return &ParseError{Msg: "empty: expected a cron spec such as \"0 8 * * mon-fri\""}
	}
	if len(spec) > MaxSpec {
		return &ParseError{Msg: fmt.Sprintf("too long: expected at most %d characters, found %d", MaxSpec, len(spec))}
	}
	for i := range len(spec) {
		if b := spec[i]; b != '\t' && (b < ' ' || b > '~') {
			return &ParseError{Col: i + 1, Msg: "expected one line of plain ASCII characters"}
		}
	}
	for _, prefix := range []string{"TZ=", "CRON_TZ="} {
		if len(spec) >= len(prefix) && strings.EqualFold(spec[:len(prefix)], prefix) {
			return &ParseError{Col: 1, Msg: prefix + " is not accepted here: put the zone's name into \"timezone\""}
		}
	}
	return nil
}

// word is a part of a spec between blanks, or a part of such a part, with its 1-based column.
type word struct {
	text string
	col  int
}

func splitWords(spec string) []word {
	var out []word
	for i := 0; i < len(spec); {
		if spec[i] == ' ' || spec[i] == '\t' {
			i++
			continue
		}
		end := i
		for end < len(spec) && spec[end] != ' ' && spec[end] != '\t' {
			end++
		}
		out = append(out, word{spec[i:end], i + 1})
		i = end
	}
	return out
}

// expand gives the fields a descriptor stands for.
func expand(words []word) (string, error) {
	if len(words) > 1 && words[0].text != "@every" {
		return "", &ParseError{Col: words[1].col, Msg: fmt.Sprintf("%s stands alone: unexpected %q", words[0].text, words[1].text)}
	}
	switch name := words[0].text; name {
	case "@yearly", "@annually":
		return "0 0 1 1 *", nil
	case "@monthly":
		return "0 0 1 * *", nil
	case "@weekly":
		return "0 0 * * 0", nil
	case "@daily", "@midnight":
		return "0 0 * * *", nil
	case "@hourly":
		return "0 * * * *", nil
	case "@every":
		return "", &ParseError{Col: 1, Msg: "@every is not a cron spec: use interval_seconds"}
	case "@reboot":
		return "", &ParseError{Col: 1, Msg: "@reboot names no time: expected @hourly, @daily, @weekly, @monthly or @yearly"}
	default:
		return "", &ParseError{Col: 1, Msg: fmt.Sprintf(
			"unknown descriptor %q: expected @hourly, @daily (@midnight), @weekly, @monthly or @yearly (@annually)", name)}
	}
}

// parseFields checks five or six fields and gives robfig's form of them, seconds always first, with their items.
func parseFields(words []word) (string, [][]item, error) {
	if len(words) != 5 && len(words) != 6 {
		return "", nil, &ParseError{Msg: fmt.Sprintf("expected 5 fields (minute, hour, day of month, month, day of week), "+
			"or 6 with seconds first, found %d", len(words))}
	}
	fields := fieldTable()
	if len(words) == 5 {
		words = append([]word{{text: "0"}}, words...)
	}
	normal := make([]string, len(fields))
	items := make([][]item, len(fields))
	for i, f := range fields {
		var err error
		if items[i], err = f.parse(words[i]); err != nil {
			return "", nil, err
		}
		parts := make([]string, len(items[i]))
		for j, it := range items[i] {
			parts[j] = it.normal()
		}
		normal[i] = strings.Join(parts, ",")
	}
	return strings.Join(normal, " "), items, nil
}

// parseSets is the only use of robfig/cron: its parser makes bit sets. It panics on some inputs that never get here; the
// recover is for those nobody has found yet.
func parseSets(normal string) (sets *cron.SpecSchedule, err error) {
	defer func() {
		if r := recover(); r != nil {
			sets, err = nil, fmt.Errorf("not a cron spec: %v", r)
		}
	}()
	parser := cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	parsed, err := parser.Parse(normal)
	if err != nil {
		return nil, err
	}
	sets, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, errors.New("not a cron spec")
	}
	return sets, nil
}

// starBit is robfig's mark for a field written as "*" (or "*/1"); "*/2" does not carry it.
const starBit = 1 << 63

func fromSets(spec string, zone *time.Location, sets *cron.SpecSchedule) *Cron {
	const everyHour = 1<<24 - 1
	return &Cron{
		spec: spec, zone: zone,
		second: sets.Second &^ starBit, minute: sets.Minute &^ starBit, hour: sets.Hour &^ starBit,
		dom: sets.Dom &^ starBit, month: sets.Month &^ starBit, dow: sets.Dow &^ starBit,
		bothDays:  (sets.Dom|sets.Dow)&starBit != 0,
		fixedHour: sets.Hour&everyHour != everyHour,
	}
}

// checkFires refuses dates that never come. The calendar decides, not today's date: from 2000 to 2009 it shows everything.
func (c *Cron) checkFires(words []word) error {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	if _, ok := c.match(start, start+searchBound); ok {
		return nil
	}
	dom := words[len(words)-3]
	return &ParseError{Col: dom.col, Field: "day of month", Msg: fmt.Sprintf("never fires: no month of %q has a day %s",
		words[len(words)-2].text, dom.text)}
}
