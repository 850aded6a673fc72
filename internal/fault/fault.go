// Package fault sorts errors into the classes that decide what happens next: a retry, a wait or a stop.
//
// The classes are those of docs/pipes.md. An error without a class is Transient: trying again is the safe guess for
// work that runs at least once.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Class says what can help against an error.
type Class string

// The classes, as they are written to history and shown on screens.
const (
	Transient   Class = "transient"    // trying again may help: refused connection, 502, a busy service
	Permanent   Class = "permanent"    // trying again cannot help: bad credentials, unknown ticket, bad template
	RateLimited Class = "rate_limited" // the other side asked to wait; see RetryAfter
	Timeout     Class = "timeout"      // our own deadline ended the work
	Cancelled   Class = "cancelled"    // an operator or a shutdown ended the work
)

// Error is an error with its class. The zero Class means Transient.
type Error struct {
	Class      Class
	RetryAfter time.Duration // how long the other side asked to wait; 0 = not said
	ExitCode   int           // exit code of a command; 0 = none or not a command
	Untried    bool          // what failed was not even tried, see NewUntried
	Err        error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the classified error's cause.
func (e *Error) Unwrap() error { return e.Err }

// NewPermanent marks err as one that no retry can help. A nil err stays nil.
func NewPermanent(err error) error { return wrap(Permanent, 0, err) }

// NewTransient marks err as one that a retry may help. A nil err stays nil.
func NewTransient(err error) error { return wrap(Transient, 0, err) }

// NewTimeout marks err as an exceeded deadline. A nil err stays nil.
func NewTimeout(err error) error { return wrap(Timeout, 0, err) }

// NewRateLimited marks err as a request to wait for at least after (0 = not said). A nil err stays nil.
func NewRateLimited(err error, after time.Duration) error { return wrap(RateLimited, after, err) }

// NewUntried marks err as a refusal before anything was tried: the other side is known to be down, or asked to wait. After
// says how long. The attempt is none: it costs no retry. A nil err stays nil.
func NewUntried(class Class, after time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Class: class, RetryAfter: after, Untried: true, Err: err}
}

// WasTried says whether what err tells of was tried at all. It is true for nil and for errors without a class.
func WasTried(err error) bool {
	var classed *Error
	return !errors.As(err, &classed) || !classed.Untried
}

// Permanentf formats a permanent error; %w works as in fmt.Errorf.
func Permanentf(format string, args ...any) error { return NewPermanent(fmt.Errorf(format, args...)) }

// Transientf formats a transient error; %w works as in fmt.Errorf.
func Transientf(format string, args ...any) error { return NewTransient(fmt.Errorf(format, args...)) }

func wrap(class Class, after time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Class: class, RetryAfter: after, Err: err}
}

// ClassOf gives the class of err: the nearest Error in its chain, else Timeout for an exceeded context deadline,
// Cancelled for a cancelled context, Transient for anything else and "" for nil.
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	var classed *Error
	switch {
	case errors.As(err, &classed) && classed.Class != "":
		return classed.Class
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, context.Canceled):
		return Cancelled
	default:
		return Transient
	}
}

// RetryAfterOf gives how long the other side asked to wait, 0 when it did not say.
func RetryAfterOf(err error) time.Duration {
	var classed *Error
	if errors.As(err, &classed) {
		return classed.RetryAfter
	}
	return 0
}

// Retryable says whether a class may be tried again.
func (c Class) Retryable() bool { return c == Transient || c == RateLimited || c == Timeout }
