package watch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Identity names what is at a path: modification time, size and inode of a file; of a directory a hash of its entries' names
// and identities. It is the same as long as nothing changed, and "" while nothing is there. A path that cannot be read has
// an identity of its own too, so that the change is noticed; whoever reads the file learns why.
func Identity(path string) string { return look(path).identity }

// state is what one look found.
type state struct {
	identity string
	entries  map[string]string // of a directory: name -> identity; nil = not a directory, or not known
}

// look reads the state of a path. Symbolic links are followed: their turning counts.
func look(path string) state {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return state{}
	case err != nil:
		return state{identity: "unreadable"}
	case !info.IsDir():
		return state{identity: identityOf(info)}
	}
	names, err := os.ReadDir(path)
	if err != nil {
		return state{identity: "unreadable"}
	}
	entries := make(map[string]string, len(names))
	sum := sha256.New()
	for _, entry := range names { // sorted by name
		info, err := os.Stat(filepath.Join(path, entry.Name()))
		if err != nil {
			continue // it went meanwhile, or is a link that leads nowhere
		}
		id := identityOf(info)
		entries[entry.Name()] = id
		_, _ = fmt.Fprintf(sum, "%q %s\n", entry.Name(), id) // a hash never fails
	}
	return state{identity: hex.EncodeToString(sum.Sum(nil)[:16]), entries: entries}
}

func identityOf(info fs.FileInfo) string {
	if info.IsDir() { // a directory in a directory: only that it is there
		return fmt.Sprintf("dir:%d", inode(info))
	}
	return fmt.Sprintf("%d:%d:%d", info.ModTime().UnixNano(), info.Size(), inode(info))
}

// changed gives the names whose identity differs.
func changed(before, after map[string]string) []string {
	if before == nil || after == nil {
		return nil
	}
	var names []string
	for name, id := range after {
		if before[name] != id {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, there := after[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
