package screen

import (
	"context"
	"fmt"
	"slices"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// maxHits bounds what a search of the whole log remembers: the newest ones.
const maxHits = 1000

type histState int

const (
	histNone histState = iota
	histRunning
	histDone
)

// history is a search of the whole log, beyond the lines on hand.
type history struct {
	state  histState
	query  string
	level  int
	cursor string
	looked int
	more   bool // it stopped at maxHits
	went   bool // the view is at a hit
	lines  []orchestrator.LogLine
}

// stale says that something else is searched for meanwhile.
func (l *Logs) stale() bool {
	return l.hist.state != histNone && (l.hist.query != l.view.Query() || l.hist.level != l.view.level)
}

// WhySearchAll says why the whole log cannot be searched.
func (l *Logs) WhySearchAll() string {
	switch {
	case l.view.query.Empty():
		return "nothing is searched for; / searches"
	case l.view.atStart && !l.view.cutOff:
		return "the whole log is loaded; n and N go through its matches"
	case l.hist.state == histRunning && !l.stale():
		return "the search is going on"
	case l.hist.state == histDone && !l.stale():
		return "the whole log was searched; n and N go through its matches"
	}
	return ""
}

// SearchAll searches the whole log for what is searched for in the lines on hand.
func (l *Logs) SearchAll() {
	l.err = ""
	l.hist = history{state: histRunning, query: l.view.Query(), level: l.view.level}
}

func (l *Logs) searchWant() (Want, bool) {
	if l.stale() {
		l.hist = history{}
	}
	if l.hist.state != histRunning {
		return Want{}, false
	}
	q := orchestrator.LogSearch{LogScope: l.scope, Query: l.hist.query, Cursor: l.hist.cursor}
	q.Level = levels[l.hist.level]
	return Want{
		Key: fmt.Sprintf("log:%p:%s:%s:%s", l, askSearch, q.Cursor, q.Query), Kind: WantOther,
		Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) {
			h, err := o.SearchLog(ctx, q)
			return logAnswer{what: askSearch, query: q.Query + q.Cursor, hits: h}, err
		},
	}, true
}

// takeHits adds what a piece of the search found, and goes to the first hits.
func (l *Logs) takeHits(a *logAnswer) {
	h := &l.hist
	if h.state != histRunning || a.query != h.query+h.cursor {
		return
	}
	h.cursor, h.looked = a.hits.Cursor, h.looked+a.hits.Looked
	for _, x := range a.hits.Lines {
		h.lines = append(h.lines, SafeLog(x))
	}
	slices.SortFunc(h.lines, func(a, b orchestrator.LogLine) int { return l.view.compare(&a, &b) })
	if a.hits.Done {
		h.state = histDone
	}
	if over := len(h.lines) - maxHits; over >= 0 && h.state == histRunning {
		h.lines, h.more, h.state = slices.Clone(h.lines[over:]), true, histDone
	}
	if places := l.places(); !h.went && len(places) > 0 {
		h.went = true
		if len(l.view.matches) == 0 { // else n and N go there from the match that is on show
			l.goPlace(places[len(places)-1])
		}
	}
}

// places are the matches on hand and the hits beyond, in their order.
func (l *Logs) places() []orchestrator.LogPlace {
	lines := make([]orchestrator.LogLine, 0, len(l.hist.lines)+len(l.view.matches))
	for i := range l.hist.lines {
		if l.view.fits(&l.hist.lines[i]) {
			lines = append(lines, l.hist.lines[i])
		}
	}
	for _, n := range l.view.matches {
		lines = append(lines, *l.view.line(n))
	}
	slices.SortStableFunc(lines, func(a, b orchestrator.LogLine) int { return l.view.compare(&a, &b) })
	lines = slices.CompactFunc(lines, func(a, b orchestrator.LogLine) bool { return a.Seq > 0 && a.Seq == b.Seq && a.Run == b.Run })
	out := make([]orchestrator.LogPlace, len(lines))
	for i := range lines {
		out[i] = orchestrator.PlaceOf(&lines[i])
	}
	return out
}

// NextMatch goes to the next (1) or previous (-1) match; with a search of the whole log also to those that are not on hand.
func (l *Logs) NextMatch(dir int) {
	if l.hist.state == histNone || l.stale() {
		l.view.NextMatch(dir)
		return
	}
	places := l.places()
	if len(places) == 0 {
		return
	}
	l.view.hold()
	i, on := l.among(places)
	switch {
	case dir < 0:
		i--
	case on:
		i++
	}
	l.goPlace(places[(i+len(places))%len(places)])
}

// among is where the cursor's line is among places.
func (l *Logs) among(places []orchestrator.LogPlace) (int, bool) {
	if len(l.view.shown) == 0 {
		return len(places), false
	}
	cur := l.view.line(l.view.shown[l.view.at()])
	return slices.BinarySearchFunc(places, cur, func(p orchestrator.LogPlace, t *orchestrator.LogLine) int {
		return l.view.compare(&orchestrator.LogLine{At: p.At, Run: p.Run, Seq: p.Seq}, t)
	})
}

// found says which match the cursor is on, and of how much of the log.
func (l *Logs) found() string {
	v := l.view
	switch {
	case v.wrong != "" || v.query.Empty():
		return v.found()
	case l.hist.state == histNone || l.stale():
		s := v.found() + theme.Sep
		if v.atStart && !v.cutOff {
			return s + "whole log"
		}
		return s + "loaded, enter searches all"
	}
	places := l.places()
	s := v.sought() + "  " + count(len(places), "match", "matches")
	if i, on := l.among(places); on && v.held {
		s = fmt.Sprintf("%s  %d of %d", v.sought(), i+1, len(places))
	}
	switch {
	case l.hist.state == histRunning:
		return s + theme.Sep + fmt.Sprintf("%d k lines searched", l.hist.looked/1000)
	case l.hist.more:
		return s + theme.Sep + "the newest ones of all"
	}
	return s + theme.Sep + "whole log"
}

// NextError goes to the next (1) or previous (-1) error; behind the last one on hand it looks in the rest of the log.
func (l *Logs) NextError(dir int) {
	v := l.view
	errs := v.errors()
	i, on := slices.BinarySearch(errs, v.cursor)
	if on {
		i++
	}
	switch {
	case !l.loaded || l.around != nil:
	case !v.atStart && (len(errs) == 0 || dir < 0 && v.held && (errs[0] >= v.cursor)):
		l.seek = -1
	case v.cutOff && dir > 0 && i == len(errs):
		l.seek = 1
	default:
		v.NextError(dir)
	}
}

// seekWant asks for the nearest error beyond the window.
func (l *Logs) seekWant() Want {
	oldest, newest := l.view.ends()
	q := orchestrator.LogQuery{LogScope: l.scope, Back: l.seek < 0, From: newest, Limit: 1}
	if q.Back {
		q.From = oldest
	}
	q.Level = levels[3]
	asking := l.asking
	return Want{
		Key: fmt.Sprintf("log:%p:%s:%d:%v", l, askError, asking, q.From), Kind: WantOther,
		Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) {
			p, err := readPage(ctx, o, q)
			return logAnswer{what: askError, asking: asking, page: p}, err
		},
	}
}

// takeError goes to the error that was found; when there is none, round to the one at the other end of the window.
func (l *Logs) takeError(p *orchestrator.LogPage) {
	dir := l.seek
	l.seek = 0
	if len(p.Lines) > 0 {
		l.goPlace(orchestrator.PlaceOf(&p.Lines[0]))
		return
	}
	l.view.NextError(dir)
}
