//go:build !windows

package base

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

func shellArgs(line string) []string { return []string{"/bin/sh", "-c", line, "sh"} }

// ownGroup puts the command into a process group of its own, so that its children can be ended with it and a Ctrl-C in
// the engine's terminal does not reach it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// terminateGroup asks the whole group to end.
func terminateGroup(cmd *exec.Cmd) error {
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// killGroup ends what is left of the group. The group's number stays taken while one of its processes lives.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // ESRCH: all have ended already
}

// signalOf names the signal that ended the process; "" = it ended by itself.
func signalOf(state *os.ProcessState) string {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return ""
	}
	return status.Signal().String()
}
