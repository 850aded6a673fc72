package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/config"
)

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "validate", Short: "Check a configuration and say everything that is wrong with it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var d *demo
			if a.demo {
				var err error
				if d, err = startDemo(cmd.Context()); err != nil {
					return err
				}
				defer d.close()
			}
			cfg, _, err := a.load(cmd.Context(), d)
			if err != nil {
				return err
			}
			for _, w := range cfg.Warnings {
				a.errorf("%s", w.String()+"\n")
			}
			_, err = fmt.Fprintf(a.out, "%s is valid: %d runners, %d services (%s)\n", cfg.File, len(cfg.Runners), len(cfg.Services), cfg.Dialect)
			return err
		},
	}
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of configurations for editors", Args: cobra.NoArgs,
		Long: "Print the JSON Schema of configurations. Save it and put this line first in your file:\n" +
			"  # yaml-language-server: $schema=otai-tui.schema.json",
		RunE: func(*cobra.Command, []string) error {
			reg, err := a.registry()
			if err != nil {
				return err
			}
			b, err := config.Schema(reg)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "%s\n", b)
			return err
		},
	}
}

func (a *app) pipesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "pipes", Short: "List the pipe types that configurations can use", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			reg, err := a.registry()
			if err != nil {
				return err
			}
			l := &list{headers: []string{"PIPE", "DOES"}, state: -1}
			for _, s := range reg.Specs() {
				l.add(s.Name, s.Doc)
			}
			return a.print(l)
		},
	}
}
