// Command maketiny writes a very small model for a help desk, to try otai-classifier with: go run ./maketiny models/tiny
package main

import (
	"fmt"
	"os"

	"github.com/openticketai/otai-tui/cmd/otai-classifier/internal/tinymodel"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: maketiny DIRECTORY")
		os.Exit(2)
	}
	if err := tinymodel.Help().Write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
