// Command ansi2svg turns a terminal picture (tmux capture-pane -p -e) into an SVG: the pictures of the documentation are
// made of the real program. It reads stdin and writes stdout.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	light := flag.Bool("light", false, "light background")
	title := flag.String("title", "Terminal", "what the picture shows, for those who cannot see it")
	cols := flag.Int("cols", 0, "columns; 0 = as wide as the text")
	rows := flag.Int("rows", 0, "rows; 0 = as many as there are")
	flag.Parse()
	in, err := io.ReadAll(os.Stdin)
	if err == nil {
		theme := dark
		if *light {
			theme = lightTheme
		}
		_, err = io.WriteString(os.Stdout, svg(parse(string(in)), theme, *title, *cols, *rows))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ansi2svg:", err)
		os.Exit(1)
	}
}
