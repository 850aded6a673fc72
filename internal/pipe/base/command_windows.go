//go:build windows

package base

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

func shellArgs(line string) []string { return []string{"cmd.exe", "/C", line} }

// ownGroup keeps a Ctrl-C in the engine's terminal from reaching the command.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// terminateGroup ends the command with its children: Windows has no gentler way for a program without a window.
func terminateGroup(cmd *exec.Cmd) error {
	return exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run() //nolint:noctx // the context has ended already
}

func killGroup(cmd *exec.Cmd) {
	_ = terminateGroup(cmd) // an error means that nothing is left
}

func signalOf(*os.ProcessState) string { return "" }
