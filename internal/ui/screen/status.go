package screen

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Rank orders runners by how much attention they need, most first.
type Rank int

// The ranks.
const (
	RankFailed Rank = iota
	RankRetrying
	RankLate
	RankRunning
	RankQueued
	RankPaused
	RankCalm
	RankDisabled
)

// settle is how long a run has to go on before its runner moves up among the running ones, so that short runs do not
// make the list jump.
const settle = 3 * time.Second

// Mark is how a state looks: a glyph, a word and a role.
type Mark struct {
	Glyph string
	Word  string
	Role  theme.Role
}

// RankOf says where a runner belongs.
func RankOf(r *orchestrator.Runner, now time.Time) Rank {
	switch {
	case r.State == orchestrator.Disabled:
		return RankDisabled
	case Asking(r) || r.OverdueFor > 0 && calm(r) && !Held(r):
		return RankLate
	case Held(r):
		return RankPaused
	}
	switch r.State {
	case orchestrator.AwaitingRetry:
		return RankRetrying
	case orchestrator.Late:
		return RankLate
	case orchestrator.Pending, orchestrator.Interrupted:
		return RankQueued
	case orchestrator.Running, orchestrator.Cancelling:
		if r.Current != nil && now.Sub(r.Current.StartedAt) < settle {
			return lastRank(r)
		}
		return RankRunning
	case orchestrator.Failed, orchestrator.Crashed:
		return RankFailed
	default:
		return lastRank(r)
	}
}

// Asking says that the runner's run waits for a person's answer.
func Asking(r *orchestrator.Runner) bool {
	return r.Current != nil && r.Current.State == orchestrator.Paused
}

// Held says that a pause of the runner, or of something that it belongs to, keeps its ticks from starting, and nothing of
// it is at work.
func Held(r *orchestrator.Runner) bool {
	return r.State == orchestrator.Paused && !Asking(r) || r.HeldBy != "" && calm(r)
}

// calm says that nothing of the runner is at work or waits.
func calm(r *orchestrator.Runner) bool {
	switch r.State {
	case orchestrator.Scheduled, orchestrator.Completed, orchestrator.Failed, orchestrator.Crashed, "":
		return true
	}
	return false
}

func lastRank(r *orchestrator.Runner) Rank {
	if r.Last != nil && failed(r.Last.State) {
		return RankFailed
	}
	return RankCalm
}

func failed(s orchestrator.State) bool { return s == orchestrator.Failed || s == orchestrator.Crashed }

// RunnerMark says how a runner looks now. The word has at most eleven columns.
func RunnerMark(r *orchestrator.Runner, now time.Time) Mark {
	m := RunnerLook(r)
	if m.Word == "" {
		m.Word = runnerWord(r, now)
	}
	return m
}

// RunnerLook is RunnerMark whose word is "" where it is made of figures: all runners are counted by their looks for every frame.
func RunnerLook(r *orchestrator.Runner) Mark {
	switch {
	case r.State == orchestrator.Disabled:
		return StateMark(r.State)
	case Asking(r):
		return Mark{theme.GlyphAsk, "to answer", theme.Late}
	case Held(r) && r.Pause == nil && r.HeldBy != "": // by something it belongs to
		return Mark{theme.GlyphPaused, "held", theme.Paused}
	case overdue(r):
		return Mark{theme.GlyphLate, "", theme.Late}
	}
	switch r.State {
	case orchestrator.AwaitingRetry:
		return Mark{theme.GlyphRetry, "", theme.Retry}
	case orchestrator.Pending:
		if r.Waiting > 1 {
			return Mark{theme.GlyphQueued, "", theme.Running}
		}
	case orchestrator.Late:
		return Mark{theme.GlyphLate, "", theme.Late}
	case orchestrator.Running:
		return Mark{theme.GlyphRunning, "", theme.Running}
	case orchestrator.Scheduled, orchestrator.Completed, "":
		if r.Last == nil {
			return Mark{theme.GlyphQueued, "no run yet", theme.Muted}
		}
		return lastLook(r.Last)
	case orchestrator.Failed, orchestrator.Crashed:
		if r.Last != nil && failed(r.Last.State) {
			return lastLook(r.Last)
		}
	}
	return StateMark(r.State)
}

// overdue says that a runner without work should have been successful long ago.
func overdue(r *orchestrator.Runner) bool { return r.OverdueFor > 0 && calm(r) && !Held(r) }

// runnerWord is the word of a look that has none.
func runnerWord(r *orchestrator.Runner, now time.Time) string {
	if overdue(r) {
		return "no ok " + text.CalmAge(r.OverdueFor)
	}
	switch r.State {
	case orchestrator.AwaitingRetry:
		return withTries("retry", r.Current)
	case orchestrator.Pending:
		return strconv.Itoa(r.Waiting) + " queued"
	case orchestrator.Late:
		due := r.NextAt
		if r.Current != nil && !r.Current.DueAt.IsZero() {
			due = r.Current.DueAt
		}
		if d := now.Sub(due); !due.IsZero() && d > 0 {
			return "late " + text.Countdown(d)
		}
		return "late"
	case orchestrator.Running:
		if r.Live > 1 {
			return severalWord(r)
		}
		if r.StepsAll > 1 && r.StepsAll < 1000 {
			return "run " + strconv.Itoa(min(r.StepsDone+1, r.StepsAll)) + "/" + strconv.Itoa(r.StepsAll)
		}
		return "running"
	}
	return withTries("failed", r.Last)
}

// severalWord is "2 run +3": so many are at work, so many wait. LiveWord says it in full.
func severalWord(r *orchestrator.Runner) string {
	n := r.Live - r.Waiting
	switch {
	case r.Waiting == 0:
		return fmt.Sprintf("%d running", n)
	case r.Live > 99:
		return fmt.Sprintf("%d live", r.Live)
	default:
		return fmt.Sprintf("%d run +%d", n, r.Waiting)
	}
}

// LiveWord says how many runs of a runner are live; "" when there is at most one.
func LiveWord(r *orchestrator.Runner) string {
	if r.Live < 2 {
		return ""
	}
	s := fmt.Sprintf("%d running", r.Live-r.Waiting)
	if r.Waiting > 0 {
		s += fmt.Sprintf(", %d waiting", r.Waiting)
	}
	return s
}

// lastLook is how a runner looks after its last run; "" is the word for a failed one.
func lastLook(l *orchestrator.Run) Mark {
	switch l.State {
	case orchestrator.Failed:
		return Mark{theme.GlyphFailed, "", theme.Failed}
	case orchestrator.Completed:
		return Mark{theme.GlyphOK, "ok", theme.OK}
	default:
		return StateMark(l.State)
	}
}

// withTries adds "2/5" when the numbers are known.
func withTries(word string, r *orchestrator.Run) string {
	if r == nil || r.Attempts < 1 {
		return word
	}
	s := word + " " + strconv.Itoa(r.Attempts) + "/" + strconv.Itoa(r.MaxAttempts)
	if r.MaxAttempts < r.Attempts || len(s) > stateCols-1 {
		return fmt.Sprintf("%s %d", word, r.Attempts)
	}
	return s
}

// StateMark says how a run, step or attempt in a state looks.
func StateMark(s orchestrator.State) Mark {
	switch s {
	case orchestrator.Completed:
		return Mark{theme.GlyphOK, "ok", theme.OK}
	case orchestrator.Failed:
		return Mark{theme.GlyphFailed, "failed", theme.Failed}
	case orchestrator.Crashed:
		return Mark{theme.GlyphFailed, "crashed", theme.Failed}
	case orchestrator.AwaitingRetry:
		return Mark{theme.GlyphRetry, "retry", theme.Retry}
	case orchestrator.Running:
		return Mark{theme.GlyphRunning, "running", theme.Running}
	case orchestrator.Cancelling:
		return Mark{theme.GlyphRunning, "stopping", theme.Late}
	case orchestrator.Late:
		return Mark{theme.GlyphLate, "late", theme.Late}
	case orchestrator.Pending:
		return Mark{theme.GlyphQueued, "queued", theme.Running}
	case orchestrator.Scheduled:
		return Mark{theme.GlyphQueued, "planned", theme.Muted}
	case orchestrator.Interrupted:
		return Mark{theme.GlyphQueued, "interrupted", theme.Late}
	case orchestrator.Paused:
		return Mark{theme.GlyphPaused, "paused", theme.Paused}
	case orchestrator.Cancelled:
		return Mark{theme.GlyphSkipped, "cancelled", theme.Muted}
	case orchestrator.Skipped:
		return Mark{theme.GlyphSkipped, "skipped", theme.Muted}
	case orchestrator.Missed:
		return Mark{theme.GlyphSkipped, "missed", theme.Late}
	case orchestrator.Dropped:
		return Mark{theme.GlyphSkipped, "dropped", theme.Late}
	case orchestrator.Disabled:
		return Mark{theme.GlyphDisabled, "disabled", theme.Muted}
	default:
		return Mark{theme.GlyphDisabled, string(s), theme.Muted}
	}
}

// NextWord is the NEXT column: when something happens to the runner, in at most nine columns.
func NextWord(r *orchestrator.Runner, now time.Time) string {
	switch {
	case r.State == orchestrator.Disabled:
		return "-"
	case Asking(r):
		return "answer"
	case Held(r):
		if r.Pause == nil || r.Pause.At.IsZero() {
			return "held"
		}
		if !r.Pause.Until.IsZero() {
			return "in " + text.Countdown(r.Pause.Until.Sub(now))
		}
		if d := now.Sub(r.Pause.At); d >= time.Minute {
			return "held " + text.Age(d)
		}
		return "held"
	case r.State == orchestrator.AwaitingRetry && r.Current != nil && !r.Current.NextAt.IsZero():
		w := text.Countdown(r.Current.NextAt.Sub(now))
		if w == "now" {
			return w
		}
		return "in " + w
	case r.State == orchestrator.Late:
		return "overdue"
	case r.NextAt.IsZero():
		return "-"
	default:
		return text.Countdown(r.NextAt.Sub(now))
	}
}

// LastWord is the LAST column: how long ago the runner's last run ended, in at most four columns; "now" while its first one runs.
func LastWord(r *orchestrator.Runner, now time.Time) string {
	switch {
	case r.Last == nil && r.Current != nil && !r.Current.StartedAt.IsZero() && r.Current.EndedAt.IsZero():
		return "now"
	case r.Last == nil:
		return "-"
	default:
		at := r.Last.EndedAt
		if at.IsZero() {
			at = r.Last.CreatedAt
		}
		d := now.Sub(at)
		switch {
		case at.IsZero():
			return "-"
		case d > 999*24*time.Hour:
			return "old"
		default:
			return text.CalmAge(d) // seconds would tick in every row
		}
	}
}

// OKWord is the OK% column.
func OKWord(r *orchestrator.Runner) string {
	switch {
	case r.Runs == 0:
		return "-"
	case r.OKRate >= 1:
		return "100"
	default:
		return strconv.FormatFloat(float64(int(r.OKRate*1000))/10, 'f', 1, 64) // 99.96 is not 100
	}
}

// ShortID is the part of a run's id that a person compares: its last six characters, in lower case.
func ShortID(id string) string {
	if len(id) > 6 {
		id = id[len(id)-6:]
	}
	return strings.ToLower(id)
}
