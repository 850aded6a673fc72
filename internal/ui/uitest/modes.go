package uitest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// modeSequences are what turns a terminal's modes on and off: private modes, the keyboard's stack and its modifiers, and the application
// keypad.
var modeSequences = regexp.MustCompile(`\x1b\[\?([0-9;]+)([hl])|` +
	`\x1b\[>([0-9]*)u|\x1b\[<([0-9]*)u|\x1b\[=([0-9;]*)u|\x1b\[>4(?:;([0-9]))?m|\x1b([=>])`)

// LeftOn gives the modes that output leaves a terminal in, apart from those it begins with: nothing when the terminal is as it was.
// Synchronized output (2026) counts too.
func LeftOn(raw string) []string {
	on := map[string]bool{}
	depth := 0 // of the keyboard's stack
	for _, m := range modeSequences.FindAllStringSubmatch(raw, -1) {
		switch {
		case m[1] != "":
			for mode := range strings.SplitSeq(m[1], ";") {
				set := m[2] == "h"
				if mode == "25" || mode == "7" || mode == "12" { // on at the beginning: cursor, wrapping; blinking is as one likes
					set = !set && mode != "12"
				}
				on["mode "+mode] = set
			}
		case strings.HasPrefix(m[0], "\x1b[>4"):
			on["modified keys"] = m[6] != "" && m[6] != "0"
		case strings.HasSuffix(m[0], "u") && m[0][2] == '>':
			depth++
		case strings.HasSuffix(m[0], "u") && m[0][2] == '<':
			depth--
		case strings.HasSuffix(m[0], "u"):
			on["keyboard flags"] = !strings.HasPrefix(m[5], "0")
		case m[7] != "":
			on["keypad"] = m[7] == "="
		}
	}
	var out []string
	for mode, set := range on {
		if set {
			out = append(out, mode)
		}
	}
	if depth > 0 {
		out = append(out, fmt.Sprintf("keyboard stack %d deep", depth))
	}
	slices.Sort(out)
	return out
}
