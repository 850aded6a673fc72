package screen

import (
	"fmt"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// sideBySide is the width from which a text and its labels stand beside each other.
const sideBySide = 72

// drawReviewRow draws the row of a decision behind its mark and runner: label, confidence, what it is about.
func drawReviewRow(c part.Canvas, labelW int, r *orchestrator.Review) {
	labelW = max(min(labelW, c.W-6), 0)
	c.Text(0, 0, labelW, theme.Title, safeLabel(r.Label))
	c.Right(labelW, 0, 5, theme.Muted, fmt.Sprintf("%.2f", r.Confidence))
	about := r.Title
	if r.Ticket != "" {
		about = strings.TrimSpace("#" + r.Ticket + " " + about)
	}
	if rest := c.W - labelW - 7; rest > 4 {
		c.Text(labelW+7, 0, rest, theme.Plain, about)
	}
}

// drawReview draws what a decision can be judged by: the text, the proposed label, the others with their scores.
func (s *Approvals) drawReview(env Env, c part.Canvas, a *orchestrator.Approval) {
	r := a.Review
	title := "run " + ShortID(a.Run)
	if r.Ticket != "" {
		title = "ticket " + r.Ticket + theme.Sep + title
	}
	keys := "a accepts" + theme.Sep + "l other label" + theme.Sep + "s skips"
	if c.W < sideBySide {
		keys = "a" + theme.Sep + "l" + theme.Sep + "s"
	}
	c.Rule(0, title, keys)
	in := c.Sub(1, 1, c.W-2, c.H-1)
	y := line(in, 0, theme.Title, r.Title)
	if in.H > 6 {
		y = line(in, y, theme.Muted, reviewFacts(a, env))
	}
	if note, ok := a.Subject["note"].(string); ok && in.H > 8 {
		y = line(in, y, theme.Late, "note: "+text.Line(note, maxText))
	}
	if c.W >= sideBySide {
		right := min(max(in.W/3, 30), 56)
		drawLabels(in.Sub(in.W-right, y, right, in.H-y), r, in.H-y)
		s.drawText(in.Sub(0, y, in.W-right-2, in.H-y), bodyOf(r))
		return
	}
	rows := min(3, max((in.H-y)/2, 1))
	drawLabels(in.Sub(0, y, in.W, rows), r, rows)
	s.drawText(in.Sub(0, y+rows, in.W, in.H-y-rows), bodyOf(r))
}

// bodyOf is the text without the title, which stands above it.
func bodyOf(r *orchestrator.Review) string {
	if rest, ok := strings.CutPrefix(r.Text, r.Title+"\n"); ok {
		return rest
	}
	return r.Text
}

// reviewFacts say who proposes, since when it waits, and what happens without an answer.
func reviewFacts(a *orchestrator.Approval, env Env) string {
	r := a.Review
	parts := []string{fmt.Sprintf("needs %.2f", r.Threshold)}
	if r.Sample {
		parts[0] = "sure enough: asked as a sample"
	}
	if a.Until.IsZero() {
		parts = append(parts, "no deadline")
	} else {
		parts = append(parts, "until "+clockToday(a.Until, env.Now)+"Z, then "+r.Expire)
	}
	parts = append(parts, "asked "+clockToday(a.At, env.Now)+"Z")
	if r.Model != "" {
		parts = append(parts, r.Model)
	}
	return strings.Join(parts, theme.Sep)
}

// drawLabels draws the proposed label and the others with bars for their scores.
func drawLabels(c part.Canvas, r *orchestrator.Review, rows int) {
	barW := min(max(c.W/4, 5), 16)
	draw := func(y int, role theme.Role, label string, score float64, note string) {
		nameW := max(c.W-barW-7, 1)
		c.Text(2, y, nameW-2, role, safeLabel(label)+note)
		if score >= 0 {
			Bar(c, nameW+1, y, barW, role, score)
			c.Right(nameW+barW+1, y, 5, role, fmt.Sprintf("%.2f", score))
		}
	}
	c.Put(0, 0, theme.OK, theme.Arrow)
	draw(0, theme.OK, r.Label, r.Confidence, "")
	y := 1
	if r.Uncalibrated && y < rows-1 {
		c.Text(2, y, c.W-2, theme.Late, "its own estimate, not measured")
		y++
	}
	all := LabelChoices(r)
	for i, s := range all {
		if y == rows-1 && len(all)-i > 1 {
			c.Text(2, y, c.W-2, theme.Faint, fmt.Sprintf("%d more", len(all)-i))
			return
		}
		if y >= rows {
			return
		}
		draw(y, theme.Plain, s.Label, s.Confidence, "")
		y++
	}
}

// Bar draws a share of 0 to 1 as a bar of w columns.
func Bar(c part.Canvas, x, y, w int, role theme.Role, share float64) {
	n := int(max(min(share, 1), 0)*float64(w) + 0.5)
	c.Repeat(x, y, n, role, theme.BarOK)
	c.Repeat(x+n, y, w-n, theme.Faint, theme.BarWait)
}

// drawText draws as much of a text as there is room for, from where it was scrolled to.
func (s *Approvals) drawText(c part.Canvas, body string) {
	if c.H < 1 || c.W < 1 {
		return
	}
	if body == "" {
		c.Text(0, 0, c.W, theme.Faint, "no text is kept; see the ticket")
		return
	}
	lines := wrapText(body, c.W)
	top := max(min(s.scroll, len(lines)-c.H), 0)
	for y, l := range lines[top:min(top+c.H, len(lines))] {
		c.Text(0, y, c.W, theme.Plain, l)
	}
	if left := len(lines) - top - c.H; left > 0 {
		note := fmt.Sprintf(" %d more lines: v ", left+1)
		if s.reading {
			note = fmt.Sprintf(" %d more lines: PgDn ", left+1)
		}
		c.Repeat(0, c.H-1, c.W, theme.Plain, " ")
		c.Text(0, c.H-1, c.W, theme.Faint, strings.TrimSpace(note))
	}
}

// wrapText wraps each line of a safe text; empty ones stay, but never two in a row.
func wrapText(body string, w int) []string {
	var out []string
	for l := range strings.SplitSeq(body, "\n") {
		l = strings.TrimRight(l, " ")
		if l == "" {
			if len(out) > 0 && out[len(out)-1] != "" {
				out = append(out, "")
			}
			continue
		}
		out = append(out, part.Wrap(l, w, maxReviewLines)...)
		if len(out) > maxReviewLines {
			break
		}
	}
	return out
}

func safeLabel(s string) string {
	if s == "" {
		return "(none)"
	}
	return text.Line(s, 256)
}

// SafeLabel is a label as it is drawn.
func SafeLabel(s string) string { return safeLabel(s) }
