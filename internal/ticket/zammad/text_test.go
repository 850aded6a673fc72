package zammad

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "",
		"plain & simple":                       "plain & simple",
		"a<br/>b<p>c</p>":                      "a\nb\n\nc",
		"<ul><li>x</li><li>y</ul>z":            "- x\n- y\nz",
		"1 < 2 &amp;&#x4e2d; <b>bold</b> text": "1 < 2 &中 bold text",
		"<style>p{}</style>x<SCRIPT>if(a</b)</script>y":              "xy",
		"<!-- <p>no</p> -->yes":                                      "yes",
		`pic <img src="cid:1"> here`:                                 "pic here",
		"<blockquote>fwd <b>all</b></blockquote>":                    "fwd all",
		"re<blockquote>a<blockquote>b</blockquote>c</blockquote>end": "re\nend",
		"open <a href='x":                                            "open",
		"<script>never ends":                                         "",
		"\x1b[31mred\u0000 <td>a</td><td>b":                          "[31mred a b",
	} {
		if got := plainText(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("<p>a<blockquote>b</p></script>")
	f.Fuzz(func(t *testing.T, s string) {
		if got := plainText(s); !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\x1b") {
			t.Errorf("%q", got)
		}
	})
}

func FuzzHits(f *testing.F) {
	for _, s := range []string{`[1]`, `[{"id":1}]`, `{"tickets":[1]}`, `{"record_ids":[]}`, `{"records":[{"id":2}]}`, `{}`, `[0]`, `[null]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var h hits
		if json.Unmarshal(data, &h) != nil {
			return
		}
		for _, id := range h {
			if id <= 0 {
				t.Errorf("%s gives the id %d", data, id)
			}
		}
	})
}

func TestMarker(t *testing.T) {
	if got := withoutMarker("a\n\n" + marker("k") + "\n"); got != "a" {
		t.Errorf("%q", got)
	}
	if got := withoutMarker("see [otai:x] there"); got != "see [otai:x] there" {
		t.Errorf("%q", got)
	}
}
