package part

// Window keeps a cursor visible in a list: it gives the first row to show of n rows when h fit, as close to top as it
// can.
func Window(top, cursor, n, h int) int {
	if h <= 0 {
		return 0
	}
	top = min(top, cursor)
	top = max(top, cursor-h+1)
	return max(min(top, n-h), 0)
}

// Moves is how many rows have to move to bring the order have into the order want: the rows outside the longest run
// that already stands in the right order. Rows that only one of them has do not count.
func Moves(have, want []string) int {
	place := make(map[string]int, len(want))
	for i, id := range want {
		place[id] = i
	}
	var tails []int // tails[k] is the smallest last place of an increasing row of k+1 places
	n := 0
	for _, id := range have {
		p, ok := place[id]
		if !ok {
			continue
		}
		n++
		lo, hi := 0, len(tails)
		for lo < hi {
			if mid := (lo + hi) / 2; tails[mid] < p {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		if lo == len(tails) {
			tails = append(tails, p)
		} else {
			tails[lo] = p
		}
	}
	return n - len(tails)
}
