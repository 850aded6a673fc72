package store

import (
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

const (
	logRowBytes = 48   // of a line's row beside its texts, with its place in the tree: measured
	logRows     = 20   // lines that one statement writes
	trimChunk   = 500  // most lines that one transaction deletes
	maxKept     = 4096 // runs whose rooms are remembered; others are measured again
)

// logRoom is what one run's log takes on the disk. The older half of the room is for the beginning of the log, which stays; the
// other half for its newest lines: when it is full the oldest of them go, and the line after them says how many are missing.
type logRoom struct {
	head    int64 // bytes of the beginning
	headEnd int64 // number of its last line
	tail    int64 // bytes of the lines after it
	closed  bool  // the beginning is full
}

func lineBytes(l *orchestrator.LogLine) int64 {
	return int64(len(l.Msg) + len(l.Step) + len(l.Runner) + logRowBytes)
}

// lineSize is lineBytes in SQL.
const lineSize = `(octet_length(msg)+octet_length(step)+octet_length(runner)+48)` // 48 is logRowBytes

func (t *Tx) insertLogs(lines []orchestrator.LogLine) error {
	var runs []int64 // that may have become too long, each once or a little oftener
	seqs := make([]int64, len(lines))
	for i := range lines {
		l := &lines[i]
		var err error
		if seqs[i], err = runSeq(l.Run); err != nil {
			return err
		}
		room, err := t.roomOf(seqs[i])
		if err != nil {
			return fail("measure log of run "+l.Run, err)
		}
		room.add(l.Seq, lineBytes(l), t.w.o.LogBytesPerRun/2)
		if len(runs) == 0 || runs[len(runs)-1] != seqs[i] {
			runs = append(runs, seqs[i])
		}
	}
	for at := 0; at < len(lines); {
		n := 1
		if len(lines)-at >= logRows {
			n = logRows
		}
		if err := t.insertLogRows(lines[at:at+n], seqs[at:at+n]); err != nil {
			return fail("write log of run "+lines[at].Run, err)
		}
		at += n
	}
	budget := trimChunk
	for _, seq := range runs {
		n, err := t.trimLog(seq, budget)
		if err != nil {
			return fail("trim log of run "+seqID(seq), err)
		}
		if budget -= n; budget <= 0 {
			break // the rest is trimmed when it is written to again
		}
	}
	return nil
}

// insertLogRows writes lines with one statement. A line that is there already stays.
func (t *Tx) insertLogRows(lines []orchestrator.LogLine, seqs []int64) error {
	const one = "(?,?,?,?,?,?,?,?,?)"
	query := "INSERT OR IGNORE INTO log(run, seq, runner, step, attempt, at, level, msg, gap) VALUES" + one +
		strings.Repeat(","+one, len(lines)-1)
	args := make([]any, 0, 9*len(lines))
	for i := range lines {
		l := &lines[i]
		args = append(args, seqs[i], l.Seq, l.Runner, l.Step, l.Attempt, l.At.UnixNano(), levelNumber(l.Level), l.Msg, l.Gap)
	}
	return t.w.exec(query, args...)
}

func (r *logRoom) add(seq, size, half int64) {
	switch {
	case r.closed && seq > r.headEnd:
		r.tail += size
	case r.closed || r.head+size <= half:
		r.head += size
		r.headEnd = max(r.headEnd, seq)
	default:
		r.closed = true
		r.tail += size
	}
}

// roomOf gives a run's room, measured when it is not known.
func (t *Tx) roomOf(seq int64) (*logRoom, error) {
	if r := t.w.kept[seq]; r != nil {
		t.touched = append(t.touched, seq)
		return r, nil
	}
	if len(t.w.kept) >= maxKept {
		clear(t.w.kept)
	}
	r := &logRoom{}
	row, err := t.row(`SELECT coalesce(sum(`+lineSize+`), 0), coalesce(max(seq), 0) FROM log WHERE run=?`, seq)
	if err != nil {
		return nil, err
	}
	if err := row.Scan(&r.head, &r.headEnd); err != nil {
		return nil, err
	}
	if half := t.w.o.LogBytesPerRun / 2; r.head > half { // rare: a long log that an earlier life of the engine began
		r, err = t.measure(seq, half)
	}
	if err == nil {
		t.w.kept[seq] = r
		t.touched = append(t.touched, seq)
	}
	return r, err
}

func (t *Tx) measure(seq, half int64) (*logRoom, error) {
	st, err := t.w.stmt(`SELECT seq, ` + lineSize + ` FROM log WHERE run=? ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(t.w.bg, seq)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	r := &logRoom{}
	for rows.Next() {
		var n, size int64
		if err := rows.Scan(&n, &size); err != nil {
			return nil, err
		}
		r.add(n, size, half)
	}
	return r, rows.Err()
}

// trimLog deletes the oldest lines behind the beginning of a log that takes more than its room, at most so many, and gives how
// many.
func (t *Tx) trimLog(seq int64, most int) (int, error) {
	r, half := t.w.kept[seq], t.w.o.LogBytesPerRun/2
	if r == nil || r.tail <= half {
		return 0, nil
	}
	m, err := t.middle(seq, r.headEnd, r.tail-half+half/16, most) // a little more, so that not every line has to
	if err != nil || m.lines == 0 {
		return 0, err
	}
	if err := t.w.exec(`DELETE FROM log WHERE run=? AND seq>? AND seq<=?`, seq, r.headEnd, m.last); err != nil {
		return 0, err
	}
	r.tail -= m.bytes
	err = t.w.exec(`UPDATE log SET gap=gap+? WHERE run=? AND seq=(SELECT min(seq) FROM log WHERE run=? AND seq>?)`,
		m.missing, seq, seq, r.headEnd)
	if err == nil {
		err = t.w.o.fail("store.trim")
	}
	return m.lines, err
}

// middle is what is to be deleted of a log.
type middle struct {
	last    int64 // number of its last line
	lines   int
	bytes   int64
	missing int // lines, and those that were missing before them
}

// middle finds the lines behind the beginning until they make up so many bytes or lines, but never the newest one.
func (t *Tx) middle(seq, headEnd, bytes int64, most int) (middle, error) {
	var m middle
	st, err := t.w.stmt(`SELECT seq, ` + lineSize + `, gap FROM log WHERE run=? AND seq>? AND seq<(SELECT max(seq) FROM log WHERE run=?)
		ORDER BY seq LIMIT ?`)
	if err != nil {
		return m, err
	}
	rows, err := st.QueryContext(t.w.bg, seq, headEnd, seq, most)
	if err != nil {
		return m, err
	}
	defer func() { _ = rows.Close() }()
	for m.bytes < bytes && rows.Next() {
		var size int64
		var gap int
		if err := rows.Scan(&m.last, &size, &gap); err != nil {
			return m, err
		}
		m.bytes, m.lines, m.missing = m.bytes+size, m.lines+1, m.missing+1+gap
	}
	return m, rows.Err()
}
