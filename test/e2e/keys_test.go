//go:build e2e && !windows

package e2e

import (
	"os"
	"strings"
	"testing"
)

// TestKeysCopyAndStateInTheRealBinary: keys of the configuration, also after a reload; a copy lands in tmux's buffer; the title
// shows failures; what was set comes back after a restart.
func TestKeysCopyAndStateInTheRealBinary(t *testing.T) {
	cfg, state := writeConfig(t, consoleConfig+"console: {env: prod, keys: {pipe.fire: f3}}\n"), t.TempDir()
	x := StartApp(t, Small, "-c", cfg, "--state-dir", state)
	x.WaitFor(t, "f3 fire", quick)
	x.WaitFor(t, "prod · e2e", quick)
	moveTo(t, x, "broken")
	x.Keys(t, "F3")
	x.WaitFor(t, "fire broken now?", quick)
	x.Keys(t, "y")
	x.WaitFor(t, "failed", quick)
	if !Poll(t, quick, func() bool { return strings.Contains(x.Ask(t, "#{pane_title}"), "1 failing") }) {
		t.Errorf("the title is %q", x.Ask(t, "#{pane_title}"))
	}
	moveTo(t, x, "sleeper")
	x.Keys(t, "y")
	x.WaitFor(t, "copy · sleeper", quick)
	x.Keys(t, "1")
	x.WaitFor(t, "tmux needs set-clipboard on", quick)
	if !Poll(t, quick, func() bool { out, err := x.try("show-buffer"); return err == nil && out == "sleeper" }) {
		out, err := x.try("show-buffer")
		t.Errorf("tmux's buffer holds %q, %v", out, err)
	}
	data, err := os.ReadFile(cfg) //nolint:gosec // written by this test
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg, []byte(strings.Replace(string(data), "pipe.fire: f3", "pipe.fire: f2", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	x.WaitFor(t, "f2 fire", quick)
	x.Keys(t, ">", "/")
	x.Type(t, "slee")
	x.Keys(t, "Enter")
	x.WaitFor(t, "/slee", quick)
	x.Keys(t, "Q", "Q")
	if code := x.WaitExit(t, quick); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	y := StartApp(t, Small, "-c", cfg, "--state-dir", state, "--read-only")
	screen := y.WaitFor(t, "filter kept from last visit: slee", quick)
	if !strings.Contains(screen, "by name") {
		t.Errorf("the order is not kept:\n%s", screen)
	}
	y.Keys(t, "p")
	y.WaitFor(t, "needs role ops (you are view)", quick)
}
