package otobo

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/text"
)

// Kinds of errors: what follows the dot of an ErrorCode, and ours for answers without one.
const (
	KindAuthFail         = "AuthFail"
	KindAccessDenied     = "AccessDenied"
	KindMissingParameter = "MissingParameter"
	KindInvalidParameter = "InvalidParameter"
	KindFault            = "Fault"    // a fault object: the server gave up in the middle
	KindTooLarge         = "TooLarge" // the answer is larger than we read
	KindHTTP             = "HTTP"     // an answer of the web server, a proxy, or the frame of the generic interface
)

// Error is an answer that tells of a failure.
type Error struct {
	Op      string // TicketSearch, …
	Status  int    // of HTTP
	Kind    string // one of the Kinds, or another word the server sent
	Message string // what to show, without secrets
}

func (e *Error) Error() string { return e.Op + ": " + e.Message }

// kindOf gives the kind of an answer's error, "" for others.
func kindOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// sentError marks an error after which the server may have done what was asked.
type sentError struct{ error }

func (e sentError) Unwrap() error { return e.error }

// uncertain says whether a write may have happened although err came back.
func uncertain(err error) bool {
	var sent sentError
	return errors.As(err, &sent)
}

// answer judges one answer. It gives nil for success. The order of the checks is that of the server's habits: errors
// come with status 200, and fault objects as text.
func answer(op string, status int, header http.Header, body []byte) error {
	fail := func(kind, format string, args ...any) *Error {
		return &Error{Op: op, Status: status, Kind: kind, Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return fault.NewPermanent(fail(KindHTTP, "the request is larger than the web service's MaxLength (413)"))
	case status == http.StatusNotFound:
		return fault.NewPermanent(fail(KindHTTP, "there is no generic interface at this address (404): check base_url, /otobo/ or /znuny/ included"))
	case status >= 300 && status < 400:
		return fault.NewPermanent(fail(KindHTTP, "the server redirects (%d), which is not followed with a password: check base_url", status))
	}
	var reply struct {
		Error *struct {
			ErrorCode    string
			ErrorMessage string
		}
		FaultString *string `json:"faultstring"`
	}
	trimmed := strings.TrimSpace(string(body))
	isObject := strings.HasPrefix(trimmed, "{") && json.Unmarshal(body, &reply) == nil
	switch {
	case isObject && reply.Error != nil:
		_, kind, ok := strings.Cut(reply.Error.ErrorCode, ".")
		if !ok {
			kind = reply.Error.ErrorCode
		}
		return fault.NewPermanent(fail(kind, "%s (%s)", withoutOp(op, reply.Error.ErrorMessage), text.Line(reply.Error.ErrorCode, 80)))
	case isObject && reply.FaultString != nil:
		return faultObject(fail(KindFault, "%s (fault object)", text.Line(*reply.FaultString, 300)))
	case status >= http.StatusBadRequest:
		return statusError(fail, status, header, trimmed)
	case !isObject:
		return fault.NewPermanent(fail(KindHTTP, "the answer is no JSON object; base_url may lead to a web page: %s", text.Line(trimmed, 120)))
	}
	return nil
}

// wrongRequest is said inside fault objects, too, of a request that no retry makes right.
const wrongRequest = "parameter is invalid"

// noMoveRight is what the server says of a move into a queue without the right move_into.
const noMoveRight = "Ticket queue could not be updated"

// faultObject classes a fault object: the server gave up in the middle. The missing right and the wrong
// request are for good. Anything else may be a
// broken web service, or a moment's trouble with its database: the policy of retries decides, and what was done is read again.
func faultObject(e *Error) error {
	if strings.Contains(e.Message, noMoveRight) || strings.Contains(e.Message, wrongRequest) {
		return fault.NewPermanent(e)
	}
	return sentError{fault.NewTransient(e)}
}

func withoutOp(op, message string) string {
	return text.Line(strings.TrimPrefix(message, op+": "), 300)
}

// statusError classes what is left: texts and pages. A 500 is temporary only where it says nothing more than that.
func statusError(fail func(kind, format string, args ...any) *Error, status int, header http.Header, body string) error {
	after := fault.ParseRetryAfter(header.Get("Retry-After"), time.Now())
	switch {
	case status == http.StatusTooManyRequests:
		return fault.NewRateLimited(fail(KindHTTP, "too many requests (429)"), after)
	case status == http.StatusInternalServerError && body == "Internal Server Error":
		return sentError{fault.NewTransient(fail(KindHTTP, "internal server error (500)"))}
	case status == http.StatusInternalServerError && body == "":
		return fault.NewPermanent(fail(KindHTTP, "no such web service, or it is switched off (500 without text): check webservice_name"))
	case status == http.StatusInternalServerError && strings.Contains(body, "determine Operation"):
		return fault.NewPermanent(fail(KindHTTP, "no such route and verb: check operation_urls and operation_methods (%s)", text.Line(body, 200)))
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		err := fail(KindHTTP, "the server is not reached behind its proxy (%d)", status)
		return sentError{&fault.Error{Class: fault.Transient, RetryAfter: after, Err: err}}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.NewPermanent(fail(KindHTTP, "refused by the web server or a proxy (%d)", status))
	default:
		return fault.NewPermanent(fail(KindHTTP, "status %d: %s", status, text.Line(body, 200)))
	}
}
