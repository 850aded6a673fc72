package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
)

// app is one invocation: its streams, environment and flags.
type app struct {
	in      *os.File
	out     *os.File
	err     io.Writer
	environ []string
	started bool // flags are parsed: errors are about the work

	config   string
	stateDir string
	demo     bool
	desk     bool

	noUI      bool
	logFormat string
	logLevel  string
	theme     string
	glyphs    string

	attach bool
	modes
	readOnly bool
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "otai-tui",
		Short: "The operations console for Open Ticket AI: schedules, retries, remembers and shows your pipes",
		Long: "otai-tui runs the pipes of an Open Ticket AI configuration and shows them live in this terminal.\n" +
			"Where an engine runs already, the console opens on that one. Without a terminal, or with --no-ui,\n" +
			"it runs headless and logs to stderr.",
		Example: "  otai-tui --demo                 # try it on an embedded ticket desk\n" +
			"  otai-tui -c config.yml          # your configuration, in the console\n" +
			"  otai-tui -c config.yml --no-ui  # headless, for systemd or a container\n" +
			"  otai-tui -c config.yml --once   # one frame as text; --json: one snapshot; --plain: the console in lines",
		Args:              cobra.NoArgs,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { a.started = true; return a.checkFlags() },
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context()) },
	}
	p := root.PersistentFlags()
	p.StringVarP(&a.config, "config", "c", "", "configuration file (default config.yml)")
	p.StringVar(&a.stateDir, "state-dir", "",
		"where history and the desk live (default: a directory of the configuration's own under XDG_STATE_HOME)")
	p.BoolVar(&a.demo, "demo", false, "run the built-in demonstration on an embedded ticket desk")
	p.BoolVar(&a.desk, "desk", false,
		"put the embedded desk in place of every ticket system, and keyword rules in place of remote classifiers")
	f := root.Flags()
	f.BoolVar(&a.noUI, "no-ui", false, "run without a terminal; logs go to stderr")
	f.StringVar(&a.logFormat, "log-format", "text", "headless log format: text or json")
	f.StringVar(&a.logLevel, "log-level", "", "debug, info, warn or error (default: the configuration's)")
	f.BoolVar(&a.attach, "attach", false, "only open a console on an engine that runs already, never start one")
	a.modeFlags(f)
	f.StringVar(&a.theme, "theme", "auto", "auto, terminal, otai-dark, otai-light or mono")
	f.StringVar(&a.glyphs, "glyphs", "auto", "auto, unicode or ascii")
	f.BoolVar(&a.readOnly, "read-only", false, "look only: what acts stays on show and says why it cannot be done")
	root.AddCommand(a.runOnceCommand(), a.rerunCommand(), a.backfillCommand(), a.pauseCommand(), a.resumeCommand(),
		a.drainCommand(), a.cancelCommand(), a.answerCommand(), a.reloadCommand(), a.runsCommand(), a.errorsCommand(), a.logsCommand(),
		a.eventsCommand(), a.approvalsCommand(), a.reviewsCommand(), a.reviewCommand(), a.qualityCommand(), a.ticketCommand(),
		a.changesCommand(), a.validateCommand(), a.schemaCommand(), a.pipesCommand(), a.deskCommand(), a.scheduleCommand(),
		a.backupCommand(), a.doctorCommand(), a.keysCommand())
	return root
}

func (a *app) checkFlags() error {
	for _, f := range []struct {
		flag, value string
		allowed     []string
	}{
		{"--log-format", a.logFormat, []string{"", "text", "json"}},
		{"--log-level", a.logLevel, []string{"", "debug", "info", "warn", "error"}},
		{"--theme", a.theme, []string{"", "auto", "terminal", "otai-dark", "otai-light", "mono"}},
		{"--glyphs", a.glyphs, []string{"", "auto", "unicode", "ascii"}},
	} {
		if !contains(f.allowed, f.value) {
			return refusal{fmt.Errorf("%s %q: expected one of %s", f.flag, f.value, strings.Join(f.allowed[1:], ", "))}
		}
	}
	if a.demo && a.config != "" {
		return refusal{fmt.Errorf("--demo brings its own configuration: leave out -c %s, or leave out --demo", a.config)}
	}
	return a.checkModes()
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func (a *app) env(name string) (string, bool) {
	for i := len(a.environ) - 1; i >= 0; i-- {
		if k, v, ok := strings.Cut(a.environ[i], "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// configPath is the configuration file: the flag, else config.yml here.
func (a *app) configPath() (string, error) {
	if a.config != "" {
		return a.config, nil
	}
	for _, name := range []string{"config.yml", "config.yaml"} {
		if _, err := os.Stat(name); err == nil {
			return name, nil
		}
	}
	return "", refusal{fmt.Errorf("there is no config.yml here: name one with -c FILE, or try otai-tui --demo")}
}

// stateDirectory is where history lives. Each configuration file has its own, so that two never mix.
func (a *app) stateDirectory() (string, error) {
	if a.stateDir != "" {
		return a.stateDir, nil
	}
	base, ok := a.env("XDG_STATE_HOME")
	if !ok || base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find a state directory (name one with --state-dir): %w", err)
		}
		base = filepath.Join(home, ".local", "state")
	}
	if a.demo {
		return filepath.Join(base, "otai-tui", "demo"), nil
	}
	path, err := a.configPath()
	if err != nil {
		return "", err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find a state directory (name one with --state-dir): %w", err)
	}
	sum := sha256.Sum256([]byte(abs))
	name := filepath.Base(filepath.Dir(abs)) + "-" + hex.EncodeToString(sum[:4])
	return filepath.Join(base, "otai-tui", name), nil
}

// hasTerminal says whether a console can be shown.
func (a *app) hasTerminal() bool {
	if t, _ := a.env("TERM"); t == "dumb" {
		return false
	}
	return term.IsTerminal(a.in.Fd()) && term.IsTerminal(a.out.Fd())
}

// hasTerminalAt says whether a stream is a terminal that is still there.
func (a *app) hasTerminalAt(f *os.File) bool { return f != nil && term.IsTerminal(f.Fd()) }

// userName is who acts from this terminal.
func (a *app) userName() string {
	for _, name := range []string{"OTAI_USER", "USER", "LOGNAME", "USERNAME"} {
		if v, ok := a.env(name); ok && v != "" {
			return v
		}
	}
	return "operator"
}

// serve is the root command: console, line mode, one frame, one snapshot, or headless.
func (a *app) serve(ctx context.Context) error {
	switch {
	case a.json:
		return a.printSnapshot(ctx)
	case a.once:
		return a.printFrame(ctx)
	case a.plain:
		return a.lines(ctx)
	case a.noUI:
		return a.headless(ctx)
	case a.hasTerminal():
		return a.console(ctx)
	}
	if a.hasTerminalAt(a.in) && a.hasTerminalAt(a.out) {
		a.errorf("otai-tui: TERM=dumb cannot show screens: line mode (as with --plain)\n")
		return a.lines(ctx)
	}
	if a.attach {
		return refusal{errors.New("--attach needs a terminal, or one of --plain, --once and --json")}
	}
	a.errorf("otai-tui: no terminal here, running headless (as with --no-ui)\n")
	return a.headless(ctx)
}
