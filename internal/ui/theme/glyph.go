package theme

// The glyphs. All are one column wide, have no emoji form and lie outside the braille block. Screens draw these; in
// ASCII mode the canvas puts their twins instead.
const (
	GlyphOK       = "✓"
	GlyphFailed   = "✗"
	GlyphRetry    = "↻"
	GlyphRunning  = "▸"
	GlyphQueued   = "○"
	GlyphLate     = "!"
	GlyphPaused   = "‖"
	GlyphAsk      = "?"
	GlyphSkipped  = "-"
	GlyphDisabled = "·"
	GlyphMark     = "*"
	Cursor        = "›"
	Sep           = " · "
	Dot           = "·"
	Crumb         = " › "
	Ellipsis      = "…"
	HLine         = "─"
	VLine         = "│"
	TeeDown       = "┬"
	TeeUp         = "┴"
	TeeLeft       = "┤"
	TeeRight      = "├"
	Cross         = "┼"
	CornerUp      = "└"
	CornerLeft    = "┘"
	BarOK         = "█"
	BarFailed     = "▓"
	BarWait       = "·"
	BarQueued     = "░"
	FoldMark      = "≈" // a stretch of time is left out
	Times         = "×"
	Arrow         = "→"
	Down          = "↓"
	Up            = "↑"
)

// Spark are the eight heights of a strip, lowest first.
var Spark = [8]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// ASCII gives the one-column ASCII twin of a rune; runes without one become "?".
func ASCII(r rune) rune {
	if r < 0x7f {
		return r
	}
	switch r {
	case '✓', '·', '▂', '•':
		return '.'
	case '✗', '×':
		return 'x'
	case '↻', '…', '≈':
		return '~'
	case '▸', '▆':
		return '*'
	case '○':
		return 'o'
	case '‖', '▄', '━':
		return '='
	case '›', '→', '≥', '»':
		return '>'
	case '▁', '␣':
		return '_'
	case '▃', '─', '–', '—', '‐':
		return '-'
	case '▅', '┬', '┴', '├', '┤', '┼', '╭', '╮', '╰', '╯', '└', '┘':
		return '+'
	case '▇', '█', '▏', '▌', '▊', '▉':
		return '#'
	case '▓':
		return '%'
	case '░':
		return ':'
	case '│':
		return '|'
	case '↓':
		return 'v'
	case '↑':
		return '^'
	case '‘', '’':
		return '\''
	case '“', '”':
		return '"'
	case '←', '≤', '«':
		return '<'
	}
	return '?'
}
