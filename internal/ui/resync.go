package ui

import "time"

// resyncWait is the least time between two readings of the whole picture: it costs the engine as much as it has runners.
const resyncWait = time.Second

// resync says when the whole picture is read again. The zero value is at rest.
type resync struct {
	on    bool // it is being read, or was just now
	again bool // it changed meanwhile
}

// resyncMsg says that the picture may be read again.
type resyncMsg struct{}

// readAll reads the whole picture again: at once, or, when that was done just now, once for all that asked meanwhile.
func (a *App) readAll() {
	if a.resync.on {
		a.resync.again = true
		return
	}
	a.resync = resync{on: true}
	a.run(a.snapshot())
}

// rested lets the next reading begin.
func (a *App) rested() {
	again := a.resync.again
	a.resync = resync{}
	if again {
		a.readAll()
	}
}
