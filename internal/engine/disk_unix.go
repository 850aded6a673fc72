//go:build linux || darwin || freebsd

package engine

import "syscall"

// DiskRoom gives the bytes that are free for us on the disk of a directory, and its size; -1 = not known.
func DiskRoom(dir string) (free, total int64) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return -1, -1
	}
	size := int64(st.Bsize) //nolint:unconvert // its type differs from system to system
	return int64(st.Bavail) * size, int64(st.Blocks) * size
}
