package ticket

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
)

// Values of Ticket.Lock.
const (
	Lock   = "lock"
	Unlock = "unlock"
)

// fieldName is what all systems allow.
var fieldName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,199}$`)

// CheckFields refuses names that are none: they become part of a query.
func CheckFields[V any](fields map[string]V) error {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !fieldName.MatchString(name) {
			return fault.Permanentf("%q is no name of a field: letters, digits, - and _", name)
		}
	}
	return nil
}

// CheckLock refuses what is neither lock nor unlock nor "".
func CheckLock(s string) error {
	if s != "" && s != Lock && s != Unlock {
		return fault.Permanentf("lock %q must be %s or %s", s, Lock, Unlock)
	}
	return nil
}

// FieldText gives the value of a field as one text: "" for none, "1" and "0" for true and false, items of a list with commas.
func FieldText(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		if x {
			return "1"
		}
		return "0"
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case []string:
		return strings.Join(x, ", ")
	case []any:
		parts := make([]string, len(x))
		for i, item := range x {
			parts[i] = FieldText(item)
		}
		return strings.Join(parts, ", ")
	default:
		return fmt.Sprint(x)
	}
}

// FieldIs says whether a field has the wanted value: the same text, or "" for none. A list has each of its items.
func FieldIs(v any, want string) bool {
	if list, ok := v.([]any); ok && want != "" {
		return FieldText(v) == want || slices.ContainsFunc(list, func(item any) bool { return FieldText(item) == want })
	}
	return FieldText(v) == want
}
