//go:build !linux && !darwin && !freebsd

package engine

// diskRoom is not known here.
func diskRoom(string) (free, total int64) { return -1, -1 }
