//go:build !linux && !darwin && !freebsd

package engine

// DiskRoom is not known here.
func DiskRoom(string) (free, total int64) { return -1, -1 }
