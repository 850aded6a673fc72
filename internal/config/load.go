package config

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/schedule"
)

// Compiler compiles templates; render.Renderer is one.
type Compiler interface {
	Compile(src string) (render.Template, error)
}

// Options is what a configuration is read with.
type Options struct {
	Path     string         // of the file, for Load
	Environ  []string       // NAME=value, usually os.Environ(); nil = no variables
	Pipes    *pipe.Registry // required
	Renderer Compiler       // required
	Keys     KeyRules       // of the console; the zero value checks no keys
	// ReadFile reads the file and the .env beside it; nil = os.ReadFile.
	ReadFile func(name string) ([]byte, error)
	// DotEnv is the content of the .env file, for Parse. Load reads it from beside the file.
	DotEnv []byte
}

// Load reads, checks and builds the configuration in o.Path, with the .env file beside it and the environment on top.
// What is wrong in it comes back as *Errors with every problem; a file that cannot be read as a plain error.
func Load(ctx context.Context, o Options) (*Config, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read configuration %s: %w", o.Path, err)
	}
	read := o.ReadFile
	if read == nil {
		read = os.ReadFile
	}
	data, err := read(o.Path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w; give another one with -c FILE", err)
	}
	dotenv := filepath.Join(filepath.Dir(o.Path), ".env")
	switch o.DotEnv, err = read(dotenv); {
	case errors.Is(err, fs.ErrNotExist):
		o.DotEnv = nil
	case err != nil:
		return nil, fmt.Errorf("read %s beside the configuration: %w", dotenv, err)
	}
	return Parse(data, o.Path, o)
}

// Parse is Load for bytes that are already there; file is the name used in messages.
func Parse(data []byte, file string, o Options) (*Config, error) {
	if o.Pipes == nil || o.Renderer == nil {
		return nil, errors.New("read configuration: Options.Pipes and Options.Renderer must be set")
	}
	c := &checker{opts: o, src: newSource(file, data), services: map[string]Service{}, calendars: map[string]*schedule.Calendar{}}
	env := environment{process: environOf(o.Environ)}
	if len(o.DotEnv) > 0 {
		env.dotenv = c.readDotEnv(o.DotEnv, filepath.Join(filepath.Dir(file), ".env"))
	}
	c.env = env.lookup
	cfg := &Config{File: file, Hash: hashOf(data), Env: env.lookup, Secrets: env.secrets()}
	if root := c.readYAML(data); root != nil {
		c.read(root, env, cfg)
	}
	cfg.Secrets = append(cfg.Secrets, c.secrets...)
	cfg.Warnings = sortProblems(c.warnings)
	if len(c.problems) > 0 {
		return nil, &Errors{Problems: sortProblems(c.problems)}
	}
	return cfg, nil
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
