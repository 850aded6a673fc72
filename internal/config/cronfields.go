package config

import (
	"strings"
	"unicode"
)

// cronFields are APScheduler's fields from the least significant one, in the order of a cron expression.
var cronFields = [...]string{"second", "minute", "hour", "day", "month", "day_of_week"}

// cronFromFields writes APScheduler's fields as a cron expression: fields below the least one given are 0 (or the
// first), fields above are "any". A schedule that cron cannot say is a problem, never something near it.
func (c *checker) cronFromFields(parts map[string]*value) *value {
	words := make([]string, len(cronFields))
	var place *value
	for i, name := range cronFields {
		part := parts[name]
		switch {
		case part != nil:
			text, ok := c.textOf(part)
			if !ok {
				return nil
			}
			if place == nil {
				place = part
			}
			words[i] = strings.ReplaceAll(strings.TrimSpace(text), " ", "")
		case place != nil || name == "month" || name == "day_of_week":
			words[i] = "*"
		case name == "day":
			words[i] = "1"
			if parts["day_of_week"] != nil {
				words[i] = "*"
			}
		default:
			words[i] = "0"
		}
		if name == "day" && strings.ContainsFunc(words[i], unicode.IsLetter) {
			c.at(part).expect("a list, range or step").errorf("%s is not supported as %s", part.quoted(), name)
			return nil
		}
	}
	if parts["day"] != nil && parts["day_of_week"] != nil && words[3] != "*" && words[5] != "*" {
		c.at(parts["day_of_week"]).expect("day or day_of_week").
			errorf("day and day_of_week together are not supported: cron means either, APScheduler both")
		return nil
	}
	words[5] = mondayFirst(words[5])
	built := *place
	built.made, built.text, built.kind = true, strings.Join(words, " "), kindText
	built.native = built.text
	return &built
}

// mondayFirst turns APScheduler's numbers (0 = Monday) into names, so that cron's (0 = Sunday) are not meant.
func mondayFirst(field string) string {
	days := [...]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	entries := strings.Split(field, ",")
	for i, entry := range entries {
		span, step, stepped := strings.Cut(entry, "/")
		ends := strings.Split(span, "-")
		for j, end := range ends {
			if len(end) == 1 && end[0] >= '0' && end[0] <= '6' {
				ends[j] = days[end[0]-'0']
			}
		}
		entries[i] = strings.Join(ends, "-")
		if stepped {
			entries[i] += "/" + step
		}
	}
	return strings.Join(entries, ",")
}
