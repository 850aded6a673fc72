//go:build !windows

package process

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// ShellArgs gives the program and arguments with which the system's shell runs a line.
func ShellArgs(line string) []string { return []string{"/bin/sh", "-c", line, "sh"} }

// OwnGroup puts the command into a process group of its own, so that its children can be ended with it and a Ctrl-C in
// the engine's terminal does not reach it. Call it before Start.
func OwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// TerminateGroup asks the whole group of a started command to end.
func TerminateGroup(cmd *exec.Cmd) error {
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// KillGroup ends what is left of the group. The group's number stays taken while one of its processes lives.
func KillGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // ESRCH: all have ended already
}

// SignalOf names the signal that ended the process; "" = it ended by itself.
func SignalOf(state *os.ProcessState) string {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return ""
	}
	return status.Signal().String()
}
