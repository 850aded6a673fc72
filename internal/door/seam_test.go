package door_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func seam() []reflect.Method {
	t := reflect.TypeFor[orchestrator.Orchestrator]()
	var out []reflect.Method
	for i := range t.NumMethod() {
		out = append(out, t.Method(i))
	}
	return out
}

// TestEveryCallIsGenerated: the client has each method of the seam itself, and none from the empty interfaces it embeds.
func TestEveryCallIsGenerated(t *testing.T) {
	has := map[string]bool{}
	for _, file := range []string{"client.go", "client_gen.go", "subscription.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
				has[fn.Name.Name] = true
			}
		}
	}
	for _, m := range seam() {
		if !has[m.Name] {
			t.Errorf("the door's client has no %s: go generate ./internal/door", m.Name)
		}
	}
}

// TestTheSeamCanTravel: all that the calls take and give is data that JSON keeps, with a context first and an error last.
func TestTheSeamCanTravel(t *testing.T) {
	life := "Start Stop Run Subscribe"
	for _, m := range seam() {
		if strings.Contains(life, m.Name) {
			continue
		}
		if m.Type.NumIn() == 0 || m.Type.In(0) != reflect.TypeFor[context.Context]() || m.Type.NumOut() == 0 ||
			m.Type.Out(m.Type.NumOut()-1) != reflect.TypeFor[error]() {
			t.Errorf("%s: the door needs a context first and an error last", m.Name)
			continue
		}
		for i := 1; i < m.Type.NumIn(); i++ {
			travels(t, m.Name, m.Type.In(i), map[reflect.Type]bool{})
		}
		for i := range m.Type.NumOut() - 1 {
			travels(t, m.Name, m.Type.Out(i), map[reflect.Type]bool{})
		}
	}
}

func travels(t *testing.T, where string, kind reflect.Type, seen map[reflect.Type]bool) {
	if seen[kind] {
		return
	}
	seen[kind] = true
	if kind.Implements(reflect.TypeFor[json.Marshaler]()) && reflect.PointerTo(kind).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return
	}
	switch kind.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		t.Errorf("%s: %s cannot go over the socket", where, kind)
	case reflect.Interface:
		if kind.NumMethod() > 0 {
			t.Errorf("%s: the interface %s cannot go over the socket", where, kind)
		}
	case reflect.Pointer, reflect.Slice, reflect.Array:
		travels(t, where, kind.Elem(), seen)
	case reflect.Map:
		travels(t, where, kind.Key(), seen)
		travels(t, where, kind.Elem(), seen)
	case reflect.Struct:
		for i := range kind.NumField() {
			f := kind.Field(i)
			if !f.IsExported() || f.Tag.Get("json") == "-" {
				t.Errorf("%s: field %s of %s would be lost on the way", where, f.Name, kind)
				continue
			}
			travels(t, where+" "+kind.Name()+"."+f.Name, f.Type, seen)
		}
	}
}

// TestQueriesComeUnchanged: what a console reads over the socket is what it would read beside the engine.
func TestQueriesComeUnchanged(t *testing.T) {
	fake := uitest.New(uitest.Promises())
	c, _ := open(t, fake)
	ctx := t.Context()
	same := func(name string, read func(o orchestrator.Orchestrator) (any, error)) {
		t.Helper()
		want, err := read(fake)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := read(c)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s came changed (%v)\n got %+v\nwant %+v", name, err, got, want)
		}
	}
	same("runs", func(o orchestrator.Orchestrator) (any, error) {
		return o.Runs(ctx, orchestrator.RunFilter{WithIdle: true, Since: uitest.Now.Add(-24 * time.Hour)})
	})
	same("detail", func(o orchestrator.Orchestrator) (any, error) { return o.RunDetail(ctx, uitest.RunID(2)) })
	same("logs", func(o orchestrator.Orchestrator) (any, error) { return o.Logs(ctx, orchestrator.LogFilter{Tail: 50}) })
	same("events", func(o orchestrator.Orchestrator) (any, error) { return o.Events(ctx, 100) })
	same("ticks", func(o orchestrator.Orchestrator) (any, error) { return o.NextTicks(ctx, "dedupe", 3) })
	same("approvals", func(o orchestrator.Orchestrator) (any, error) { return o.Approvals(ctx) })
	same("backfills", func(o orchestrator.Orchestrator) (any, error) { return o.Backfills(ctx) })
	if _, err := c.RunDetail(ctx, "nothing"); !errors.Is(err, orchestrator.ErrUnknownRun) {
		t.Errorf("an unknown run: %v", err)
	}
	for _, err := range []error{c.Start(ctx), c.Stop(ctx), c.Run(ctx)} {
		if err == nil {
			t.Error("the engine's life is in this client's hands")
		}
	}
}

// wait takes updates until ok says yes.
func wait(t *testing.T, sub orchestrator.Subscription, what string, ok func(orchestrator.Update) bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), uitest.Patience)
	defer stop()
	for {
		if err := sub.Wait(ctx); err != nil {
			t.Fatalf("%s did not come: %v", what, err)
		}
		if ok(sub.Take()) {
			return
		}
	}
}

// TestALiveViewGoesThrough: runners, lines, their gaps, and events arrive, after the request for a snapshot.
func TestALiveViewGoesThrough(t *testing.T) {
	fake := uitest.New(uitest.Tickets())
	c, _ := open(t, fake)
	sub := c.Subscribe()
	defer sub.Close()
	var first orchestrator.Update // its parts may come one after the other
	wait(t, sub, "the first update", func(u orchestrator.Update) bool {
		if u.Engine != nil {
			first.Engine = u.Engine
		}
		first.Resync = first.Resync || u.Resync
		return first.Resync && first.Engine != nil && first.Engine.Name != ""
	})
	fake.Change("dedupe", func(r *orchestrator.Runner) { r.State, r.Runs = orchestrator.Running, 4711 })
	wait(t, sub, "a runner", func(u orchestrator.Update) bool {
		return len(u.Runners) == 1 && u.Runners[0].ID == "dedupe" && u.Runners[0].Runs == 4711
	})
	fake.Hub.Event(orchestrator.Event{ID: 9, Kind: "paused", Text: "by kim"})
	wait(t, sub, "an event", func(u orchestrator.Update) bool { return len(u.Events) == 1 && u.Events[0].Text == "by kim" })
	const lines = 5000 // more than the hub keeps for one viewer
	for i := range lines {
		fake.Hub.Log(orchestrator.LogLine{Run: "7", Seq: int64(i + 1), Msg: fmt.Sprint(i)})
	}
	seen, last := 0, int64(0)
	wait(t, sub, "every line, or its gap", func(u orchestrator.Update) bool {
		seen += u.LogGap
		for i := range u.Logs {
			seen += 1 + u.Logs[i].Gap
			last = u.Logs[i].Seq
		}
		return last == lines
	})
	if seen != lines {
		t.Errorf("%d lines and gaps of %d", seen, lines)
	}
	sub.Close()
	for range 2 { // what came before may be there once
		if err := sub.Wait(t.Context()); err != nil {
			return
		}
	}
	t.Error("a closed view goes on")
}

// TestAViewerThatReadsNothingHoldsNothingUp: a process that opens a live view and never reads it leaves the engine alone, and other viewers.
func TestAViewerThatReadsNothingHoldsNothingUp(t *testing.T) {
	fake := uitest.New(uitest.Tickets())
	c, dir := open(t, fake)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "unix", filepath.Join(dir, "door", "engine.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /v2/Subscribe HTTP/1.1\r\nHost: engine\r\nContent-Length: 2\r\n\r\n[]"); err != nil {
		t.Fatal(err)
	}
	sub := c.Subscribe()
	defer sub.Close()
	wait(t, sub, "the first update", func(u orchestrator.Update) bool { return u.Resync })
	long := strings.Repeat("x", 1000)
	const events = 10_000 // and 10 MB of lines: more than any buffer on the way
	for i := range events {
		fake.Hub.Event(orchestrator.Event{ID: int64(i + 1), Text: long})
		fake.Hub.Log(orchestrator.LogLine{Run: "7", Seq: int64(i + 1), Msg: long})
	}
	fake.Change("dedupe", func(r *orchestrator.Runner) { r.Runs = 4711 })
	wait(t, sub, "the last change", func(u orchestrator.Update) bool {
		return slices.ContainsFunc(u.Runners, func(r orchestrator.Runner) bool { return r.Runs == 4711 })
	})
	if _, err := c.Snapshot(t.Context()); err != nil {
		t.Error(err)
	}
}
