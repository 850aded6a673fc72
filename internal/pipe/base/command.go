package base

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/process"
)

type commandParams struct {
	Command        []string          `param:"command,required" doc:"program and arguments as a list, or one line that is split at blanks outside quotes"`
	Args           []string          `param:"args" doc:"further arguments; with them a command given as text is the program's name as it is"`
	Env            map[string]string `param:"env" doc:"environment variables on top of the engine's own; OTAI_ variables of the engine are not handed on"`
	Dir            string            `param:"dir" doc:"working directory; default the engine's"`
	Stdin          string            `param:"stdin" doc:"text for the command's input; default none"`
	Timeout        time.Duration     `param:"timeout" doc:"time the command may take; default none"`
	Grace          time.Duration     `param:"grace" default:"5s" doc:"time between asking it to end and killing it"`
	Shell          bool              `param:"shell" default:"false" doc:"give the line to the system's shell; templates are refused then, put values into env"`
	OKExitCodes    []int             `param:"ok_exit_codes" default:"0" doc:"exit codes that are a success"`
	Safe           bool              `param:"safe" default:"false" doc:"it changes nothing, so a dry run runs it, too"`
	RetryExitCodes []int             `param:"retry_exit_codes" doc:"exit codes worth another try, all others then are not; default all but 126 and 127"`
}

func commandSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:CommandPipe", Params: &commandParams{},
		Doc: "Runs a program; its output goes to the log line by line, the result has stdout (at most 64 KiB), stdout_truncated and exit_code. " +
			"On cancel the whole process group is ended.",
		New: func() pipe.Pipe { return pipe.Func(command) }, Dry: dryCommand,
	}
}

func command(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	params, err := splitCommand(c.Params)
	if err != nil {
		return pipe.Result{}, err
	}
	var p commandParams
	if err := params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	argv := append(slices.Clone(p.Command), p.Args...)
	if len(p.Command) == 0 || p.Command[0] == "" {
		return pipe.Result{}, fault.Permanentf("command is empty")
	}
	if p.Shell {
		argv = append(process.ShellArgs(p.Command[0]), p.Args...)
	}
	return p.run(ctx, c, argv)
}

// splitCommand cuts a line into words before its templates are rendered: no value can add arguments.
func splitCommand(p pipe.Params) (pipe.Params, error) {
	line, isText := p.Raw["command"].(string)
	if !isText {
		return p, nil
	}
	raw := maps.Clone(p.Raw)
	shell, _ := p.Raw["shell"].(bool)
	if text, ok := p.Raw["shell"].(string); ok {
		shell = strings.EqualFold(text, "true") || strings.EqualFold(text, "yes") || pipe.HasTemplate(text)
	}
	switch {
	case shell && pipe.HasTemplate(line):
		return p, fault.Permanentf("command: a line for the shell takes no templates, since their values would be run as code; " +
			"put the values into env and write \"$NAME\"")
	case shell || p.Raw["args"] != nil:
		raw["command"] = []any{line}
	default:
		words, err := splitWords(line)
		if err != nil {
			return p, fault.Permanentf("command: %w", err)
		}
		raw["command"] = words
	}
	p.Raw = raw
	return p, nil
}

// splitWords splits at blanks outside quotes and templates. Quotes are removed, a backslash outside single quotes takes
// the next character as it is.
func splitWords(line string) ([]any, error) {
	var out []any
	var word strings.Builder
	started := false
	var quote rune
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case quote == 0 && r == '{' && i+1 < len(runes) && strings.ContainsRune("{%#", runes[i+1]):
			end := strings.Index(string(runes[i+2:]), closing(runes[i+1]))
			if end < 0 {
				return nil, fmt.Errorf("template %q has no end", string(runes[i:]))
			}
			n := len([]rune(string(runes[i+2:])[:end])) + 4
			word.WriteString(string(runes[i : i+n]))
			started, i = true, i+n-1
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, started = r, true
		case r == '\\' && quote != '\'' && i+1 < len(runes) && strings.ContainsRune(`\"' `, runes[i+1]):
			i++
			word.WriteRune(runes[i])
			started = true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n' || r == '\r'):
			if started {
				out = append(out, word.String())
				word.Reset()
				started = false
			}
		default:
			word.WriteRune(r)
			started = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("quote %c has no end", quote)
	}
	if started {
		out = append(out, word.String())
	}
	return out, nil
}

func closing(second rune) string {
	if second == '{' {
		return "}}"
	}
	return string(second) + "}"
}

func (p commandParams) run(ctx context.Context, c *pipe.Call, argv []string) (pipe.Result, error) {
	if p.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, p.Timeout,
			fault.NewTimeout(fmt.Errorf("%s took longer than its timeout of %s", argv[0], p.Timeout)))
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = p.Dir
	cmd.Env = p.environment(cmd.Environ(), c)
	if p.Stdin != "" {
		cmd.Stdin = strings.NewReader(p.Stdin) // otherwise the null device, never the engine's own
	}
	budget := &lineBudget{}
	stdout := &lineWriter{log: func(s string) { c.Log.Info(s) }, keep: maxKept, budget: budget}
	stderr := &lineWriter{log: func(s string) { c.Log.Warn(s) }, budget: budget}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	process.OwnGroup(cmd)
	cmd.Cancel = func() error { return process.TerminateGroup(cmd) }
	// After the grace the leader is killed and its pipes are closed; the rest of the group is killed below.
	cmd.WaitDelay = max(p.Grace, time.Millisecond)
	if err := cmd.Start(); err != nil {
		return pipe.Result{}, startError(argv[0], err)
	}
	err := cmd.Wait()
	killed := ctx.Err() != nil || errors.Is(err, exec.ErrWaitDelay)
	if killed {
		process.KillGroup(cmd)
	}
	stdout.flush()
	stderr.flush()
	if budget.dropped() > 0 {
		c.Log.Warn(fmt.Sprintf("%d more lines of output are left out", budget.dropped()))
	}
	if ctx.Err() != nil {
		return pipe.Result{}, ended(ctx, argv[0])
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		c.Log.Warn("the command ended, but left processes that held its output; they were ended")
		err = nil
	}
	return p.outcome(argv[0], cmd, err, stdout)
}

// ended is the error for a command whose context ended: the timeout's own words, else the context's class.
func ended(ctx context.Context, name string) error {
	cause := context.Cause(ctx)
	var classed *fault.Error
	if errors.As(cause, &classed) {
		return cause
	}
	return fmt.Errorf("%s was ended: %w", name, ctx.Err())
}

func (p commandParams) environment(inherited []string, c *pipe.Call) []string {
	// The engine's own settings may hold passwords of services.
	env := slices.DeleteFunc(inherited, func(s string) bool { return strings.HasPrefix(s, "OTAI_") })
	env = append(env, "OTAI_RUNNER="+c.Runner, "OTAI_RUN="+c.Run, "OTAI_STEP="+c.Step, "OTAI_ATTEMPT="+strconv.Itoa(c.Attempt))
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		env = append(env, name+"="+p.Env[name])
	}
	return env
}

func startError(name string, err error) error {
	wrapped := fmt.Errorf("start %s: %w", name, err)
	for _, lasting := range []error{
		exec.ErrNotFound, exec.ErrDot, fs.ErrNotExist, fs.ErrPermission, syscall.EISDIR, syscall.ENOTDIR, syscall.ENOEXEC, syscall.E2BIG,
	} {
		if errors.Is(err, lasting) {
			return fault.NewPermanent(wrapped)
		}
	}
	return fault.NewTransient(wrapped)
}

// outcome classifies the exit code.
func (p commandParams) outcome(name string, cmd *exec.Cmd, err error, stdout *lineWriter) (pipe.Result, error) {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return pipe.Result{}, fault.Transientf("run %s: %w", name, err)
	}
	code := cmd.ProcessState.ExitCode()
	if signal := process.SignalOf(cmd.ProcessState); signal != "" {
		return pipe.Result{}, &fault.Error{Class: fault.Transient, ExitCode: code, Err: fmt.Errorf("%s was ended by the signal %s", name, signal)}
	}
	if slices.Contains(p.OKExitCodes, code) {
		return pipe.Success(fmt.Sprintf("exit code %d", code), map[string]any{
			"stdout": stdout.text(), "stdout_truncated": stdout.truncated, "exit_code": code,
		}), nil
	}
	class := fault.Transient
	why := ""
	switch {
	case len(p.RetryExitCodes) > 0 && !slices.Contains(p.RetryExitCodes, code):
		class = fault.Permanent
	case slices.Contains(p.RetryExitCodes, code):
	case code == 126:
		class, why = fault.Permanent, " (found, but cannot be run)"
	case code == 127:
		class, why = fault.Permanent, " (command not found)"
	}
	return pipe.Result{}, &fault.Error{Class: class, ExitCode: code, Err: fmt.Errorf("%s ended with exit code %d%s", name, code, why)}
}
