package onnxtext

import "unicode/utf8"

// bytesPerToken bounds what is given to the tokenizer at all: a token stands for less text than this on average in every
// language, and whole mailboxes come as one text.
const bytesPerToken = 64

// Cut gives the longest beginning of a text that has at most limit tokens, and their number. count gives the tokens of a
// text, special ones among them. The end is where a word ends, unless one word alone is too long.
func Cut(text string, limit int, count func(string) int) (string, int) {
	if most := limit * bytesPerToken; len(text) > most {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text = text[:most]
	}
	n := count(text)
	if n <= limit {
		return text, n
	}
	ends := wordEnds(text)
	if len(ends) == 0 || count(text[:ends[0]]) > limit {
		ends = runeEnds(text)
	}
	// The most ends with at most limit tokens. Tokens need not grow with every word, so what is found is checked again.
	lo, hi := 0, len(ends)
	for lo < hi {
		if mid := (lo + hi) / 2; count(text[:ends[mid]]) <= limit {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for ; lo > 0; lo-- {
		if n := count(text[:ends[lo-1]]); n <= limit {
			return text[:ends[lo-1]], n
		}
	}
	return "", count("")
}

// wordEnds are the places behind words that are followed by a blank.
func wordEnds(s string) []int {
	var out []int
	word := false
	for i, r := range s {
		blank := r == ' ' || r == '\n' || r == '\t' || r == '\r'
		if blank && word {
			out = append(out, i)
		}
		word = !blank
	}
	return out
}

func runeEnds(s string) []int {
	out := make([]int, 0, len(s))
	for i := range s {
		if i > 0 {
			out = append(out, i)
		}
	}
	return out
}
