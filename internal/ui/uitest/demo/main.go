// Command demo runs the console over fixed data, without an engine: to look at it, and to make pictures of it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func main() {
	theme := flag.String("theme", "auto", "auto, terminal, otai-dark, otai-light or mono")
	glyphs := flag.String("glyphs", "auto", "auto, unicode or ascii")
	ssh := flag.Bool("ssh", false, "as if served over SSH")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	err := ui.Run(ctx, ui.Options{
		Orchestrator: uitest.New(uitest.Tickets()), Theme: *theme, Glyphs: *glyphs, OverSSH: *ssh,
		Actor: orchestrator.Actor{Name: "kim", Via: "console"},
		Now:   func() time.Time { return uitest.Now.Add(time.Since(began)) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
