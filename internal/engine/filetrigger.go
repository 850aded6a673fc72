package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
	"github.com/openticketai/otai-tui/internal/watch"
)

// Parameters that a run made by a file trigger gets when its pipe takes them.
const (
	paramChangedPath  = "changed_path"
	paramChangedNames = "changed_names" // of a directory: names that came, went or changed, one a line
)

// maxNames bounds what is told of a directory's names.
const maxNames = 4 << 10

// startWatches begins to watch for the file triggers, once nothing can go wrong with the start any more.
func (l *loop) startWatches() {
	for _, r := range l.order {
		for _, t := range r.triggers {
			l.watchFile(t)
		}
	}
}

// watchFile watches for a file trigger, in a goroutine that owns nothing: changes come to the loop as messages. Triggers of
// other kinds are left alone.
func (l *loop) watchFile(t *trigger) {
	if t.cfg.Kind != config.TriggerFile || t.unwatch != nil {
		return
	}
	ctx, cancel := context.WithCancel(l.life)
	t.unwatch = cancel
	runner, name, file, pollOnly := t.r.cfg.ID, t.cfg.Name, t.cfg.FileWatch, l.e.o.PollFiles
	key := "file:" + runner + "/" + name
	say := func(err error) {
		l.e.box.post(func() {
			if err == nil || ctx.Err() != nil {
				l.clearProblem(key)
				return
			}
			l.problem(key, fmt.Sprintf("trigger %s of %s is slow to notice changes, it looks by the clock: %s", name, runner, err))
		})
	}
	l.watches.Go(func() {
		known, err := l.e.knownFile(ctx, runner, name, file.Path)
		if err != nil {
			say(err)
			return
		}
		changes, err := watch.Files(ctx, []string{file.Path}, watch.Options{
			Debounce: file.Debounce, Poll: file.Poll, PollOnly: pollOnly, Known: known, Trouble: say,
		})
		if err != nil {
			say(err)
			return
		}
		for ev := range changes {
			l.e.box.post(func() { l.fileChanged(t, ev) })
		}
		say(nil)
	})
}

// endWatches ends all watching and waits for its goroutines.
func (l *loop) endWatches() {
	for _, r := range l.order {
		for _, t := range r.triggers {
			t.endWatch()
		}
	}
	l.watches.Wait()
}

// endWatch ends the trigger's watching, as a reload that takes it away must.
func (t *trigger) endWatch() {
	if t.unwatch != nil {
		t.unwatch()
	}
}

// knownFile gives what a trigger has seen. A path that it sees for the first time is no change.
func (e *Engine) knownFile(ctx context.Context, runner, trigger, path string) (map[string]string, error) {
	known, err := e.store.Files(ctx, runner, trigger)
	if err != nil {
		return nil, err
	}
	if _, ok := known[path]; ok {
		return known, nil
	}
	id := watch.Identity(path)
	known[path] = id
	return known, e.store.Write(ctx, func(tx *store.Tx) error { return tx.SetFile(runner, trigger, path, id) })
}

// fileChanged lets a change take its turn among the ticks. An engine that stops does not act on it: the next one finds it.
func (l *loop) fileChanged(t *trigger, ev watch.Event) {
	l.timetable.set(newItem(func(now time.Time) { l.claimFile(t, ev, now) }), l.e.clock())
}

// claimFile claims the run of a change. What has been seen is written with its row.
func (l *loop) claimFile(t *trigger, ev watch.Event, now time.Time) {
	if l.triggerOf(t.r.cfg.ID, t.cfg.Name) != t {
		return // a reload took it away
	}
	runner, name := t.r.cfg.ID, t.cfg.Name
	seen := func(tx *store.Tx) error { return tx.SetFile(runner, name, ev.Path, ev.Identity) }
	if t.exhausted() {
		l.write(seen, nil)
		return
	}
	mark := len(l.claims)
	l.occur(t, occasion{due: now, params: l.e.fileParams(&t.r.cfg.Pipe, ev)}, now)
	if len(l.claims) == mark {
		return
	}
	c := &l.claims[len(l.claims)-1]
	told := orchestrator.Event{
		At: now, Kind: "fired", Runner: runner, Run: c.run.ID, State: c.run.State, By: "engine",
		Text: l.e.secrets.line("run "+c.run.ID+" made due by "+changeText(ev), maxError),
	}
	c.also = func(tx *store.Tx) error {
		if err := seen(tx); err != nil {
			return err
		}
		tx.OnCommit(func() { l.e.hub.Event(told) })
		return tx.AddEvent(&told)
	}
}

func changeText(ev watch.Event) string {
	s := "a change of " + ev.Path
	switch {
	case ev.Identity == "":
		s = "the end of " + ev.Path
	case len(ev.Changed) > 0:
		s += ": " + strings.Join(ev.Changed, ", ")
	}
	return s
}

// fileParams are the parameters that tell the pipe what changed, as far as it takes them.
func (e *Engine) fileParams(d *pipe.Definition, ev watch.Event) map[string]string {
	names := strings.Join(ev.Changed, "\n")
	if len(names) > maxNames {
		names = names[:strings.LastIndexByte(names[:maxNames], '\n')+1]
	}
	out := map[string]string{}
	for k, v := range map[string]string{paramChangedPath: ev.Path, paramChangedNames: names} {
		if e.takesParam(d, k) && !pipe.HasTemplate(v) && !e.secrets.holds(v) { // a name is data, never a template
			out[k] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
