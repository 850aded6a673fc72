package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
)

// Bounds of the run history.
const (
	pageRuns = 100
	keepRuns = 5000
	refresh  = time.Second // how often the newest page is read at most
)

// Runs is the history of one runner, or of all: newest first, read page by page while the cursor goes down.
type Runs struct {
	runner string // "" = all
	marks  marks
	w, h   int
	idle   bool
	filter filter

	all    []orchestrator.Run // newest first
	shown  []int              // places in all that pass the filter
	cursor string             // run id
	top    int

	loaded bool
	end    bool // there are no older runs
	err    string
	stamp  string // of the shared data when the newest page was read
	readAt time.Time
	serial int // grows when the list begins anew; older answers are dropped

	asked   string    // the filter that the history was asked with
	typedAt time.Time // when the filter changed last
	all24   runsTrend
	byError bool   // the list is of groups of equal errors
	group   string // key of the group that the list is narrowed to; "" = none
	peek    runsPeek
}

// NewRuns makes the history of a runner; "" = of all.
func NewRuns(runner string) *Runs { return &Runs{runner: runner} }

// Scopes are the action scopes of the history.
func (s *Runs) Scopes() []string { return []string{"runs", "list", "open", "item", "filter", "marks"} }

// Crumb names the screen.
func (s *Runs) Crumb(Env) string {
	if s.runner == "" {
		return "Runs"
	}
	return s.runner + " runs"
}

// Resize takes the body's size.
func (s *Runs) Resize(w, h int) {
	s.w, s.h = w, h
	s.fit()
}

// Refresh has nothing to sort; new runs come through Wants.
func (s *Runs) Refresh(Env) {}

func (s *Runs) rows() int { return s.layout(s.h).rows }

// stampOf changes when a run of this list began, changed or ended.
func (s *Runs) stampOf(d *Data) string {
	var b strings.Builder
	for i := range d.Runners {
		r := &d.Runners[i]
		if s.runner != "" && r.ID != s.runner {
			continue
		}
		if r.Live > 1 { // the others show in their number only
			fmt.Fprint(&b, r.Live, r.Waiting)
		}
		for _, run := range []*orchestrator.Run{r.Current, r.Last} {
			if run != nil {
				fmt.Fprint(&b, run.ID, run.State, run.Attempts, run.Handlers)
			}
		}
	}
	return b.String()
}

// Wants asks for the newest page when runs changed, and for the next older page when the cursor nears the end.
func (s *Runs) Wants(env Env) []Want {
	s.settle(env)
	out := append(s.trendWants(env), s.peekWants()...)
	f := s.question(env)
	f.Limit = pageRuns
	if st := s.stampOf(env.Data); !s.loaded || st != s.stamp && env.Now.Sub(s.readAt) >= refresh {
		out = append(out, Want{Key: fmt.Sprintf("runs:%p:%d:%d:new", s, s.serial, env.Now.Unix()), Kind: WantRuns, Runs: f, Runner: st, N: s.serial})
	}
	if s.loaded && !s.end && s.err == "" && len(s.all) > 0 && len(s.all) < keepRuns && s.at()+2*s.rows() >= len(s.shown) {
		f.Before = s.all[len(s.all)-1].ID
		out = append(out, Want{Key: fmt.Sprintf("runs:%p:%d:%s", s, s.serial, f.Before), Kind: WantRuns, Runs: f, N: s.serial})
	}
	return out
}

// Receive takes a page.
func (s *Runs) Receive(env Env, a Answer) {
	switch a.Kind {
	case WantOther:
		s.takeTrend(env, a)
		return
	case WantDetail:
		s.takePeek(a)
		return
	}
	if a.N != s.serial {
		return
	}
	if a.Err != nil {
		s.err, s.loaded = text.Line(a.Err.Error(), maxText), true
		s.stamp, s.readAt = a.Runner, env.Now
		return
	}
	s.err = ""
	page := make([]orchestrator.Run, 0, len(a.Runs))
	for _, r := range a.Runs {
		page = append(page, SafeRun(r))
	}
	if a.older() {
		s.all = append(s.all, page...)
		s.end = len(page) < pageRuns
	} else {
		s.takeNewest(page)
		s.loaded, s.stamp, s.readAt = true, a.Runner, env.Now
	}
	s.sift()
}

// older says that the answer is an older page.
func (a Answer) older() bool { return a.Want.Runs.Before != "" }

// takeNewest puts the newest page in front of the older ones that are known.
func (s *Runs) takeNewest(page []orchestrator.Run) {
	if !s.loaded {
		s.all, s.end = page, len(page) < pageRuns
		return
	}
	if len(page) == 0 {
		s.all, s.end = nil, true
		return
	}
	last := page[len(page)-1].ID
	i := slices.IndexFunc(s.all, func(r orchestrator.Run) bool { return r.ID == last })
	if i < 0 { // more new runs than one page: begin anew
		s.all, s.end = page, len(page) < pageRuns
		return
	}
	s.all = append(page, s.all[i+1:]...)
}

// sift applies the filter and keeps the cursor on its run.
func (s *Runs) sift() {
	s.shown = s.shown[:0]
	if s.marks.any() {
		s.marks.keep(func(id string) bool {
			return slices.ContainsFunc(s.all, func(r orchestrator.Run) bool { return r.ID == id })
		})
	}
	for i := range s.all {
		if s.passes(&s.all[i]) {
			s.shown = append(s.shown, i)
		}
	}
	s.fit()
}

func (s *Runs) at() int {
	return max(slices.IndexFunc(s.shown, func(i int) bool { return s.all[i].ID == s.cursor }), 0)
}

func (s *Runs) fit() {
	if len(s.shown) == 0 {
		s.top = 0
		return
	}
	i := s.at()
	if i > 0 || s.cursor != "" { // an untouched cursor stays on the newest run
		s.cursor = s.all[s.shown[i]].ID
	}
	s.top = part.Window(s.top, i, len(s.shown), s.rows())
}

// ToggleIdle shows or hides runs that did nothing.
func (s *Runs) ToggleIdle(Env) {
	s.idle = !s.idle
	s.again()
}

// again reads the list from its beginning.
func (s *Runs) again() {
	s.serial++
	s.loaded, s.all, s.shown, s.end = false, nil, nil, false
	s.all24.countAt = time.Time{}
}

// Move moves the cursor by rows.
func (s *Runs) Move(_ Env, rows int) {
	if s.byError {
		s.all24.move(rows)
		return
	}
	if len(s.shown) == 0 {
		return
	}
	s.cursor = s.all[s.shown[max(min(s.at()+rows, len(s.shown)-1), 0)]].ID
	s.fit()
}

// Page moves by half pages.
func (s *Runs) Page(e Env, halves int) { s.Move(e, halves*max(s.rows()/2, 1)) }

// Home goes to the newest run.
func (s *Runs) Home(e Env) {
	s.Move(e, -len(s.shown))
	s.cursor = ""
}

// End goes to the oldest run known.
func (s *Runs) End(e Env) { s.Move(e, len(s.shown)) }

// SetFilter shows only what the query lets through: at once of what is known, and once it is settled of the whole history.
func (s *Runs) SetFilter(env Env, q string) {
	s.typedAt = env.Now
	if q == "" || q == s.filter.query { // cleared or confirmed
		s.typedAt = time.Time{}
	}
	s.filter = parseFilter(q)
	s.sift()
}

// Filter is the query in force.
func (s *Runs) Filter() string { return s.filter.query }

// Clear takes the innermost view of errors back; false = there was none.
func (s *Runs) Clear(Env) bool {
	switch {
	case s.byError:
		s.byError = false
	case s.group != "":
		s.group = ""
		s.again()
	default:
		return false
	}
	return true
}

// Target is the run under the cursor.
func (s *Runs) Target(Env) (Target, bool) {
	if len(s.shown) == 0 || s.byError {
		return Target{Runner: s.runner}, s.runner != ""
	}
	r := s.all[s.shown[s.at()]]
	return Target{Runner: r.Runner, Run: &r}, true
}

// hint says what a retry of the run under the cursor would do, before it is asked.
func (s *Runs) hint(env Env) string {
	r := &s.all[s.shown[s.at()]]
	switch {
	case s.filter.problem() != "":
		return s.filter.problem()
	case failed(r.State) && r.FailedStep != "":
		return env.Key("run.retry", "r") + " retries run " + ShortID(r.ID) + " from " + leaf(r.FailedStep) + ", completed steps are kept"
	case r.Reason != "":
		return r.Reason
	}
	return ""
}

// longest is the longest duration among the runs known, for the bars.
func (s *Runs) longest(now time.Time) time.Duration {
	var d time.Duration
	for i := range s.all {
		d = max(d, s.all[i].Duration(now))
	}
	return d
}
