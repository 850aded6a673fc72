package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/action"
)

// keyRules are the console's rules for console.keys.
func keyRules() config.KeyRules {
	return config.KeyRules{Actions: ui.ActionNames(), Check: func(m map[string][]string) []config.KeyFault {
		var out []config.KeyFault
		for _, f := range ui.CheckKeys(m) {
			out = append(out, config.KeyFault{Action: f.ID, Key: f.Key, Msg: f.Msg, Want: f.Want})
		}
		return out
	}}
}

// settingsOf is the console's part of a configuration.
func settingsOf(cfg *config.Config) ui.Settings {
	c := cfg.Console
	return ui.Settings{Keys: c.Keys, Theme: c.Theme, Glyphs: c.Glyphs, Env: c.Env, Danger: c.Danger}
}

// consoleSettings are those of the configuration that was read last.
func (w *works) consoleSettings() ui.Settings {
	if cfg := w.source.latest.Load(); cfg != nil {
		return settingsOf(cfg)
	}
	return ui.Settings{}
}

// role is what the one at this terminal may do.
func (a *app) role() string {
	if a.readOnly {
		return action.View.Name()
	}
	return action.Admin.Name()
}

func (a *app) keysCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "keys", Short: "List what the console can do, with the keys in force", Args: cobra.NoArgs,
		Long: "List every action of the console: its name for console.keys of the configuration, its keys, and what it does.\n" +
			"With a configuration here, or named by -c, the keys are those in force with it.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := a.keymap(cmd.Context())
			if err != nil {
				return err
			}
			all, err := ui.KeyList(m)
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(a.out)
				for _, k := range all {
					if err := enc.Encode(k); err != nil {
						return fmt.Errorf("print the keys: %w", err)
					}
				}
				return nil
			}
			l := &list{headers: []string{"ACTION", "WHERE", "KEYS", "PALETTE", "ROLE", "DOES"}, state: -1}
			for _, k := range all {
				names := make([]string, len(k.Keys))
				for i, key := range k.Keys {
					names[i] = action.KeyName(key)
				}
				shown := strings.Join(names, " ")
				if k.Changed {
					shown = strings.TrimSpace(shown + " (changed)")
				}
				what := k.Title
				if k.Tier != "" {
					what += " (" + k.Tier + ")"
				}
				l.add(k.ID, k.Scope, shown, k.Palette, k.Role, what)
			}
			return a.print(l)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// keymap is that of the configuration; where there is none, nothing is changed.
func (a *app) keymap(ctx context.Context) (map[string][]string, error) {
	if a.demo {
		return nil, nil
	}
	if a.config == "" {
		if path, err := a.configPath(); err != nil {
			return nil, nil //nolint:nilerr // no configuration here: the console's own keys
		} else if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("read the keys: %w", err)
		}
	}
	cfg, _, err := a.load(ctx, nil)
	if err != nil {
		return nil, err
	}
	return cfg.Console.Keys, nil
}
