package screen

import (
	"context"
	"fmt"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// tailLines is how many lines of history a log begins with, and has in a page.
const tailLines = 1000

// What a log asks for.
const (
	askTail   = "tail"
	askOlder  = "older"
	askNewer  = "newer"
	askAround = "around"
	askSearch = "search"
	askError  = "error"
)

// logAnswer is what came back.
type logAnswer struct {
	what   string
	asking int
	page   orchestrator.LogPage
	hits   orchestrator.LogHits
	query  string
}

// Wants asks for the newest lines, for those around a place to go to, for those beyond an end of the window, and for what is searched.
func (l *Logs) Wants(Env) []Want {
	var out []Want
	oldest, newest := l.view.ends()
	switch {
	case l.err != "":
	case l.around != nil && !l.around.read:
		out = append(out, l.page(askAround, orchestrator.LogQuery{From: l.around.from}))
	case !l.loaded:
		out = append(out, l.page(askTail, orchestrator.LogQuery{Back: true}))
	case l.seek != 0:
		out = append(out, l.seekWant())
	case l.view.pull < 0:
		if !l.resume.Zero() {
			oldest = l.resume
		}
		out = append(out, l.page(askOlder, orchestrator.LogQuery{Back: true, From: oldest}))
	case l.view.pull > 0:
		out = append(out, l.page(askNewer, orchestrator.LogQuery{From: newest}))
	}
	if w, ok := l.searchWant(); ok {
		out = append(out, w)
	}
	return out
}

func (l *Logs) page(what string, q orchestrator.LogQuery) Want {
	q.LogScope, q.Limit = l.scope, l.length
	asking := l.asking
	return Want{
		Key: fmt.Sprintf("log:%p:%s:%d:%v", l, what, asking, q.From), Kind: WantOther,
		Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) {
			p, err := readPage(ctx, o, q)
			return logAnswer{what: what, asking: asking, page: p}, err
		},
	}
}

// maxEmpty is how many pages without a line are read before somebody is asked to go on: two and a half million lines.
const maxEmpty = 50

// readPage reads until a page has lines or the log ends.
func readPage(ctx context.Context, o orchestrator.Orchestrator, q orchestrator.LogQuery) (orchestrator.LogPage, error) {
	for i := 0; ; i++ {
		p, err := o.ReadLog(ctx, q)
		if err != nil || p.Done || len(p.Lines) > 0 || i == maxEmpty {
			return p, err
		}
		q.From = p.Next
	}
}

// Receive takes a page, or what a search found.
func (l *Logs) Receive(_ Env, a Answer) {
	if a.Err != nil {
		l.err = text.Line(a.Err.Error(), maxText)
		l.loaded, l.around, l.view.pull, l.hist.state, l.seek = true, nil, 0, histNone, 0
		return
	}
	got, ok := a.Value.(logAnswer)
	if !ok {
		return
	}
	for i := range got.page.Lines {
		got.page.Lines[i] = SafeLog(got.page.Lines[i])
	}
	if got.what == askSearch {
		l.takeHits(&got)
		return
	}
	if got.asking == l.asking {
		l.takePage(got.what, &got.page)
	}
}

func (l *Logs) takePage(what string, p *orchestrator.LogPage) {
	switch what {
	case askTail:
		l.loaded = true
		l.view.Set(p.Lines)
		l.view.atStart = p.Done
		l.know(p.Lines)
		l.attach()
	case askError:
		l.takeError(p)
	case askAround:
		l.loaded = true
		l.takeAround(p)
	case askOlder:
		l.view.Older(p.Lines, p.Done)
		l.resume = orchestrator.LogPlace{}
		if len(p.Lines) == 0 && !p.Done { // a long stretch without a line of this log
			l.resume = p.Next
		}
		l.attach()
		if l.around != nil {
			if l.around.center && len(l.view.shown) > 0 {
				l.view.goTo(l.view.cursor)
			}
			l.around = nil
		}
	case askNewer:
		l.know(p.Lines)
		l.view.Newer(p.Lines, p.Done)
		l.attach()
	}
}

// takeAround shows the lines from a place on; when there are none, the newest ones.
func (l *Logs) takeAround(p *orchestrator.LogPage) {
	if len(p.Lines) == 0 && p.Done {
		l.around = nil
		l.Follow()
		return
	}
	start := l.around.from.Zero()
	l.know(p.Lines)
	l.view.Replace(p.Lines, start, p.Done)
	l.around.read = true
	l.attach()
	if start {
		l.around = nil
		return
	}
	l.view.pull = -1
}

// know remembers the newest line of each run.
func (l *Logs) know(lines []orchestrator.LogLine) {
	for i := range lines {
		l.lastN[lines[i].Run] = max(l.lastN[lines[i].Run], lines[i].Seq)
	}
}
