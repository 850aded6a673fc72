//go:build e2e && !windows

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const reloadable = `
orchestrator:
  runners:
    - pipe_id: one
      interval_seconds: 3600
      pipe: {use: CommandPipe, command: [sh, -c, "echo one"]}
`

// replace saves a file as editors do.
func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
}

func TestReloadOnChangeAndHangup(t *testing.T) {
	t.Parallel()
	cfg := writeConfig(t, reloadable)
	p := Spawn(t, "", nil, Binary(t), "--no-ui", "-c", cfg, "--state-dir", t.TempDir())
	p.WaitFor(t, "engine starts", quick)

	replace(t, cfg, strings.Replace(reloadable, "pipe_id: one", "pipe_id: two", 1))
	p.WaitFor(t, "1 added (two), 1 removed (one)", quick)

	replace(t, cfg, strings.Replace(reloadable, "use: CommandPipe", "use: ComandPipe", 1))
	p.WaitFor(t, "the new configuration was not taken", quick)
	p.WaitFor(t, "CommandPipe", quick) // what is meant

	replace(t, cfg, "engine: {reload: false}\n"+strings.Replace(reloadable, "pipe_id: one", "pipe_id: three", 1))
	p.WaitFor(t, "1 added (three), 1 removed (two)", quick)
	if err := os.WriteFile(filepath.Join(filepath.Dir(cfg), ".env"), []byte("A=b\n"), 0o600); err != nil { // not watched any more
		t.Fatal(err)
	}
	replace(t, cfg, strings.Replace(reloadable, "pipe_id: one", "pipe_id: four", 1))
	p.Signal(t, syscall.SIGHUP)
	p.WaitFor(t, "1 added (four), 1 removed (three)", quick)

	p.Signal(t, syscall.SIGTERM)
	if end := p.Wait(t, quick); end.Code != 0 {
		t.Errorf("ended with %d: %s", end.Code, end.Stderr)
	}
}
