package engine

// Points at which tests break the engine (Options.Fail, see internal/failpoint), each named for what comes next or has just
// happened. What the store does around its commits has points of its own, see store.Options.Fail.
const (
	failClaim    = "engine.claim"     // rows of ticks are about to be submitted
	failStart    = "engine.start"     // a run is about to execute, its start is durable
	failStep     = "engine.step"      // a step's pipe is about to be called
	failStepDone = "engine.step-done" // a pipe has returned, its step is not written yet
	failEnd      = "engine.end"       // a run has ended, its end is not written yet
	failAfter    = "engine.after"     // an upstream's end is durable, the run it makes due is not
	failHandlers = "engine.handlers"  // a run's end is durable, its handlers are about to run

	failWriteOpen = "engine.write-open" // the intent to write to a ticket is durable, nothing is sent yet
	failWriteDone = "engine.write-done" // a ticket system has answered a write, the journal does not know it yet
)

// failAt is a point: tests kill the process or hold it up there. Errors mean nothing here; those of the disk are the store's.
func (e *Engine) failAt(point string) {
	if e.o.Fail != nil {
		_ = e.o.Fail(point)
	}
}
