package main

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestSnapshotIsDocumented: docs/terminals.md names every field of --json.
func TestSnapshotIsDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/terminals.md")
	if err != nil {
		t.Fatal(err)
	}
	_, doc, ok := strings.Cut(string(b), "## One snapshot")
	if !ok {
		t.Fatal("there is no chapter on the snapshot")
	}
	seen := 0
	var look func(kind reflect.Type)
	look = func(kind reflect.Type) {
		switch kind.Kind() {
		case reflect.Pointer, reflect.Slice:
			look(kind.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		if kind == reflect.TypeFor[jsonRun]() || kind == reflect.TypeFor[jsonApproval]() || kind.PkgPath() != reflect.TypeFor[jsonSnapshot]().PkgPath() {
			return // of other commands, and times
		}
		for i := range kind.NumField() {
			f := kind.Field(i)
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				seen++
				optional := strings.Contains(f.Tag.Get("json"), ",omit")
				named := "`" + name + "`"
				if !strings.Contains(doc, named) && !strings.Contains(doc, "."+name+"`") && !strings.Contains(doc, "`"+name+"[]`") {
					t.Errorf("%s of %s is not documented", name, kind)
				}
				if optional && !strings.Contains(doc, named+"?") {
					t.Errorf("%s of %s can be left out; the docs do not say so", name, kind)
				}
			}
			look(f.Type)
		}
	}
	look(reflect.TypeFor[jsonSnapshot]())
	if seen < 50 {
		t.Errorf("only %d fields were looked at", seen)
	}
}
