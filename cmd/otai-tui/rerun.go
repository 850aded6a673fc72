package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

func (a *app) rerunCommand() *cobra.Command {
	var req orchestrator.RerunRequest
	cmd := &cobra.Command{
		Use: "rerun RUN", Short: "Run an ended run again from its failed step, stream its log, and exit 0 when it completed",
		Args: cobra.ExactArgs(1),
		Long: "Gives an ended run another attempt. Steps that completed keep their results, unless --all or --from says otherwise.\n" +
			"Results are kept only while the pipe's definition is the same; after a change use --all.",
		Example: "  otai-tui rerun 128\n  otai-tui rerun 128 --from ticket-routing/classify\n  otai-tui rerun 128 --all",
		RunE: func(cmd *cobra.Command, args []string) error {
			if req.All && req.From != "" {
				return refusal{fmt.Errorf("--all and --from %s exclude each other", req.From)}
			}
			return a.byHand(cmd.Context(), args[0], func(ctx context.Context, c controls, by orchestrator.Actor) (string, error) {
				req.By = by
				return args[0], c.Rerun(ctx, args[0], req)
			})
		},
	}
	cmd.Flags().BoolVar(&req.All, "all", false, "do every step again")
	cmd.Flags().StringVar(&req.From, "from", "", "do the step with this path, and what comes after it, again")
	return cmd
}
