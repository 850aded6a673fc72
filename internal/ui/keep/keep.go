// Package keep holds what a viewer set in a console, in one small file per user.
package keep

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxName is how long a file name becomes before it is cut.
const maxName = 150

// Max is the most bytes that are read or written.
const Max = 256 << 10

// ErrTooBig says that a file is larger than Max.
var ErrTooBig = errors.New("it is larger than 256 KiB")

// File is the file of one user. Its methods may be called from any goroutine; calls of one user's consoles do not disturb
// each other, the last one written counts.
type File struct{ path string }

// ForUser gives the file of a user in a directory, which is made when something is written.
func ForUser(dir, user string) *File { return &File{filepath.Join(dir, FileName(user))} }

// FileName makes a file name of a user's name that is safe on every system and differs for every name: letters in lower
// case, digits and - stay, everything else is written as %xx of its bytes. Very long names are cut and
// get a checksum.
func FileName(user string) string {
	var b strings.Builder
	b.WriteString("user-")
	for i := range len(user) {
		c := user[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
		if b.Len() > maxName {
			sum := sha256.Sum256([]byte(user))
			fmt.Fprintf(&b, "-%x", sum[:6])
			break
		}
	}
	return b.String() + ".json"
}

// Path is where the file is, for messages.
func (f *File) Path() string { return f.path }

// Load reads the file; nil without an error when there is none.
func (f *File) Load() ([]byte, error) {
	in, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what the console kept: %w", err)
	}
	defer func() { _ = in.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(in, Max+1))
	if err != nil {
		return nil, fmt.Errorf("read what the console kept in %s: %w", f.path, err)
	}
	if len(data) > Max {
		return nil, fmt.Errorf("read what the console kept in %s: %w", f.path, ErrTooBig)
	}
	return data, nil
}

// Save replaces the file in one step: a crash leaves the old one or the new one.
func (f *File) Save(data []byte) (err error) {
	if len(data) > Max {
		return fmt.Errorf("keep the console's state: %w", ErrTooBig)
	}
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keep the console's state: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".keep-*")
	if err != nil {
		return fmt.Errorf("keep the console's state: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name()) // the error that counts is there already
		}
	}()
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("keep the console's state in %s: %w", f.path, err)
	}
	return nil
}

// Aside puts a file that cannot be read out of the way and says where it is now. An older one that was put aside is
// replaced.
func (f *File) Aside() (string, error) {
	to := f.path + ".bad"
	if err := os.Rename(f.path, to); err != nil {
		return "", fmt.Errorf("put what the console kept aside: %w", err)
	}
	return to, nil
}
