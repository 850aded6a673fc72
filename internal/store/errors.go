package store

import (
	"errors"
	"fmt"
	"syscall"
)

// The classes of failing disks, for errors.Is. Nothing that was acknowledged is lost by any of them, and a write that failed may
// be tried again on the same Store.
var (
	ErrFull     = errors.New("the disk is full: free space in the state directory; writing goes on by itself then")
	ErrReadOnly = errors.New("the history is read-only: make the state directory writable for this user, or mount its disk for writing")
	ErrDisk     = errors.New("the disk reports errors: look at the system's log, and copy the state directory to a good disk")
	ErrCorrupt  = errors.New("the history is damaged: stop the engine and put a backup in its place")
)

// Result codes of SQLite, https://www.sqlite.org/rescode.html; the low byte of an extended code is its class.
const (
	codeBusy     = 5 // another process has held the write lock for longer than busy_timeout
	codeReadOnly = 8
	codeIO       = 10
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26

	codeIOShmSize = 4874 // the shared memory beside the history cannot grow: no room for it
)

// class puts the class of a failing disk before an error. Other errors stay as they are.
func (d driver) class(err error) error {
	if err == nil {
		return nil
	}
	if class := d.classOf(err); class != nil && !errors.Is(err, class) {
		return fmt.Errorf("%w (%w)", class, err)
	}
	return err
}

// wholeDisk says that an error is about the disk or the file, not about what was written.
func (d driver) wholeDisk(err error) bool {
	return d.classOf(err) != nil || d.code(err)&0xff == codeBusy
}

func (d driver) classOf(err error) error {
	switch code := d.code(err); {
	case code == codeIOShmSize:
		return ErrFull
	case code&0xff == codeFull:
		return ErrFull
	case code&0xff == codeReadOnly:
		return ErrReadOnly
	case code&0xff == codeIO:
		return ErrDisk
	case code&0xff == codeCorrupt, code == codeNotADB:
		return ErrCorrupt
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return ErrFull
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES):
		return ErrReadOnly
	case errors.Is(err, syscall.EIO):
		return ErrDisk
	}
	return nil
}
