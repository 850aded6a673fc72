package ui_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func TestLook(t *testing.T) {
	d := uitest.Drive(t, uitest.New(uitest.Tickets()))
	for _, s := range [][2]int{{80, 24}, {140, 40}, {58, 16}, {40, 10}, {30, 6}} {
		d.Resize(s[0], s[1])
		fmt.Fprintln(os.Stderr, d.Text())
	}
}
