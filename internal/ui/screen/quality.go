package screen

import (
	"context"
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
)

// qualityEvery is how often the figures are read while they are on show: they change slowly.
const qualityEvery = 15 * time.Second

// QualityTarget is the share of automatic decisions that has to be right for a threshold to be advised.
const QualityTarget = 0.95

// period is a stretch of time up to now; 0 = all that is kept.
type period struct {
	name string
	long time.Duration
}

const day = 24 * time.Hour

var periods = [...]period{{"24 hours", day}, {"7 days", 7 * day}, {"30 days", 30 * day}, {"90 days", 90 * day}, {"all kept", 0}}

// Quality shows how good the classifiers' decisions are: a row per model, below it one per label, and for the row under the cursor
// how sure it was and what other thresholds would mean.
type Quality struct {
	w, h   int
	period int // in periods
	rows   []qualityRow
	row    int
	top    int
	readAt time.Time // zero = to be read
	asked  int       // period of the figures on show
	loaded bool
	err    string
}

// qualityRow is a model with the sums of its labels (label "") or one label of it.
type qualityRow struct{ orchestrator.QualityRow }

// NewQuality makes the screen, over the last 30 days.
func NewQuality() *Quality { return &Quality{period: 2} }

// Scopes are the action scopes of the screen.
func (s *Quality) Scopes() []string { return []string{"quality", "list"} }

// Crumb names the screen.
func (s *Quality) Crumb(Env) string { return "Quality" }

// Resize takes the body's size.
func (s *Quality) Resize(w, h int) { s.w, s.h = w, h; s.fit() }

// Refresh has nothing to follow: the figures are read on their own.
func (s *Quality) Refresh(Env) { s.fit() }

// Period goes to a longer (1) or shorter (-1) stretch of time.
func (s *Quality) Period(by int) {
	if next := s.period + by; next >= 0 && next < len(periods) {
		s.period, s.readAt = next, time.Time{}
	}
}

// Wants asks for the figures.
func (s *Quality) Wants(env Env) []Want {
	if !s.readAt.IsZero() && env.Now.Sub(s.readAt) < qualityEvery {
		return nil
	}
	p, now := s.period, env.Now
	return []Want{{Key: fmt.Sprint("quality:", p), N: p, Kind: WantOther, Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) {
		var f orchestrator.QualityFilter
		if long := periods[p].long; long > 0 {
			f.Since = now.Add(-long)
		}
		return o.Quality(ctx, f)
	}}}
}

// Receive takes the figures, unless another period was chosen meanwhile.
func (s *Quality) Receive(env Env, a Answer) {
	if a.N != s.period {
		return
	}
	s.readAt, s.err, s.asked = env.Now, "", a.N
	if a.Err != nil {
		s.err = text.Line(a.Err.Error(), maxText)
		return
	}
	q, ok := a.Value.(orchestrator.Quality)
	if !ok {
		return
	}
	for i := range q.Rows {
		q.Rows[i].Model, q.Rows[i].Label = text.Line(q.Rows[i].Model, 256), text.Line(q.Rows[i].Label, 256)
	}
	model, label := s.at()
	s.rows, s.loaded = s.rows[:0:0], true
	for _, m := range q.Models() {
		s.rows = append(s.rows, qualityRow{m})
		for _, r := range q.Of(m.Model) {
			s.rows = append(s.rows, qualityRow{r})
		}
	}
	for i := range s.rows {
		if s.rows[i].Model == model && s.rows[i].Label == label {
			s.row = i
		}
	}
	s.fit()
}

// at names the row under the cursor.
func (s *Quality) at() (model, label string) {
	if s.row < len(s.rows) {
		return s.rows[s.row].Model, s.rows[s.row].Label
	}
	return "", ""
}

// visible are the rows of the list: less than half of the screen.
func (s *Quality) visible(h int) int { return max(min(len(s.rows), (h-2)*2/5), min(len(s.rows), 1)) }

func (s *Quality) fit() {
	s.row = max(min(s.row, len(s.rows)-1), 0)
	s.top = part.Window(s.top, s.row, len(s.rows), s.visible(s.h))
}

// Move moves the cursor.
func (s *Quality) Move(_ Env, rows int) {
	s.row += rows
	s.fit()
}

// Page moves by half pages.
func (s *Quality) Page(env Env, halves int) { s.Move(env, halves*max(s.visible(s.h)/2, 1)) }

// Home goes to the first row.
func (s *Quality) Home(env Env) { s.Move(env, -len(s.rows)) }

// End goes to the last row.
func (s *Quality) End(env Env) { s.Move(env, len(s.rows)) }
