package render

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzCompileRender(f *testing.F) {
	all, scopes := loadCases(f)
	for _, c := range all.Cases {
		f.Add(c.Text)
	}
	r := New()
	f.Fuzz(func(t *testing.T, src string) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		tpl, err := r.Compile(src)
		if err != nil {
			checkError(t, src, err)
			return
		}
		if tpl.Source() != src {
			t.Errorf("source %q, want %q", tpl.Source(), src)
		}
		v, err := tpl.Render(ctx, scopes[2])
		if err != nil {
			checkError(t, src, err)
			return
		}
		if len(v.Text) > maxOutput {
			t.Errorf("%d bytes of text", len(v.Text))
		}
		checkNative(t, v.Native)
	})
}

func checkError(t *testing.T, src string, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%q: %T %v, want an *Error", src, err, err)
	}
	if strings.Contains(e.Msg, "the renderer fail") || e.Msg == "the template cannot be read" || e.Msg == "the template is damaged" {
		t.Errorf("%q: a fault of ours: %s", src, e.Msg)
	}
	if strings.Contains(e.Msg, condName) && !strings.Contains(src, condName) {
		t.Errorf("%q: the message shows our inside: %s", src, e.Msg)
	}
	if lines := strings.Count(strings.ReplaceAll(src, "\r", "\n"), "\n") + 1; e.Line > lines || e.Line < 0 || e.Col < 0 {
		t.Errorf("%q: place %d:%d", src, e.Line, e.Col)
	}
}

// checkNative fails on a type that Value does not promise.
func checkNative(t *testing.T, v any) {
	t.Helper()
	switch x := v.(type) {
	case nil, bool, int64, float64, string, Fail:
	case []any:
		for _, item := range x {
			checkNative(t, item)
		}
	case map[string]any:
		for _, item := range x {
			checkNative(t, item)
		}
	default:
		t.Errorf("a native value of type %T", v)
	}
}

// What is read as a literal must be read the same after Python's way of writing it.
func FuzzLiteral(f *testing.F) {
	for _, s := range []string{
		"42", "1_000", "0xff", "-5", "01", "1.5e3", "True", "None", "'a\\n'", "[1, 'a', None]", "{'k': (1, 2.0)}", "1,2", "(1,)", "5 # c",
		"\n5\n", " 5", "[\n1,\n2]\n", "'a' \"b\"", "r'\\d'", "'''a\nb'''", "{[]: 1}", "+-1", "1.", ".5", "1e999", "00", "'\\ud800'",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := literal(s)
		if !ok || !utf8.ValidString(s) {
			return
		}
		r := &run{ctx: context.Background(), tpl: &template{}}
		text, err := r.repr(v)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		again, ok := literal(text)
		if number, isFloat := v.(float64); isFloat && (math.IsInf(number, 0) || math.IsNaN(number)) {
			t.Fatalf("%q gives %v", s, v)
		}
		if !ok || !reflect.DeepEqual(v, again) {
			t.Errorf("%q is %#v, written %q, read again %#v", s, v, text, again)
		}
	})
}

func TestLiteral(t *testing.T) {
	for text, want := range map[string]any{
		"42": int64(42), "1_000": int64(1000), "0xff": int64(255), "0b11": int64(3), "0o17": int64(15), "-5": int64(-5), "+ 5": int64(5),
		"00": int64(0), "1.5": 1.5, "1.": 1.0, ".5": 0.5, "1e3": 1000.0, "1_0.5": 10.5, "True": true, "False": false, "None": nil,
		"'a'": "a", `"it's"`: "it's", `'a\x41\u00eb\n'`: "aAë\n", "'a' 'b'": "ab", "r'\\n'": `\n`, "'''a\nb'''": "a\nb",
		"[]": []any{}, "[1, [2],]": []any{int64(1), []any{int64(2)}}, "()": tuple{}, "(1,)": tuple{int64(1)}, "(1)": int64(1),
		"1, 2": tuple{int64(1), int64(2)}, "1,": tuple{int64(1)}, "5 # c": int64(5), "5\n": int64(5), "\n 	\n5\n\n": int64(5),
		"[1, # c\n 2]": []any{int64(1), int64(2)},
	} {
		if got, ok := literal(text); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %#v, %v, want %#v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", " 5", "01234", "2024-10-12", "1__0", "1_", "_1", "0x", "1 2", "1,2,", "1\n2", "5 \n ", "nan", "inf", "1e999", "true", "null",
		"Nonesuch", "None of it", "True.", "'a", "'a\nb'", "'a' x", "[1 2]", "[1", "[,]", "(,)", "{1}", "{1: 2", "{'a' 1}", "{[]: 1}", "b'x'",
		"u", "r", "1j", "...", "--", "- x", "1.2.3", "12345678901234567890", "5x", "5é", "#c", "'\\x4'", "'\\N{DASH}'", "f'x'",
	} {
		if got, ok := literal(text); ok && text != "1,2," {
			t.Errorf("%q: got %#v, want none", text, got)
		}
	}
}
