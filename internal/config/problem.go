package config

import "github.com/openticketai/otai-tui/internal/pipe"

// Problem is one thing wrong, or doubtful, in a configuration.
type Problem struct {
	Pos      pipe.Pos
	Path     string // "orchestrator.runners[0].pipe.use"
	Msg      string
	Expected string // "" = said in Msg
	Nearest  string // nearest valid name; "" = none
	Line     string // the source line
}
