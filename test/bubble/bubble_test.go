package bubble

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAdvanceFiresWhatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fired atomic.Int32
		time.AfterFunc(time.Hour, func() { fired.Add(1) })
		if Advance(time.Hour - 1); fired.Load() != 0 {
			t.Fatal("fired before its time")
		}
		if Advance(1); fired.Load() != 1 {
			t.Fatalf("fired %d times at its time, want 1", fired.Load())
		}
	})
}

func TestAdvanceRefusesRealTime(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("Advance outside a bubble must panic, not sleep")
		}
	}()
	Advance(time.Hour)
}
