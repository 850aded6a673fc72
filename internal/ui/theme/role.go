// Package theme says how meanings look: roles and their colours, and the ASCII twins of the glyphs.
package theme

// Role is what a piece of text means. Every state is a glyph plus a word; the colour of its role only repeats it.
type Role uint8

// The roles.
const (
	Plain   Role = iota
	OK           // success glyph, bars
	Failed       // failed, error lines
	Retry        // retrying, backoff, warnings
	Running      // active
	Late         // overdue, queue pressure
	Paused       // held, disabled
	Muted        // secondary columns, times
	Faint        // rules, gutters; never carries meaning alone
	Accent       // focus, keys in the footer
	Title        // names and headings
	Danger       // questions about what cannot be undone
	Bar          // ordinary bars of a strip: quieter than what went wrong among them
	roles
)

// Letter is the role's one letter in role maps of golden frames.
func (r Role) Letter() byte { return letters[r] }

// letters has one entry per role: plain, green, failed, retry, blue, late, paused, muted, faint (a), accent (k), title
// (n), danger, bar (h).
const letters = " gfrblpmakndh"

// Attr changes how a cell looks on top of its role.
type Attr uint8

// The attributes; they may be combined.
const (
	Selected Attr = 1 << iota // the current row
	Match                     // a search hit
	Current                   // the search hit the cursor is on
	Bold
)
