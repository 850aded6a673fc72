//go:build windows

package process

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// ShellArgs gives the program and arguments with which the system's shell runs a line.
func ShellArgs(line string) []string { return []string{"cmd.exe", "/C", line} }

// OwnGroup keeps a Ctrl-C in the engine's terminal from reaching the command. Call it before Start.
func OwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// TerminateGroup ends the command with its children: Windows has no gentler way for a program without a window.
func TerminateGroup(cmd *exec.Cmd) error {
	return exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run() //nolint:noctx // the context has ended already
}

// KillGroup ends what is left of the command and its children.
func KillGroup(cmd *exec.Cmd) {
	_ = TerminateGroup(cmd) // an error means that nothing is left
}

// SignalOf is "": processes do not end by signals here.
func SignalOf(*os.ProcessState) string { return "" }
