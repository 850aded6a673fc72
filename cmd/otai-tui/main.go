// Command otai-tui schedules, runs and shows the pipes of an Open Ticket AI configuration.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"charm.land/fang/v2"
	"charm.land/lipgloss/v2"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// version is set by the build (-ldflags "-X main.version=…").
var version = "dev" //nolint:gochecknoglobals // the linker sets it

// Exit codes of every command.
const (
	exitOK      = 0
	exitFailed  = 1 // the work was tried and failed
	exitRefused = 2 // nothing was tried: bad configuration, unknown pipe, bad arguments
)

func main() { os.Exit(run()) }

func run() int {
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ()}
	err := fang.Execute(context.Background(), a.command(), fang.WithVersion(version), fang.WithoutManpage(),
		fang.WithErrorHandler(func(io.Writer, fang.Styles, error) {}), fang.WithColorSchemeFunc(calmColors))
	if err == nil {
		return exitOK
	}
	return a.report(err)
}

// calmColors keeps help readable on light and dark terminals: the terminal's own colours only.
func calmColors(c lipgloss.LightDarkFunc) fang.ColorScheme { return fang.AnsiColorScheme(c) }

// quietError has been told already; only its code matters.
type quietError struct{ code int }

func (e quietError) Error() string { return fmt.Sprintf("exit %d", e.code) }

// refusal is an error that means nothing was tried.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// report prints an error for a person and gives its exit code.
func (a *app) report(err error) int {
	var quiet quietError
	var problems *config.Errors
	var refused refusal
	switch {
	case errors.As(err, &quiet):
		return quiet.code
	case errors.As(err, &problems):
		a.errorf("%s", problems.Error()+"\n")
		return exitRefused
	case errors.As(err, &refused), errors.Is(err, orchestrator.ErrUnknownRunner), errors.Is(err, orchestrator.ErrUnknownRun):
		a.errorf("otai-tui: %s\n", err)
		return exitRefused
	case !a.started: // arguments and flags
		a.errorf("otai-tui: %s\nTry otai-tui --help.\n", err)
		return exitRefused
	default:
		a.errorf("otai-tui: %s\n", err)
		return exitFailed
	}
}

func (a *app) errorf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, format, args...) // nowhere left to tell
}
