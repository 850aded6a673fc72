package failpoint

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(Env); spec != "" { // the child of TestKill
		fail, err := Parse(spec)
		if err != nil {
			os.Exit(1)
		}
		for range 3 {
			_ = fail("p")
			_, _ = os.Stdout.WriteString("passed\n")
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestKillEndsTheProcessAtTheNthHit(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), Env+"=p=kill@2")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Exited() {
		t.Errorf("the child was not killed: %v", err)
	}
	if got := strings.Count(string(out), "passed"); got != 1 {
		t.Errorf("it passed the point %d times, want 1", got)
	}
}

func TestPointsFailWhenTheyShall(t *testing.T) {
	t.Parallel()
	fail, err := Parse("a=error(eio)@2-3; b=error(full)@2;c=error(readonly)@3-;d=sleep(0s);e=error(injected)")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]error{
		"a": {nil, syscall.EIO, syscall.EIO, nil}, "b": {nil, syscall.ENOSPC, nil, nil}, "c": {nil, nil, syscall.EROFS, syscall.EROFS},
		"d": {nil, nil, nil, nil}, "e": {errInjected, errInjected, errInjected, errInjected}, "other": {nil, nil, nil, nil},
	}
	for name, errs := range want {
		for i, w := range errs {
			if got := fail(name); !errors.Is(got, w) {
				t.Errorf("hit %d of %s: %v, want %v", i+1, name, got, w)
			}
		}
	}
	if fail, err := Parse(" "); fail != nil || err != nil {
		t.Errorf("no points: %v", err)
	}
}

func TestBadPointsAreRefused(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{"a", "=kill", "a=boom", "a=kill@0", "a=kill@x", "a=kill@3-2", "a=sleep(x)", "a=error(x)"} {
		if _, err := Parse(spec); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(spec)) {
			t.Errorf("%q: %v", spec, err)
		}
	}
}
