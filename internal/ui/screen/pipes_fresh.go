package screen

import (
	"time"

	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// freshFor is how long a changed state stands out.
const freshFor = 2 * time.Second

// fresh knows which runners have just changed their state, so that an eye that was elsewhere finds them. Words that only count up,
// such as how late a runner is, are no change, and neither is the daily round of waiting, running and ok: it would never end.
type fresh struct {
	glyphs map[string]string
	since  map[string]time.Time
}

// follow notes what changed; what is seen for the first time did not.
func (f *fresh) follow(env Env) {
	if !env.Data.Loaded {
		return
	}
	if f.glyphs == nil || len(f.glyphs) > 2*len(env.Data.Runners) { // most of them are gone
		f.glyphs = make(map[string]string, len(env.Data.Runners))
	}
	for i := range env.Data.Runners {
		r := &env.Data.Runners[i]
		now := RunnerMark(r, env.Now).Glyph
		was, known := f.glyphs[r.ID]
		if was == now {
			continue
		}
		f.glyphs[r.ID] = now
		if known && (!daily(was) || !daily(now)) {
			if f.since == nil {
				f.since = map[string]time.Time{}
			}
			f.since[r.ID] = env.Now
		}
	}
	for id, at := range f.since {
		if env.Now.Sub(at) >= freshFor {
			delete(f.since, id)
		}
	}
}

// daily says that a glyph stands for what goes on all the time.
func daily(glyph string) bool {
	return glyph == theme.GlyphOK || glyph == theme.GlyphRunning || glyph == theme.GlyphQueued
}

// draw makes the word of a row's state bold while it is news. The glyph beside it is left alone: another change of style costs bytes.
func (f *fresh) draw(c part.Canvas, y int, id string, cols columns, now time.Time) {
	if at, ok := f.since[id]; ok && now.Sub(at) < freshFor {
		c.Attr(markCols+cols.name+1, y, stateCols-1, theme.Bold)
	}
}
