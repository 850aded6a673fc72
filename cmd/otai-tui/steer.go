package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/door"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// openDoor lets other commands of this machine steer the engine. Where there can be no socket it is said, and the engine runs on.
func (w *works) openDoor(ctx context.Context, a *app) func() {
	s, err := door.Open(ctx, w.stateDir, w.engine)
	if err != nil {
		w.log.Warn("the engine cannot be steered from outside", "error", err)
		return func() {}
	}
	return func() {
		if err := s.Close(ctx); err != nil {
			a.errorf("otai-tui: close the door: %s\n", err)
		}
	}
}

// running finds the engine that holds the state directory; nil when none answers there.
func (a *app) running(ctx context.Context) (*door.Client, error) {
	dir, err := a.stateDirectory()
	if err != nil {
		return nil, err
	}
	c, err := door.Dial(dir)
	if err != nil || !c.Answers(ctx) {
		return nil, nil //nolint:nilerr,nilnil // no engine, or none with a door: the lock tells
	}
	return c, nil
}

// steer does something with the engine that runs.
func (a *app) steer(ctx context.Context, do func(ctx context.Context, c *door.Client, by orchestrator.Actor) error) error {
	c, err := a.running(ctx)
	if err != nil {
		return err
	}
	if c == nil {
		return a.nobody()
	}
	err = refused(do(ctx, c, orchestrator.Actor{Name: a.userName(), Via: "cli"}))
	var lost *net.OpError
	if errors.As(err, &lost) {
		return fmt.Errorf("%w: the engine ended meanwhile; look with otai-tui events whether it was done", err)
	}
	return err
}

// scopeFlags read what a pause is about.
type scopeFlags struct {
	tag, resource string
	engine        bool
}

func (s *scopeFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.tag, "tag", "", "all runners with this tag")
	cmd.Flags().StringVar(&s.resource, "resource", "", "a resource: runs that need it wait, their ticks are not skipped")
	cmd.Flags().BoolVar(&s.engine, "engine", false, "the whole engine")
}

// scope gives the one that was named.
func (s *scopeFlags) scope(args []string) (orchestrator.Scope, error) {
	var named []orchestrator.Scope
	if len(args) > 0 {
		named = append(named, orchestrator.Scope{Kind: orchestrator.ScopeRunner, Name: args[0]})
	}
	if s.tag != "" {
		named = append(named, orchestrator.Scope{Kind: orchestrator.ScopeTag, Name: s.tag})
	}
	if s.resource != "" {
		named = append(named, orchestrator.Scope{Kind: orchestrator.ScopeResource, Name: s.resource})
	}
	if s.engine {
		named = append(named, orchestrator.Scope{Kind: orchestrator.ScopeEngine})
	}
	if len(named) != 1 {
		return orchestrator.Scope{}, refusal{errors.New("name one of PIPE_ID, --tag, --resource and --engine")}
	}
	return named[0], nil
}

func (a *app) pauseCommand() *cobra.Command {
	var s scopeFlags
	var reason, until string
	var long time.Duration
	cmd := &cobra.Command{
		Use: "pause [PIPE_ID]", Short: "Hold a pipe, a tag, a resource or the whole engine that runs", Args: cobra.MaximumNArgs(1),
		Long: "Ticks meanwhile become skipped rows, what runs goes on, and what waits keeps waiting. There is no burst at the resume.",
		Example: "  otai-tui pause digest --for 1h --reason \"moving the mailbox\"\n  otai-tui pause --tag routing --until 2026-12-01\n" +
			"  otai-tui pause --engine",
		RunE: func(cmd *cobra.Command, args []string) error {
			scope, err := s.scope(args)
			if err != nil {
				return err
			}
			end, err := timeFlag("--until", until, time.Time{})
			switch {
			case err != nil:
				return refusal{err}
			case long != 0 && until != "":
				return refusal{errors.New("--for and --until exclude each other")}
			case long < 0:
				return refusal{fmt.Errorf("--for %s: expected more than 0", long)}
			case long > 0:
				end = time.Now().Add(long)
			}
			return a.pause(cmd.Context(), scope, orchestrator.PauseRequest{Reason: reason, Until: end})
		},
	}
	s.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who find it paused")
	cmd.Flags().DurationVar(&long, "for", 0, "how long, such as 30m (default: until resumed)")
	cmd.Flags().StringVar(&until, "until", "", "its end: a date, a time or an RFC 3339 time")
	return cmd
}

func (a *app) drainCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "drain", Short: "Let the engine that runs finish what was claimed, and start nothing new", Args: cobra.NoArgs,
		Long: "Retries and waiting runs are finished; ticks meanwhile are skipped rows. otai-tui resume --engine ends it.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.pause(cmd.Context(), orchestrator.Scope{Kind: orchestrator.ScopeEngine}, orchestrator.PauseRequest{Reason: reason, Drain: true})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who find it drained")
	return cmd
}

func (a *app) pause(ctx context.Context, s orchestrator.Scope, r orchestrator.PauseRequest) error {
	return a.steer(ctx, func(ctx context.Context, c *door.Client, by orchestrator.Actor) error {
		r.By = by
		if err := c.PauseScope(ctx, s, r); err != nil {
			return err
		}
		word := "paused"
		if r.Drain {
			word = "draining"
		}
		if !r.Until.IsZero() {
			word += " until " + r.Until.Local().Format(time.DateTime)
		}
		a.errorf("%s is %s\n", scopeText(s), word)
		return nil
	})
}

func scopeText(s orchestrator.Scope) string {
	if s.Kind == orchestrator.ScopeEngine {
		return "the engine"
	}
	return s.String()
}

func (a *app) resumeCommand() *cobra.Command {
	var s scopeFlags
	cmd := &cobra.Command{
		Use: "resume [PIPE_ID]", Short: "End a pause, or a drain with --engine", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			scope, err := s.scope(args)
			if err != nil {
				return err
			}
			return a.steer(cmd.Context(), func(ctx context.Context, c *door.Client, by orchestrator.Actor) error {
				if err := c.ResumeScope(ctx, scope, by); err != nil {
					return err
				}
				a.errorf("%s goes on\n", scopeText(scope))
				return nil
			})
		},
	}
	s.add(cmd)
	return cmd
}

func (a *app) cancelCommand() *cobra.Command {
	var backfill bool
	cmd := &cobra.Command{
		Use: "cancel RUN", Short: "Cancel a live run of the engine that runs, or a backfill with --backfill", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.steer(cmd.Context(), func(ctx context.Context, c *door.Client, by orchestrator.Actor) error {
				what, do := "run ", c.Cancel
				if backfill {
					what, do = "backfill ", c.CancelBackfill
				}
				if err := do(ctx, args[0], by); err != nil {
					return err
				}
				a.errorf("%s%s is being cancelled\n", what, args[0])
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&backfill, "backfill", false, "RUN is the number of a backfill")
	return cmd
}

func (a *app) reloadCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reload", Short: "Make the engine that runs read its configuration again", Args: cobra.NoArgs,
		Long: "A bad configuration changes nothing: all that is wrong with it is printed, and the exit code is 2.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.steer(cmd.Context(), func(ctx context.Context, c *door.Client, by orchestrator.Actor) error {
				if err := c.Reload(ctx, by); err != nil {
					return refusal{err}
				}
				a.errorf("the configuration was taken\n")
				return nil
			})
		},
	}
}

func (a *app) answerCommand() *cobra.Command {
	var req orchestrator.AnswerRequest
	var reject bool
	var inputs []string
	cmd := &cobra.Command{
		Use: "answer RUN --approve | --reject", Short: "Answer a step that waits for a person", Args: cobra.ExactArgs(1),
		Long:    "otai-tui approvals lists what waits, with the input each question takes.",
		Example: "  otai-tui answer 42 --approve --input queue=Billing\n  otai-tui answer 42 --reject --note \"wrong customer\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			if req.Approve == reject {
				return refusal{errors.New("say one of --approve and --reject")}
			}
			req.Run, req.Input = args[0], map[string]string{}
			for _, in := range inputs {
				name, value, ok := strings.Cut(in, "=")
				if !ok || name == "" {
					return refusal{fmt.Errorf("--input %q: expected name=value", in)}
				}
				req.Input[name] = value
			}
			return a.steer(cmd.Context(), func(ctx context.Context, c *door.Client, by orchestrator.Actor) error {
				req.By = by
				if err := c.Answer(ctx, req); err != nil {
					return err
				}
				a.errorf("run %s goes on\n", req.Run)
				return nil
			})
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&req.Approve, "approve", false, "yes")
	fl.BoolVar(&reject, "reject", false, "no")
	fl.StringVar(&req.Step, "step", "", "path of the step, when several of the run wait")
	fl.StringVar(&req.Note, "note", "", "a word on it, kept in history")
	fl.StringArrayVar(&inputs, "input", nil, "what the question asks for: name=value (repeatable)")
	return cmd
}
