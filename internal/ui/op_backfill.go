package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// backfillForm asks for a range and a bound. The first yes only counts the ticks that need a run; the number has to be
// typed to start.
func (a *App) backfillForm(runner, from, to string) *form {
	recount := func(f *form) { f.count = nil }
	at := func(name, value, hint string) *field {
		x := textField(name, value, hint)
		x.changed = recount
		x.check = func(_ *App, v string) error {
			if v == "" {
				return errors.New("say a date, such as 2026-11-24 or 2026-11-24T15:30 (UTC)")
			}
			_, err := parseMoment(v)
			return err
		}
		return x
	}
	number := func(name, hint string) *field {
		x := textField(name, "", hint)
		x.changed = recount
		x.check = func(_ *App, v string) error {
			if n, err := strconv.Atoi(v); v != "" && (err != nil || n < 1) {
				return fmt.Errorf("%q is not a number from 1", v)
			}
			return nil
		}
		return x
	}
	trigger := textField("trigger", "", "its name, when the pipe has several timetables")
	trigger.changed = recount
	f := &form{title: "backfill" + theme.Sep + runner, fields: []*field{
		at("from", from, "2026-11-24 or 2026-11-24T15:30 (UTC)"), at("to", to, "the last nominal time, as from"),
		number("at most", "1000 ticks, the oldest first"), number("at once", "1 run"), trigger,
	}}
	f.facts = func(a *App, f *form) facts { return a.backfillFacts(runner, f) }
	f.phrase = func(_ *App, f *form) string {
		f.verb = "count"
		if f.count == nil || f.count.Total == 0 {
			return ""
		}
		f.verb = "backfill"
		return fmt.Sprintf("backfill %d", f.count.Total)
	}
	f.submit = func(a *App, f *form) { a.submitBackfill(runner, f) }
	return f
}

func (a *App) backfillFacts(runner string, f *form) facts {
	r := a.data.Runner(runner)
	if r == nil {
		return facts{why: "the configuration has no pipe " + runner + " any more"}
	}
	out := facts{stamp: r.Schedule, lines: []fact{
		{theme.Muted, r.Schedule + theme.Sep + "its ticks of the past, as if they were due now, at the lowest priority"},
	}}
	switch c := f.count; {
	case c == nil:
		out.lines = append(out.lines, fact{theme.Plain, "count says first how many runs it would make"})
	case c.Total == 0:
		out.lines = append(out.lines, fact{theme.Late, "no tick in the range needs a run: each has one already, or there is none"})
	default:
		out.lines = append(out.lines, fact{theme.Plain, fmt.Sprintf("%s from %s to %s; ticks that have a run already are left out",
			plural(c.Total, "run"), text.Moment(c.First, a.now), text.Moment(c.Last, a.now))},
			fact{theme.Muted, a.recorded() + "; x on the engine's screen cancels what has not begun"})
	}
	return out
}

// submitBackfill counts first, then starts.
func (a *App) submitBackfill(runner string, f *form) {
	from, _ := parseMoment(f.get("from")) // all checked
	to, _ := parseMoment(f.get("to"))
	if d := f.get("to"); len(d) == len(time.DateOnly) { // a day means all of it
		to = to.Add(24*time.Hour - 1)
	}
	if to.Before(from) {
		f.note = "to lies before from"
		return
	}
	limit, _ := strconv.Atoi(f.get("at most"))
	parallel, _ := strconv.Atoi(f.get("at once"))
	req := orchestrator.BackfillRequest{
		Runner: runner, Trigger: f.get("trigger"), From: from, To: to, Limit: limit, Parallel: parallel, DryRun: f.count == nil || f.count.Total == 0,
		By: a.opts.Actor,
	}
	o := a.o
	if req.DryRun {
		f.busy, f.note = true, ""
		a.off(func(ctx context.Context) tea.Msg {
			b, err := o.Backfill(ctx, req)
			return formMsg{form: f, count: &b, doneMsg: doneMsg{what: "count", err: err}}
		})
		return
	}
	a.send(f, "backfill "+runner, func(ctx context.Context) (string, error) {
		b, err := o.Backfill(ctx, req)
		return fmt.Sprintf("backfill %s of %s began: %s, the engine's screen (5) shows it", b.ID, runner, plural(b.Total, "run")), err
	}, nil)
}

// whyBackfill says why a pipe cannot be backfilled.
func (a *App) whyBackfill() string {
	if why := a.whyPause(); why != "" { // none, or disabled
		return why
	}
	if r, _ := a.chosen(); r.Schedule == "manual" || r.Schedule == "" {
		return r.ID + " has no timetable, so it has no ticks of the past"
	}
	return ""
}

func (a *App) backfillChosen() {
	if r, _ := a.chosen(); r != nil {
		a.openForm(a.backfillForm(r.ID, "", ""))
	}
}

// backfillOffers are ":backfill PIPE [FROM [TO]]".
func backfillOffers(a *App, rest string) []action.Offer[*App] {
	runner, more := cutWord(rest)
	from, more := cutWord(more)
	to, _ := cutWord(more)
	var out []action.Offer[*App]
	for i := range a.data.Runners {
		r := &a.data.Runners[i]
		if !hasPrefixFold(r.ID, runner) || from != "" && r.ID != runner {
			continue
		}
		o := action.Offer[*App]{
			Line: join("backfill", r.ID, from, to), Title: "counts first, then asks",
			Why: a.aimed(&screen.Target{Runner: r.ID}).whyBackfill(), Do: func(a *App) { a.openForm(a.backfillForm(r.ID, from, to)) },
		}
		for _, w := range []string{from, to} {
			if _, err := parseMoment(w); w != "" && err != nil {
				o.Why = w + " is no date: a range is FROM and TO, such as 2026-11-01 2026-11-05"
			}
		}
		out = append(out, o)
	}
	return out
}

// whyCancelBackfill says why a backfill cannot be cancelled.
func whyCancelBackfill(b *orchestrator.Backfill) string {
	switch {
	case b == nil:
		return "no backfill is selected"
	case b.State != orchestrator.Running:
		return "backfill " + b.ID + " has ended"
	}
	return ""
}

// rowBackfill is the backfill under the cursor of the engine's screen.
func (a *App) rowBackfill() *orchestrator.Backfill {
	if e, ok := a.top().(*screen.Engine); ok {
		return e.Backfill(a.env())
	}
	return nil
}

// backfills are those that were read last.
func (a *App) backfills() []orchestrator.Backfill {
	for _, t := range a.tabs {
		if e, ok := t.s.(*screen.Engine); ok {
			return e.Fills()
		}
	}
	return nil
}

// cancelBackfill cancels what of a backfill has not begun, after a question.
func (a *App) cancelBackfill(id string) {
	find := func(a *App) *orchestrator.Backfill {
		all := a.backfills()
		if i := slices.IndexFunc(all, func(b orchestrator.Backfill) bool { return b.ID == id }); i >= 0 {
			return &all[i]
		}
		return nil
	}
	a.question(func(a *App) question {
		b := find(a)
		if b == nil {
			return question{stamp: id, role: theme.Danger, text: "cancel backfill " + id + "? what of it has not begun is dropped, what runs goes on"}
		}
		return question{
			why: whyCancelBackfill(b), stamp: id + string(b.State), role: theme.Danger,
			text: fmt.Sprintf("cancel backfill %s of %s? %d of %d runs were made; the rest is dropped, what runs goes on", id, b.Runner,
				b.Claimed, b.Total),
		}
	}, func(a *App) {
		o, by := a.o, a.opts.Actor
		a.command("cancel backfill "+id, func(ctx context.Context) (string, error) {
			return "cancelled backfill " + id, o.CancelBackfill(ctx, id, by)
		}, nil)
	})
}

// cancelOffers are ":cancel backfill ID".
func cancelOffers(a *App, rest string) []action.Offer[*App] {
	word, id := cutWord(rest)
	if !strings.HasPrefix("backfill", strings.ToLower(word)) {
		return nil
	}
	var out []action.Offer[*App]
	for _, b := range a.backfills() {
		if strings.HasPrefix(b.ID, id) {
			out = append(out, action.Offer[*App]{
				Line: "cancel backfill " + b.ID, Title: fmt.Sprintf("%s%s%d of %d", b.Runner, theme.Sep, b.Claimed, b.Total),
				Why: whyCancelBackfill(&b), Do: func(a *App) { a.cancelBackfill(b.ID) },
			})
		}
	}
	if len(out) == 0 && word != "" {
		o := action.Offer[*App]{Line: join("cancel backfill", id), Title: "then its number, as the engine's screen (5) shows it"}
		if id != "" {
			o.Title, o.Do = "asks first", func(a *App) { a.cancelBackfill(id) }
		}
		out = append(out, o)
	}
	return out
}
