package schedule

import (
	"encoding/binary"
	"hash/fnv"
	"time"
)

// Jitter says how much later than its nominal time a tick starts: a hash of both modulo the lesser of most and gap, the distance
// to the next nominal time (0 = there is none), so that ticks never pass one another. It is the same at each start, and can
// be shown beforehand. From a second on it is whole milliseconds.
func Jitter(runner string, nominal time.Time, most, gap time.Duration) time.Duration {
	if gap > 0 {
		most = min(most, gap)
	}
	if most <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(runner))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(nominal.Unix())))
	_, _ = h.Write(binary.BigEndian.AppendUint32(nil, uint32(nominal.Nanosecond())))
	x := h.Sum64() // FNV leaves its high bits to the first bytes; the finalizer of MurmurHash3 mixes them
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	d := time.Duration(x % uint64(most))
	if most >= time.Second {
		d = d.Truncate(time.Millisecond)
	}
	return d
}
