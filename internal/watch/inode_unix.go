//go:build unix

package watch

import (
	"io/fs"
	"syscall"
)

// inode tells a file from another one of the same time and size that took its place; 0 = unknown.
func inode(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}
