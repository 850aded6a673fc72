package ticket

import (
	"slices"
	"strings"
)

// Ranks of priorities, see PriorityRank.
const (
	RankUnknown = iota
	RankVeryLow
	RankLow
	RankNormal
	RankHigh
	RankVeryHigh
)

// PriorityRank puts priority names of all systems on one scale, 1 (very low) to 5 (very high); 0 = not known. Words
// decide ("4 Low" of some systems is low); a lone number counts as OTOBO counts, 5 being the most urgent.
func PriorityRank(name string) int {
	s := strings.ToLower(strings.TrimSpace(name))
	number := strings.TrimLeft(s, "0123456789")
	digits := s[:len(s)-len(number)]
	word := strings.Trim(number, " -–_:.()")
	if rank, ok := wordRank(word); ok {
		return rank
	}
	if word == "" && len(digits) == 1 && digits >= "1" && digits <= "5" {
		return int(digits[0] - '0')
	}
	return RankUnknown
}

func wordRank(word string) (int, bool) {
	words := strings.FieldsFunc(word, func(r rune) bool { return r == ' ' || r == '-' || r == '_' || r == '/' })
	very := slices.ContainsFunc(words, func(w string) bool { return w == "very" || w == "sehr" || w == "extremely" || w == "super" })
	for _, w := range words {
		switch w {
		case "lowest", "trivial", "niedrigste", "minimal", "verylow":
			return RankVeryLow, true
		case "highest", "critical", "urgent", "emergency", "blocker", "immediate", "kritisch", "dringend", "höchste", "notfall", "veryhigh":
			return RankVeryHigh, true
		case "low", "minor", "niedrig", "gering":
			return pick(very, RankVeryLow, RankLow), true
		case "high", "major", "hoch", "important", "wichtig":
			return pick(very, RankVeryHigh, RankHigh), true
		case "normal", "medium", "mittel", "moderate", "standard", "default":
			return RankNormal, true
		}
	}
	return RankUnknown, false
}

func pick(cond bool, yes, no int) int {
	if cond {
		return yes
	}
	return no
}

// scales are the priority names of known systems, from the least to the most urgent.
func scales() [][]string {
	return [][]string{
		{"1 very low", "2 low", "3 normal", "4 high", "5 very high"},
		{"1 sehr niedrig", "2 niedrig", "3 normal", "4 hoch", "5 sehr hoch"},
		{"1 low", "2 normal", "3 high"},
		{"5 Sehr niedrig", "4 Niedrig", "3 Mittel", "2 Hoch", "1 Sehr Hoch"},
		{"5 Very Low", "4 Low", "3 Medium", "2 High", "1 Very High"},
		{"very low", "low", "normal", "high", "very high"},
		{"low", "medium", "high", "urgent"},
	}
}

// RaisePriority gives the name one step more urgent, in the spelling of the scale that name belongs to. It gives ""
// when name is the top of its scale, and false when the scale is not known.
func RaisePriority(name string) (string, bool) {
	for _, scale := range scales() {
		i := slices.IndexFunc(scale, func(s string) bool { return strings.EqualFold(s, strings.TrimSpace(name)) })
		switch {
		case i < 0:
			continue
		case i == len(scale)-1:
			return "", true
		default:
			return scale[i+1], true
		}
	}
	return "", PriorityRank(name) == RankVeryHigh
}
