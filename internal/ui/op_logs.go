package ui

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
)

// gotoOffers are ":goto TIME" and ":goto line N".
func gotoOffers(a *App, rest string) []action.Offer[*App] {
	l, ok := a.top().(*screen.Logs)
	rest = strings.TrimSpace(rest)
	o := action.Offer[*App]{Line: join("goto", rest)}
	if !ok || rest == "" {
		o.Line, o.Title = "goto", "then a time, or line and a number"
		return []action.Offer[*App]{o}
	}
	if n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimPrefix(rest, "line")), 10, 64); err == nil {
		o.Title, o.Do = fmt.Sprintf("line %d of this run", n), func(*App) { l.JumpLine(n) }
		if l.Scope().Run == "" {
			o.Why = "only the lines of one run have numbers: goto 14:02 goes to a time"
		}
		return []action.Offer[*App]{o}
	}
	t, err := gotoTime(rest, a.now)
	if err != nil {
		o.Why, o.Do = err.Error(), func(*App) {}
		return []action.Offer[*App]{o}
	}
	o.Title, o.Do = "first line from "+t.Format(time.DateTime)+"Z on", func(*App) { l.JumpTime(t) }
	return []action.Offer[*App]{o}
}

// mergeOffers are ":logs PIPE [PIPE …]".
func mergeOffers(a *App, rest string) []action.Offer[*App] {
	words := strings.Fields(rest)
	var out []action.Offer[*App]
	known := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return a.data.Runner(w) == nil })
	if len(known) == len(words) && len(words) > 0 {
		all := words
		out = append(out, action.Offer[*App]{
			Line: join("logs", strings.Join(all, " ")), Title: "one log of them", Do: func(a *App) { a.openMerged(all) },
		})
	}
	last := ""
	if len(words) > 0 && !strings.HasSuffix(rest, " ") {
		last, words = words[len(words)-1], words[:len(words)-1]
	}
	for i := range a.data.Runners {
		if id := a.data.Runners[i].ID; hasPrefixFold(id, last) && id != last && !slices.Contains(words, id) {
			out = append(out, action.Offer[*App]{Line: join("logs", strings.Join(words, " "), id), Title: "and more pipes"})
		}
	}
	return out
}

// openMerged opens one log of several runners.
func (a *App) openMerged(ids []string) {
	if len(ids) == 1 {
		a.open(screen.NewLogs(orchestrator.LogFilter{Runner: ids[0]}, ids[0]))
		return
	}
	a.open(screen.NewMergedLogs(ids, plural(len(ids), "pipe")+" merged"))
}

// exportOffers are ":export shown" and ":export all".
func exportOffers(a *App, rest string) []action.Offer[*App] {
	l, ok := a.top().(logScreen)
	if !ok {
		return nil
	}
	name, sc := "log", orchestrator.LogScope{}
	if long, ok := l.(*screen.Logs); ok {
		name, sc = long.Title(), long.Scope()
	} else if _, run := a.chosen(); run != nil {
		name, sc = "run "+screen.ShortID(run.ID), orchestrator.LogScope{Run: run.ID}
	}
	lines := l.LogView().Shown()
	shown := func(_ context.Context, put func([]orchestrator.LogLine) error) error { return put(lines) }
	whole := func(ctx context.Context, put func([]orchestrator.LogLine) error) error {
		return wholeLog(ctx, a.o, sc, put)
	}
	all := []action.Offer[*App]{{
		Line: exportWord + " shown", Title: plural(len(lines), "line") + " on hand that pass the level and the filters",
		Do: func(a *App) { a.export(name, shown) },
	}, {
		Line: exportWord + " all", Title: "the whole log from the history, without filters",
		Do: func(a *App) { a.export(name, whole) },
	}}
	return slices.DeleteFunc(all, func(o action.Offer[*App]) bool { return !strings.Contains(o.Line, strings.TrimSpace(rest)) })
}

// wholeLog gives all lines of a log, page by page.
func wholeLog(ctx context.Context, o orchestrator.Orchestrator, sc orchestrator.LogScope, put func([]orchestrator.LogLine) error) error {
	q := orchestrator.LogQuery{LogScope: sc, Limit: 5000}
	for {
		p, err := o.ReadLog(ctx, q)
		if err != nil {
			return err
		}
		if err := put(p.Lines); err != nil || p.Done {
			return err
		}
		q.From = p.Next
	}
}

// exportDir is where exports go: into the state directory, or where the console was started.
func (a *App) exportDir() string {
	if d := a.data.Engine.StateDir; d != "" {
		return filepath.Join(d, "exports")
	}
	return "."
}

// export writes lines to a new file and says its name.
func (a *App) export(name string, lines func(ctx context.Context, put func([]orchestrator.LogLine) error) error) {
	dir, base := a.exportDir(), "otai-"+fileWord(name)+"-"+a.now.UTC().Format("20060102T150405Z")
	a.command("export of the log", func(ctx context.Context) (string, error) {
		f, err := newFile(dir, base)
		if err != nil {
			return "", err
		}
		n, w := 0, bufio.NewWriter(f)
		err = lines(ctx, func(ls []orchestrator.LogLine) error {
			for i := range ls {
				x := screen.SafeLog(ls[i])
				if _, err := w.WriteString(screen.ExportLine(&x)); err != nil {
					return err
				}
			}
			n += len(ls)
			return nil
		})
		if err = cmp.Or(err, w.Flush()); err == nil {
			err = f.Sync()
		}
		if err = cmp.Or(err, f.Close()); err != nil {
			return "", errors.Join(fmt.Errorf("after %d lines, %s is removed: %w", n, f.Name(), err), os.Remove(f.Name()))
		}
		return fmt.Sprintf("%s written to %s", plural(n, "line"), f.Name()), nil
	}, nil)
}

// newFile makes a file that was not there; only its user reads it.
func newFile(dir, base string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for i := 1; ; i++ {
		name := base + ".log"
		if i > 1 {
			name = fmt.Sprintf("%s-%d.log", base, i)
		}
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // made of letters and digits
		if !errors.Is(err, fs.ErrExist) || i == 100 {
			return f, err
		}
	}
}

// fileWord makes a file name's part of a title.
func fileWord(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(s))
	return s[:min(len(s), 60)]
}
