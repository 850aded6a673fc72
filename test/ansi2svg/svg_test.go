package main

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	in, err := os.ReadFile("testdata/frame.ansi")
	if err != nil {
		t.Fatal(err)
	}
	for name, th := range map[string]theme{"dark": dark, "light": lightTheme} {
		got := svg(parse(string(in)), th, "A <test> frame", 40, 0)
		path := "testdata/frame-" + name + ".svg"
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs from the picture; look at it, then go test ./test/ansi2svg -update", path)
		}
		if err := wellFormed(got); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestStyles(t *testing.T) {
	for _, c := range []struct {
		in     string
		fg, bg string
		check  func(style) bool
	}{
		{"\x1b[31mx", dark.ansi[1], "", nil},
		{"\x1b[91;44mx", dark.ansi[9], dark.ansi[4], nil},
		{"\x1b[38;5;203mx", "#ff5f5f", "", nil},
		{"\x1b[38;5;248mx", "#a8a8a8", "", nil},
		{"\x1b[38;2;1;2;3;48;2;4;5;6mx", "#010203", "#040506", nil},
		{"\x1b[38:2::1:2:3mx", "#010203", "", nil},
		{"\x1b[38:2:1:2:3mx", "#010203", "", nil},
		{"\x1b[48:5:16mx", dark.fg, "#000000", nil},
		{"\x1b[7mx", dark.bg, dark.fg, nil},
		{"\x1b[7;41mx", dark.ansi[1], dark.fg, nil},
		{"\x1b[1;31m\x1b[mx", dark.fg, "", func(s style) bool { return s == style{} }},
		{"\x1b[1;2;3;4;9mx", dark.fg, "", func(s style) bool { return s.bold && s.faint && s.italic && s.underline && s.strike }},
		{"\x1b[1;2;4m\x1b[22;4:0mx", dark.fg, "", func(s style) bool { return s == style{} }},
		{"\x1b[38;5mx", dark.fg, "", nil},
		{"\x1b[999999999999mx", dark.fg, "", nil},
	} {
		row := parse(c.in)[0]
		if len(row) != 1 || row[0].s != "x" {
			t.Errorf("%q gives %+v", c.in, row)
			continue
		}
		if fg, bg := row[0].style.paint(dark); fg != c.fg || bg != c.bg {
			t.Errorf("%q is painted %s on %q, want %s on %q", c.in, fg, bg, c.fg, c.bg)
		}
		if c.check != nil && !c.check(row[0].style) {
			t.Errorf("%q gives %+v", c.in, row[0].style)
		}
	}
}

func TestCells(t *testing.T) {
	rows := parse("a\x1b]8;;http://x\x1b\\日\x1b]8;;\x07e\u0301\x1b(B\x00!\n\x1b[2Jz\n")
	if len(rows) != 2 || len(rows[1]) != 1 {
		t.Fatalf("got %+v", rows)
	}
	var got []string
	width := 0
	for _, c := range rows[0] {
		got, width = append(got, c.s), width+c.width
	}
	if strings.Join(got, "|") != "a|日|e\u0301|!" || width != 5 {
		t.Errorf("got %q, %d columns", got, width)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("\x1b[38;2;1;2;3ma▂─日\n\x1b[0m")
	f.Add("\x1b[38:2:::::::4m\ufffe<&")
	f.Fuzz(func(t *testing.T, in string) {
		if err := wellFormed(svg(parse(in), dark, "fuzz", 0, 0)); err != nil {
			t.Fatalf("%q: %v", in, err)
		}
	})
}

func wellFormed(s string) error {
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
