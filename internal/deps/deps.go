// Package deps pins modules while the rooms are being built; it is removed once each is imported for real.
package deps

import (
	_ "charm.land/bubbles/v2/textinput"
	_ "charm.land/bubbletea/v2"
	_ "charm.land/fang/v2"
	_ "charm.land/lipgloss/v2"
	_ "github.com/cenkalti/backoff/v5"
	_ "github.com/charmbracelet/colorprofile"
	_ "github.com/charmbracelet/ultraviolet"
	_ "github.com/charmbracelet/x/ansi"
	_ "github.com/charmbracelet/x/exp/golden"
	_ "github.com/charmbracelet/x/term"
	_ "github.com/charmbracelet/x/vt"
	_ "github.com/fsnotify/fsnotify"
	_ "github.com/gofrs/flock"
	_ "github.com/invopop/jsonschema"
	_ "github.com/joho/godotenv"
	_ "github.com/nikolalohinski/gonja/v2/exec"
	_ "github.com/oklog/ulid/v2"
	_ "github.com/robfig/cron/v3"
	_ "github.com/spf13/cobra"
	_ "go.yaml.in/yaml/v4"
	_ "modernc.org/sqlite"
)
