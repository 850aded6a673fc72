package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Run is one run: its steps on a time line, and the log of the step under the cursor.
type Run struct {
	id     string
	runner string
	w, h   int

	run    orchestrator.Run
	steps  []orchestrator.Step // ordered by kind
	lines  []stepLine          // of the list of steps
	loaded bool
	err    string
	stamp  string
	readAt time.Time

	cursor string // path of the step
	top    int
	chose  bool // the user has moved the cursor
	onLog  bool // the pane below the steps has the focus
	full   bool // the pane with the focus has the whole screen
	fold   bool // idle gaps are left out of the time axis
	zoom   int  // the time axis is stretched by 2^zoom around the step under the cursor

	pane  int // what is below the steps
	first int // line of the pane at its top, of other panes than the log
	near  near
	audit audit
	side  sideFacts
	diff  runDiff

	log      *LogView
	logged   []orchestrator.LogLine // of the whole run
	lastSeq  int64
	logErr   string
	logState int // 0 = not read, 1 = read, 2 = lines are missing
}

// runLogPage is how many lines of a run's log are read at once.
const runLogPage = 10_000

// NewRun opens a run of which at least ID and Runner are known.
func NewRun(r orchestrator.Run) *Run {
	v := NewLogView(false)
	v.level = 0
	return &Run{id: r.ID, runner: r.Runner, run: SafeRun(r), log: v}
}

// At puts the cursor on a step, before the run is read; "" leaves it to the run.
func (r *Run) At(path string) *Run {
	if path != "" {
		r.cursor, r.chose = path, true
	}
	return r
}

// Scopes are the action scopes of a run; the keys of a log work on the log below the steps.
func (r *Run) Scopes() []string { return []string{"run", "step", "answer", "logs", "list", "item"} }

// Crumb names the run with its state.
func (r *Run) Crumb(env Env) string {
	m := runMark(&r.run)
	s := r.runner + theme.Crumb + ShortID(r.id) + theme.Sep + m.Glyph + " " + m.Word
	if r.run.DryRun {
		s += theme.Sep + "dry run"
	}
	if r.run.Duration(env.Now) > 0 {
		s += theme.Sep + lengthWord(&r.run, env.Now)
	}
	return s
}

// Resize takes the body's size.
func (r *Run) Resize(w, h int) {
	r.w, r.h = w, h
	r.fit()
}

// runLayout is where things are: steps above, a pane below, facts at the right.
type runLayout struct {
	rows   int // of steps
	legend int // rows of the legend
	logY   int // of the pane's rule
	logH   int // lines of the pane
	info   int // lines that say where the run came from
	side   int // columns of the facts with their line; 0 = none
}

func (r *Run) layout(w, h int) runLayout {
	n := max(len(r.lines), 1)
	l := runLayout{}
	if w >= 110 && h >= 27 && !r.full { // a terminal of 110 by 32
		l.side = min(max(w/3, 40), 60)
	}
	switch {
	case l.side > 0 || r.pane == paneInputs || r.pane == paneDiff: // it is told there
	case h >= 19:
		l.info = max(len(r.foot(r.readAt, w, 3)), 1)
	case h >= 14:
		l.info = 1
	}
	if h >= 19 && w >= 76 {
		l.legend = 1
	}
	room := h - 3 - l.info - l.legend // two rules and the heads
	switch {
	case r.full && r.onLog:
		return runLayout{info: l.info, logH: max(h-1-l.info, 0)}
	case r.full:
		l.rows = max(room+1, 1)
		l.logY = 2 + l.rows + l.legend
		return l
	case l.side > 0: // the facts need some rows too
		l.rows = min(max(n, min(12, room/3)), max(room*6/10, 1))
	default:
		l.rows = min(n, max(room*6/10, 1))
	}
	l.logY = 2 + l.rows + l.legend
	l.logH = max(room-l.rows, 0)
	return l
}

func (r *Run) fit() {
	l := r.layout(r.w, r.h)
	r.top = part.Window(r.top, r.line(), len(r.lines), l.rows)
	r.log.Resize(r.w, l.logH)
}

func (r *Run) at() int {
	return max(slices.IndexFunc(r.steps, func(s orchestrator.Step) bool { return s.Path == r.cursor }), 0)
}

// line is where the cursor's step is in the list with its headings.
func (r *Run) line() int {
	at := r.at()
	return max(slices.IndexFunc(r.lines, func(l stepLine) bool { return l.head == "" && l.i == at }), 0)
}

// StepAt is the step under the cursor.
func (r *Run) StepAt() *orchestrator.Step {
	if len(r.steps) == 0 {
		return nil
	}
	return &r.steps[r.at()]
}

// Steps are the steps of the run.
func (r *Run) Steps() []orchestrator.Step { return r.steps }

// Refresh makes the facts at the side anew when they have changed; steps come through Wants.
func (r *Run) Refresh(env Env) {
	w := r.layout(r.w, r.h).side - 3
	if w < 0 {
		return
	}
	k := sideKey{of: r.stamp, near: r.near.of, logged: r.lastSeq, state: r.logState, w: w, events: len(env.Data.Events), read: len(r.audit.events)}
	if len(env.Data.Events) > 0 {
		k.newest = env.Data.Events[0].ID
	}
	if !r.run.State.Terminal() {
		k.second = env.Now.Unix()
	}
	if k != r.side.key {
		r.side = sideFacts{key: k, lines: r.sideLines(env, w), acts: r.actLines(env)}
	}
}

// stampOf changes when the run may have changed. Of a run that is neither its runner's current nor its last one nothing
// is told, so while it goes on it is read every other second.
func (r *Run) stampOf(env Env) string {
	rn := env.Data.Runner(r.runner)
	if rn == nil {
		return ""
	}
	for _, run := range []*orchestrator.Run{rn.Current, rn.Last} {
		if run != nil && run.ID == r.id {
			return fmt.Sprint(run.State, run.Attempt, run.Attempts, run.EndedAt.Unix(), run.Handlers, rn.StepsDone, rn.StepsAll)
		}
	}
	if r.loaded && (!r.run.State.Terminal() || r.run.Handlers == "pending") {
		return fmt.Sprint("poll ", env.Now.Unix()/2)
	}
	return ""
}

// Wants asks for the steps when the run changed, at most once a second, for the log, and for what the panes show.
func (r *Run) Wants(env Env) []Want {
	var out []Want
	st := r.stampOf(env)
	if !r.loaded || st != r.stamp && env.Now.Sub(r.readAt) >= refresh {
		out = append(out, Want{Key: "run:" + r.id + ":" + st, Kind: WantDetail, Run: r.id, Runner: st})
	}
	if r.logState != 1 {
		f := orchestrator.LogFilter{Run: r.id, After: r.lastSeq, Limit: runLogPage}
		out = append(out, Want{Key: fmt.Sprint("runlog:", r.id, r.lastSeq), Kind: WantLogs, Logs: f})
	}
	if r.loaded && r.err == "" {
		out = append(out, r.paneWants(env)...)
	}
	return out
}

// Receive takes the steps, the log, or what a pane shows.
func (r *Run) Receive(env Env, a Answer) {
	switch a.Kind {
	case WantOther:
		r.takeOther(a)
	case WantDetail:
		if a.Run != r.id {
			r.diff.take(a)
			return
		}
		r.stamp, r.readAt = a.Runner, env.Now
		first := !r.loaded
		r.loaded = true
		if a.Err != nil {
			r.err = text.Line(a.Err.Error(), maxText)
			return
		}
		r.err = ""
		d := safeDetail(a.Detail)
		r.run, r.steps = d.Run, d.Steps
		byKind(r.steps)
		r.lines = stepLines(r.steps)
		r.runner = d.Run.Runner // who goes to a run by its number does not know it
		if !r.chose {
			r.choose()
		} else if first {
			r.showLog()
		}
		r.fit()
	case WantLogs:
		r.logState, r.logErr = 1, ""
		if len(a.Lines) >= runLogPage { // and there are more
			r.logState = 2
		}
		if a.Err != nil {
			r.logErr = text.Line(a.Err.Error(), maxText)
		}
		r.addLines(a.Lines)
		r.showLog()
	}
}

// choose puts the cursor where the news is: the failed step, else the one at work, else the whole run.
func (r *Run) choose() {
	want := ""
	for _, s := range r.steps {
		if s.Composite {
			continue
		}
		if failed(s.State) || s.State == orchestrator.AwaitingRetry || s.State == orchestrator.Running || asks(&s) {
			want = s.Path
			if failed(s.State) {
				break
			}
		}
	}
	if want == "" && len(r.steps) > 0 {
		want = r.steps[0].Path
	}
	if want != r.cursor {
		r.cursor = want
		r.showLog()
	}
}

// addLines takes lines that are newer than the newest known one.
func (r *Run) addLines(lines []orchestrator.LogLine) []orchestrator.LogLine {
	var fresh []orchestrator.LogLine
	for _, l := range lines {
		if l.Seq > r.lastSeq {
			r.lastSeq = l.Seq
			fresh = append(fresh, SafeLog(l))
		}
	}
	r.logged = append(r.logged, fresh...)
	if over := len(r.logged) - 2*maxLines; over > 0 {
		r.logged = slices.Clone(r.logged[over:])
	}
	return fresh
}

// AppendLogs takes live lines of this run. A jump in their numbers means that lines are missing, which are then read.
func (r *Run) AppendLogs(lines []orchestrator.LogLine, gap int) {
	if r.logState != 1 {
		return // the answer on its way brings them
	}
	var mine []orchestrator.LogLine
	for _, l := range lines {
		if l.Run == r.id && l.Seq > r.lastSeq {
			mine = append(mine, l)
		}
	}
	if gap > 0 || len(mine) > 0 && mine[0].Seq > r.lastSeq+1 {
		r.logState = 2
		return
	}
	fresh := r.addLines(mine)
	r.log.Append(slices.DeleteFunc(fresh, func(l orchestrator.LogLine) bool { return !r.ofStep(l.Step) }))
}

// ofStep says that a line's step is the one under the cursor or inside it. The first step is the whole run.
func (r *Run) ofStep(path string) bool {
	return r.at() == 0 || path == r.cursor || strings.HasPrefix(path, r.cursor+"/")
}

// showLog shows the lines of the step under the cursor, from its first error when it failed.
func (r *Run) showLog() {
	var lines []orchestrator.LogLine
	for _, l := range r.logged {
		if r.ofStep(l.Step) {
			lines = append(lines, l)
		}
	}
	r.log.plain = r.at() > 0 && !r.steps[r.at()].Composite
	r.log.Set(lines)
	r.fit()
	if len(r.steps) > 0 && failed(r.steps[r.at()].State) {
		r.log.Home(Env{})
		if levelOf(r.log.firstLevel()) != 3 {
			r.log.NextError(1)
		}
	}
}

// firstLevel is the level of the oldest line shown.
func (v *LogView) firstLevel() string {
	if len(v.shown) == 0 {
		return ""
	}
	return v.line(v.shown[0]).Level
}

// NextPane moves the focus between the steps and the pane below them.
func (r *Run) NextPane(Env) {
	r.onLog = !r.onLog
	r.fit()
}

// Full gives the pane with the focus the whole screen, or takes it back.
func (r *Run) Full(Env) {
	r.full = !r.full
	r.fit()
}

// Fold leaves idle gaps out of the time axis, or shows them again.
func (r *Run) Fold(Env) { r.fold, r.zoom = !r.fold, 0 }

// Stretch stretches the time axis around the step under the cursor by doublings; a negative number takes them back.
func (r *Run) Stretch(_ Env, by int) {
	r.fold, r.zoom = false, min(max(r.zoom+by, 0), maxZoom)
}

// LogView is the log below the steps.
func (r *Run) LogView() *LogView { return r.log }

// Move moves the cursor over the steps, or in the pane below them.
func (r *Run) Move(env Env, n int) {
	if r.onLog {
		if r.pane == paneLog {
			r.log.Move(env, n)
		} else {
			r.scroll(env, n)
		}
		return
	}
	if len(r.steps) == 0 {
		return
	}
	r.chose = true
	r.cursor = r.steps[max(min(r.at()+n, len(r.steps)-1), 0)].Path
	r.showLog()
}

// Page moves by half pages.
func (r *Run) Page(env Env, halves int) {
	if r.onLog && r.pane == paneLog {
		r.log.Page(env, halves)
		return
	}
	rows := r.layout(r.w, r.h).rows
	if r.onLog {
		rows = r.layout(r.w, r.h).logH
	}
	r.Move(env, halves*max(rows/2, 1))
}

// Home goes to the first row.
func (r *Run) Home(env Env) {
	if r.onLog && r.pane == paneLog {
		r.log.Home(env)
		return
	}
	r.Move(env, -maxLines)
}

// End goes to the last row.
func (r *Run) End(env Env) {
	if r.onLog && r.pane == paneLog {
		r.log.End(env)
		return
	}
	r.Move(env, maxLines)
}

// Target is the run itself.
func (r *Run) Target(Env) (Target, bool) {
	run := r.run
	return Target{Runner: r.runner, Run: &run}, true
}
