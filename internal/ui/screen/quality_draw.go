package screen

import (
	"fmt"
	"strconv"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Widths of the charts and columns, in columns.
const (
	maxBar      = 4 // one bar of a histogram
	adviceWidth = 39
)

// Draw draws the list, and below it the charts of the row under the cursor.
func (s *Quality) Draw(_ Env, c part.Canvas) {
	note := ""
	if len(s.rows) > 0 {
		note = fmt.Sprintf("%d/%d", s.row+1, len(s.rows))
	}
	c.Rule(0, "decisions of classifiers"+theme.Sep+periods[s.period].name, note)
	switch {
	case s.err != "":
		c.Text(1, 2, c.W-2, theme.Failed, theme.GlyphFailed+" the figures cannot be read: "+s.err)
		return
	case !s.loaded:
		c.Text(1, 2, c.W-2, theme.Muted, "reading"+theme.Ellipsis)
		return
	case len(s.rows) == 0:
		c.Text(1, 2, c.W-2, theme.Muted, "no classifier has decided anything in this time; ] shows a longer one")
		return
	}
	n := s.visible(c.H)
	top := part.Window(s.top, s.row, len(s.rows), n)
	s.drawHead(c)
	for y := range n {
		s.drawRow(c, 2+y, top+y)
	}
	if y := 2 + n; y < c.H {
		s.drawDetail(c.Sub(0, y, c.W, c.H-y), &s.rows[s.row].QualityRow)
	}
}

// figureColumns are the columns of the list behind the name, from the right; narrow screens leave the last ones out.
func figureColumns(w int) []string {
	switch {
	case w >= 110:
		return []string{"decisions", "waiting", "reviewed", "corrected", "skipped", "expired", "time"}
	case w >= 70:
		return []string{"decisions", "waiting", "reviewed", "corrected"}
	case w >= 50:
		return []string{"decisions", "reviewed", "corrected"}
	}
	return []string{"decisions", "corrected"}
}

const figureWidth = 11

func (s *Quality) drawHead(c part.Canvas) {
	cols := figureColumns(c.W)
	x := c.W - len(cols)*figureWidth
	c.Text(2, 1, x-2, theme.Faint, "MODEL, LABEL")
	for i, name := range cols {
		c.Right(x+i*figureWidth, 1, figureWidth-1, theme.Faint, name)
	}
}

func (s *Quality) drawRow(c part.Canvas, y, i int) {
	r := &s.rows[i].QualityRow
	if i == s.row {
		c.Attr(0, y, c.W, theme.Selected)
		c.Put(0, y, theme.Accent, theme.Cursor)
	}
	cols := figureColumns(c.W)
	x := c.W - len(cols)*figureWidth
	name, role, in := r.Model, theme.Title, 2
	if r.Label != "" {
		name, role, in = r.Label, theme.Plain, 4
	} else if name == "" {
		name = "(no name)"
	}
	if r.Uncalibrated && r.Label == "" {
		name += " (own estimate)"
	}
	c.Text(in, y, x-in-1, role, name)
	for j, col := range cols {
		value, role := figure(r, col)
		c.Right(x+j*figureWidth, y, figureWidth-1, role, value)
	}
}

// figure is one column of a row.
func figure(r *orchestrator.QualityRow, col string) (string, theme.Role) {
	count := func(n int) (string, theme.Role) {
		if n == 0 {
			return theme.Dot, theme.Faint
		}
		return strconv.Itoa(n), theme.Plain
	}
	switch col {
	case "decisions":
		return count(r.Total)
	case "waiting":
		if r.Waiting > 0 {
			return strconv.Itoa(r.Waiting), theme.Late
		}
		return count(0)
	case "reviewed":
		return share(r.Reviewed, r.Total), theme.Plain
	case "corrected":
		role := theme.Plain
		if r.Corrected*5 > r.Reviewed { // every fifth and more
			role = theme.Late
		}
		return share(r.Corrected, r.Reviewed), role
	case "skipped":
		return count(r.Skipped)
	case "expired":
		return count(r.Expired)
	}
	if r.Median == 0 {
		return count(0)
	}
	return text.Duration(r.Median), theme.Plain
}

// share is "12 %", "<1 %", or a dot where there is nothing to take a share of.
func share(n, of int) string {
	switch {
	case of == 0:
		return theme.Dot
	case n > 0 && n*100 < of:
		return "<1 %"
	}
	return fmt.Sprintf("%d %%", (n*100+of/2)/of)
}

// drawDetail draws the histogram and what thresholds would mean.
func (s *Quality) drawDetail(c part.Canvas, r *orchestrator.QualityRow) {
	title := r.Model
	if r.Label != "" {
		title += theme.Sep + r.Label
	}
	c.Rule(0, title, "")
	in := c.Sub(1, 1, c.W-2, c.H-1)
	all := orchestrator.Advise(r)
	role, advice := adviceWords(all)
	for _, l := range part.Wrap(advice, in.W, 2) {
		c.Text(1, c.H-1, in.W, role, l) // the last line, when there is room for one only
		break
	}
	in = in.Sub(0, 0, in.W, in.H-1)
	switch {
	case in.W >= orchestrator.Buckets+adviceWidth+3:
		drawHistogram(in.Sub(0, 0, min(in.W-adviceWidth-3, maxBar*orchestrator.Buckets), in.H), r)
		drawAdvice(in.Sub(in.W-adviceWidth, 0, adviceWidth, in.H), all)
	default:
		drawAdvice(in, all)
	}
}

// adviceWords are the advice in one line.
func adviceWords(all []orchestrator.Advice) (theme.Role, string) {
	if best, ok := orchestrator.Lowest(all, QualityTarget); ok {
		return theme.OK, fmt.Sprintf("%.2f is the lowest threshold shown right in %.0f %%: %.0f %% need nobody", best.Threshold,
			100*QualityTarget, 100*best.Share)
	}
	return theme.Late, fmt.Sprintf("no threshold is shown right in %.0f %% yet: review more, sure ones too", 100*QualityTarget)
}

// drawHistogram draws how sure the decisions were; what operators judged of them is marked below.
func drawHistogram(c part.Canvas, r *orchestrator.QualityRow) {
	most := 0
	for _, n := range r.All {
		most = max(most, n)
	}
	c.Text(0, 0, c.W, theme.Faint, fmt.Sprintf("CONFIDENCE, up to %d", most))
	high := min(c.H-3, 12)
	if high < 1 || most == 0 {
		return
	}
	w := max(c.W/orchestrator.Buckets, 1)
	for b, n := range r.All {
		eighths := (n*high*8 + most - 1) / most
		for y := range high {
			switch left := eighths - 8*(high-1-y); {
			case left >= 8:
				c.Repeat(b*w, 1+y, w, theme.Bar, theme.Spark[7])
			case left > 0:
				c.Repeat(b*w, 1+y, w, theme.Bar, theme.Spark[left-1])
			}
		}
		if j := r.Judged[b]; j > 0 && r.Approved[b] < j {
			c.Put(b*w, 1+high, theme.Failed, wrongMark(r.Approved[b], j))
		} else if j > 0 {
			c.Put(b*w, 1+high, theme.OK, theme.GlyphOK)
		}
	}
	c.Text(0, 2+high, c.W, theme.Faint, "0")
	c.Text(9*w, 2+high, 4, theme.Faint, "0.5")
	c.Right(0, 2+high, w*orchestrator.Buckets, theme.Faint, "1")
}

// wrongMark says how much of what was judged was corrected: a cross from half on.
func wrongMark(approved, judged int) string {
	if 2*approved < judged {
		return theme.GlyphFailed
	}
	return theme.GlyphLate
}

// drawAdvice draws what thresholds would mean: as many as there is room for, evenly.
func drawAdvice(c part.Canvas, all []orchestrator.Advice) {
	c.Text(0, 0, c.W, theme.Faint, "FROM   AUTOMATIC  RIGHT  95 %       OF")
	step := 1
	for (len(all)+step-1)/step > c.H-1 && step < len(all) {
		step++
	}
	y := 1
	for i := 0; i < len(all) && y < c.H; i += step {
		a := &all[i]
		role := theme.Plain
		if a.Judged > 0 && a.Low >= QualityTarget {
			role = theme.OK
		}
		c.Text(0, y, 5, role, fmt.Sprintf("%.2f", a.Threshold))
		c.Right(7, y, 9, role, fmt.Sprintf("%.0f %%", 100*a.Share))
		if a.Judged == 0 {
			c.Text(18, y, c.W-18, theme.Faint, "nobody looked")
		} else {
			c.Right(17, y, 6, role, fmt.Sprintf("%.0f %%", 100*a.Precision))
			c.Text(25, y, 8, theme.Muted, fmt.Sprintf("%.0f-%.0f", 100*a.Low, 100*a.High))
			c.Right(32, y, 7, theme.Muted, strconv.Itoa(a.Judged))
		}
		y++
	}
}
