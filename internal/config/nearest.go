package config

import "strings"

// Nearest gives the candidate closest to a name, "" when none is close.
func Nearest(name string, candidates []string) string { return nearest(name, candidates) }

// nearest gives the candidate closest to name, "" when none is close: at most a third of the longer word may differ.
// Case, prefixes up to a colon and the difference of "_" and "-" cost next to nothing.
func nearest(name string, candidates []string) string {
	folded := fold(name)
	if folded == "" || len(folded) > 100 {
		return ""
	}
	best, bestCost := "", 1<<30
	for _, c := range candidates {
		other := fold(c)
		cost := 2 * editDistance(folded, other)
		limit := (2*max(len(folded), len(other)) + 2) / 3
		if cost > max(limit, 2) {
			continue
		}
		if c != name && !strings.Contains(c, ":") == strings.Contains(name, ":") {
			cost++ // prefer the spelling with a prefix when one was written
		}
		if cost < bestCost {
			best, bestCost = c, cost
		}
	}
	return best
}

func fold(s string) string {
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		s = s[i+1:]
	}
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), "-", "_")
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := [3][]int{make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, last, now := rows[0], rows[1], rows[2]
		now[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		rows[0], rows[1], rows[2] = last, now, before
	}
	return rows[1][len(y)]
}
