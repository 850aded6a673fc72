package orchestrator

import (
	"cmp"
	"context"
	"strings"
	"time"
)

// LogSearcher looks into logs that are too long to be read whole. Both questions do a bounded piece of work, so that whoever waits
// waits for milliseconds; what is left is asked for again from where they stopped.
type LogSearcher interface {
	// ReadLog gives a page of log lines, oldest first.
	ReadLog(ctx context.Context, q LogQuery) (LogPage, error)
	// SearchLog looks for a text, in the newest runs first.
	SearchLog(ctx context.Context, q LogSearch) (LogHits, error)
}

// LogScope says which lines belong to a log. The zero value is all lines of all runs.
type LogScope struct {
	Run     string
	Runners []string // lines of these only; none = all
	Step    string   // path prefix; "" = all
	Level   string   // minimum level; "" = all
}

// LogPlace is where a line stands among all lines: by time, then by run, then by number. The zero value is before all lines of a page
// that goes forward, and behind all lines of one that goes back.
type LogPlace struct {
	At  time.Time
	Run string // "" = before all runs of that moment
	Seq int64
}

// PlaceOf gives the place of a line.
func PlaceOf(l *LogLine) LogPlace { return LogPlace{At: l.At, Run: l.Run, Seq: l.Seq} }

// Zero says that the place is none.
func (p LogPlace) Zero() bool { return p.At.IsZero() && p.Run == "" && p.Seq == 0 }

// Compare orders places. Runs are ordered as numbers: a shorter number is a smaller one.
func (p LogPlace) Compare(o LogPlace) int {
	return cmp.Or(p.At.Compare(o.At), cmp.Compare(len(p.Run), len(o.Run)), strings.Compare(p.Run, o.Run), cmp.Compare(p.Seq, o.Seq))
}

// LogQuery asks for a page of a log.
type LogQuery struct {
	LogScope
	From  LogPlace // the page begins behind this place, or before it when it goes back
	Back  bool     // older lines: those that end right before From
	Limit int      // 0 = 1,000
}

// LogPage is a page of a log. A page can be short, or empty, though the log goes on.
type LogPage struct {
	Lines []LogLine // oldest first
	Next  LogPlace  // From of the next page in that direction
	Done  bool      // there is nothing beyond
}

// LogSearch looks for a text.
type LogSearch struct {
	LogScope
	Query  string // as text.ParsePattern reads it
	Cursor string // where the answer before stopped; "" = at the beginning of the search
	Limit  int    // most hits of one answer; 0 = 200
}

// LogHits is what a piece of a search found.
type LogHits struct {
	Lines  []LogLine // oldest first
	Cursor string    // for the next piece
	Done   bool      // all was searched
	Looked int       // lines looked at
}
