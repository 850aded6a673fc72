package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Usage is the room that history takes, in bytes.
type Usage struct {
	History int64 // all its files
	WAL     int64 // of them, the write-ahead log
}

// Measure looks how large the history in dir is.
func Measure(dir string) (Usage, error) {
	var u Usage
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(filepath.Join(dir, FileName+suffix))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return u, fmt.Errorf("measure history: %w", err)
		}
		u.History += info.Size()
		if suffix == "-wal" {
			u.WAL = info.Size()
		}
	}
	return u, nil
}

// Stalled says for how long the group commit that is going on has lasted; 0 = none is.
func (s *Store) Stalled() time.Duration {
	since := s.writer.since.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since)) //nolint:forbidigo // measures the commit, decides nothing
}
