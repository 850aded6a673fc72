package bubble

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAdvanceFiresWhatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fired := 0
		time.AfterFunc(time.Hour, func() { fired++ })
		if Advance(time.Hour - 1); fired != 0 {
			t.Fatal("fired before its time")
		}
		if Advance(1); fired != 1 {
			t.Fatalf("fired %d times at its time, want 1", fired)
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
