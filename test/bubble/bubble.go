// Package bubble moves the fake clock of testing/synctest. Tests use it in place of time.Sleep, which the linter forbids:
// outside a synctest bubble Advance panics, so that no test can wait in real time by accident.
package bubble

import (
	"testing/synctest"
	"time"
)

// Advance lets every goroutine of the bubble come to rest, moves the clock by d, and lets them come to rest again. Only
// one goroutine of a bubble may call it at a time; a goroutine that plays slow work waits on a timer and its context.
func Advance(d time.Duration) {
	synctest.Wait()
	time.Sleep(d) //nolint:forbidigo // the clock of the bubble: Wait above panics outside of one
	synctest.Wait()
}
