//go:build !unix

package watch

import "io/fs"

// inode is not in a file's information here: time and size have to do.
func inode(fs.FileInfo) uint64 { return 0 }
