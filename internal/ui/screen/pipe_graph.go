package screen

import (
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// graphCell is a step in the graph of a run.
type graphCell struct {
	x, y int
	s    *orchestrator.Step
	name string
}

// graphWire is a line of the graph.
type graphWire struct {
	x, y int
	s    string
}

// graph is the steps of a run with the lines between them.
type graph struct {
	cells []graphCell
	wires []graphWire
	h     int
}

const maxGraphName = 22

// layGraph puts the stages of a run beside each other, those that went on side by side above each other, and goes on in a new band
// where the width is used up.
func layGraph(steps []orchestrator.Step, now time.Time, w int) graph {
	var g graph
	x, y, band := 0, 0, 0 // band is the height of the band so far
	all := stages(steps, now)
	for i, st := range all {
		nameW := 0
		for _, s := range st {
			nameW = max(nameW, text.Width(graphName(s)))
		}
		width := 2 + nameW
		switch {
		case i == 0:
		case x+wireW+width > w && x > wireW:
			x, y, band = wireW+1, y+band, 0
			g.wires = append(g.wires, graphWire{1, y, theme.CornerUp + theme.HLine + theme.Arrow})
		default:
			g.wire(x, y, len(all[i-1]), len(st))
			x += wireW
		}
		for j, s := range st {
			g.cells = append(g.cells, graphCell{x, y + j, s, graphName(s)})
		}
		band = max(band, len(st))
		x += width
	}
	g.h = y + band
	return g
}

// wireW is the width of the lines between two stages.
const wireW = 7

// wire draws the lines between a stage of n steps that ends at x and one of m steps.
func (g *graph) wire(x, y, n, m int) {
	for i := range max(n, m) {
		left, right := strings.Repeat(theme.HLine, 2), theme.HLine+theme.Arrow
		joint := theme.HLine
		switch {
		case i == 0 && n > 1 && m > 1:
			joint = theme.Cross
		case i == 0 && max(n, m) > 1:
			joint = theme.TeeDown
		case i > 0 && i < n-1 && i < m-1:
			joint = theme.Cross
		case i > 0 && i < n-1:
			joint = theme.TeeLeft
		case i > 0 && i < m-1:
			joint = theme.TeeRight
		case i > 0 && i == n-1 && m <= i:
			joint = theme.CornerLeft
		case i > 0:
			joint = theme.CornerUp
		}
		if i >= n {
			left = "  "
		}
		if i >= m {
			right = ""
		}
		g.wires = append(g.wires, graphWire{x + 1, y + i, left + joint + right})
	}
}

// graphName is a step's name in the graph, with a mark when it needed more than one try.
func graphName(s *orchestrator.Step) string {
	name := text.TruncateMiddle(part.Clean(s.ID), maxGraphName, theme.Ellipsis)
	if s.Attempt > 1 {
		name += " " + theme.GlyphRetry
	}
	return name
}

func (g *graph) draw(c part.Canvas) {
	for _, w := range g.wires {
		c.Put(w.x, w.y, theme.Faint, w.s)
	}
	for _, k := range g.cells {
		m := stepMark(k.s)
		c.Put(k.x, k.y, m.Role, m.Glyph)
		role := theme.Plain
		if k.s.StartedAt.IsZero() {
			role = theme.Muted
		}
		c.Put(k.x+2, k.y, role, k.name)
	}
}

// pathLines say which steps the run's length is made of, and which cannot run any more.
func pathLines(steps []orchestrator.Step, now time.Time, w int) []footLine {
	var out []footLine
	if path := criticalPath(steps, now); len(path) > 1 {
		first, last := path[0], path[len(path)-1]
		s := strings.Join(longest(steps, now), " "+theme.Arrow+" ")
		if !last.EndedAt.IsZero() {
			s += "  " + text.Duration(last.EndedAt.Sub(first.StartedAt))
		}
		out = append(out, factLines(w, theme.Muted, "critical", s)...)
	}
	var names []string
	for _, s := range blocked(steps) {
		names = append(names, s.ID)
	}
	if len(names) > 0 {
		out = append(out, factLines(w, theme.Muted, "blocked", strings.Join(names, ", ")+" ("+cause(steps)+")")...)
	}
	return out
}

// cause is why steps are blocked: the first one that failed.
func cause(steps []orchestrator.Step) string {
	for _, s := range leaves(steps) {
		if failed(s.State) {
			return s.ID + " failed"
		}
		if s.State == orchestrator.Cancelled {
			return s.ID + " was cancelled"
		}
	}
	return "something before it failed"
}

// graphOf is the graph of the run on show at one width: a frame must not lay it out again.
type graphOf struct {
	graph
	paths []footLine
	w     int
	key   string
}

// layOut makes the graph of the run on show for the width of its steps, when one of them has changed.
func (p *Pipe) layOut(env Env) {
	w := p.w
	if side := p.layout(p.w, p.h).side; side > 0 {
		w -= side + 1
		p.health.lay(side - 2)
	}
	key := p.of + p.peek.stamp
	if w < graphCols || p.readErr != "" || p.graph.w == w && p.graph.key == key {
		return
	}
	steps := p.detail.Steps
	p.graph = graphOf{graph: layGraph(steps, env.Now, w-4), paths: pathLines(steps, env.Now, w-4), w: w, key: key}
}

// drawGraph draws the graph of the run on show into what is left below its steps, when there is room; it needs at least graphCols.
func (p *Pipe) drawGraph(c part.Canvas, used int) {
	if c.W < graphCols || p.graph.w != c.W || len(p.graph.cells) < 2 {
		return
	}
	g, paths := &p.graph.graph, p.graph.paths
	need := g.h + 1 + len(paths)
	if len(paths) > 0 {
		need++
	}
	y := c.H - need
	if y <= used {
		if y = c.H - g.h - 1; y <= used {
			return
		}
		paths = nil
	}
	c.Rule(y, "graph", "")
	g.draw(c.Sub(2, y+1, c.W-2, g.h))
	for i, l := range paths {
		c.Text(2, y+g.h+2+i, c.W-4, l.role, l.s)
	}
}

// graphCols is the least width of the steps for a graph: a terminal of 110 columns.
const graphCols = 62
