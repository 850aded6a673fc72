package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	o "github.com/openticketai/otai-tui/internal/orchestrator"
)

// TicketRow is an entry of the ticket journal as it is written.
type TicketRow struct {
	Entry o.TicketEntry
	// Op is the entry's place among those of its step and kind, from 1: a later attempt of the step finds its entry by it. 0 = of
	// reads, which are told apart by their ticket, and of an operator's actions.
	Op   int
	Seen *o.TicketSeen // what is known of the ticket now; nil = nothing new
}

// ticketData is what an entry says besides its columns.
type ticketData struct {
	Changes  []o.TicketChange `json:"changes,omitempty"`
	Note     *o.TicketNote    `json:"note,omitempty"`
	Decision *o.TicketDecided `json:"decision,omitempty"`
	Text     string           `json:"text,omitempty"`
}

func dataOf(e *o.TicketEntry) (string, error) {
	b, err := json.Marshal(ticketData{Changes: e.Changes, Note: e.Note, Decision: e.Decision, Text: e.Text})
	return string(b), err
}

const ticketWhat = "write the ticket journal"

// OpenTicketWrite notes that a write is about to be sent. When an earlier attempt of the step noted the same write and it is not
// known to have been done, its entry is taken up: fields that stand as wanted by now keep the value they had before that attempt.
// It gives false, and writes nothing, when the write was done before and changes nothing now.
func (t *Tx) OpenTicketWrite(r *TicketRow) (bool, error) {
	e := &r.Entry
	prev, err := t.ticketWrite(r)
	if err != nil {
		return false, fail(ticketWhat, err)
	}
	switch {
	case prev != nil && prev.Outcome != o.TicketDone:
		e.ID, e.At = prev.ID, prev.At
		e.Changes = takeUp(prev.Changes, e.Changes)
		return true, fail(ticketWhat, t.setTicketEntry(r))
	case e.Kind == o.TicketUpdate && len(e.Changes) == 0, prev != nil && e.Kind != o.TicketUpdate:
		return false, nil
	}
	return true, t.AddTicketEntry(r)
}

// takeUp joins the changes of an attempt whose outcome is not known with those that are still to be made.
func takeUp(before, left []o.TicketChange) []o.TicketChange {
	var out []o.TicketChange
	for _, c := range before {
		if !slices.ContainsFunc(left, func(l o.TicketChange) bool { return l.Field == c.Field }) {
			out = append(out, c)
		}
	}
	return append(out, left...)
}

// ticketWrite gives the newest entry of the same write; nil = there is none.
func (t *Tx) ticketWrite(r *TicketRow) (*o.TicketEntry, error) {
	e := &r.Entry
	if e.Run == "" {
		return nil, nil //nolint:nilnil // an operator's action is never tried again
	}
	seq, err := runSeq(e.Run)
	if err != nil {
		return nil, err
	}
	row, err := t.row(`SELECT id, at, outcome, data FROM ticket_log WHERE run=? AND step=? AND op=? AND kind=?
		AND (ticket=? OR kind='create') AND dry=? ORDER BY id DESC LIMIT 1`, seq, e.Step, r.Op, string(e.Kind), e.Ticket, e.DryRun)
	if err != nil {
		return nil, err
	}
	var prev o.TicketEntry
	var at int64
	var data string
	if err := row.Scan(&prev.ID, &at, &prev.Outcome, &data); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil //nolint:nilnil // none
		}
		return nil, err
	}
	prev.At = fromNanos(at)
	return &prev, setData(&prev, data)
}

func setData(e *o.TicketEntry, data string) error {
	var d ticketData
	if err := json.Unmarshal([]byte(data), &d); err != nil {
		return err
	}
	e.Changes, e.Note, e.Decision, e.Text = d.Changes, d.Note, d.Decision, d.Text
	return nil
}

// SettleTicketWrite notes what became of a write.
func (t *Tx) SettleTicketWrite(r *TicketRow) error {
	return fail(ticketWhat, errors.Join(t.setTicketEntry(r), t.touchTicket(r.Seen)))
}

func (t *Tx) setTicketEntry(r *TicketRow) error {
	e := &r.Entry
	data, err := dataOf(e)
	if err != nil {
		return err
	}
	return t.w.exec(`UPDATE ticket_log SET ticket=?, number=?, attempt=?, outcome=?, error=?, ended=?, count=?, data=? WHERE id=?`,
		e.Ticket, e.Number, e.Attempt, string(e.Outcome), e.Error, nanos(e.EndedAt), max(e.Count, 1), data, e.ID)
}

// AddTicketEntry adds an entry and sets its id.
func (t *Tx) AddTicketEntry(r *TicketRow) error {
	e := &r.Entry
	seq := int64(0)
	if e.Run != "" {
		var err error
		if seq, err = runSeq(e.Run); err != nil {
			return err
		}
	}
	data, err := dataOf(e)
	if err != nil {
		return fail(ticketWhat, err)
	}
	st, err := t.w.stmt(`INSERT INTO ticket_log(at, service, ticket, number, run, runner, step, op, attempt, kind, dry, outcome, error,
		ended, count, data, by, via, undoes) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`)
	if err != nil {
		return fail(ticketWhat, err)
	}
	res, err := st.ExecContext(t.w.bg, e.At.UnixNano(), e.Service, e.Ticket, e.Number, seq, e.Runner, e.Step, r.Op, e.Attempt,
		string(e.Kind), e.DryRun, string(e.Outcome), e.Error, nanos(e.EndedAt), max(e.Count, 1), data, e.By, e.Via, e.Undoes)
	if err != nil {
		return fail(ticketWhat, err)
	}
	if e.ID, err = res.LastInsertId(); err != nil {
		return fail(ticketWhat, err)
	}
	return fail(ticketWhat, t.touchTicket(r.Seen))
}

// PutTicketEntry adds what a step did besides writes: reads, decisions, what a dry run left out. A later attempt of the step takes
// the place of the entry that an earlier one made; reads of the same ticket are counted.
func (t *Tx) PutTicketEntry(r *TicketRow) error {
	e := &r.Entry
	seq, err := runSeq(e.Run)
	if err != nil {
		return fail(ticketWhat, err)
	}
	row, err := t.row(`SELECT coalesce(max(id), 0) FROM ticket_log WHERE run=? AND step=? AND op=? AND kind=? AND ticket=? AND dry=?`,
		seq, e.Step, r.Op, string(e.Kind), e.Ticket, e.DryRun)
	if err != nil {
		return fail(ticketWhat, err)
	}
	if err := row.Scan(&e.ID); err != nil {
		return fail(ticketWhat, err)
	}
	switch {
	case e.ID == 0:
		return t.AddTicketEntry(r)
	case e.Kind == o.TicketRead:
		err = t.w.exec(`UPDATE ticket_log SET count=count+?, attempt=? WHERE id=?`, max(e.Count, 1), e.Attempt, e.ID)
	default:
		err = t.setTicketEntry(r)
	}
	return fail(ticketWhat, errors.Join(err, t.touchTicket(r.Seen)))
}

// touchTicket keeps how a ticket was seen last. What is not known leaves what is.
func (t *Tx) touchTicket(s *o.TicketSeen) error {
	if s == nil || s.Ticket == "" {
		return nil
	}
	seq := int64(0)
	if s.Run != "" {
		var err error
		if seq, err = runSeq(s.Run); err != nil {
			return err
		}
	}
	return t.w.exec(`INSERT INTO ticket(service, ticket, number, subject, queue, priority, state, label, runner, run, kind, at)
		VALUES(?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(service, ticket) DO UPDATE SET
		number=iif(excluded.number='', number, excluded.number), subject=iif(excluded.subject='', subject, excluded.subject),
		queue=iif(excluded.queue='', queue, excluded.queue), priority=iif(excluded.priority='', priority, excluded.priority),
		state=iif(excluded.state='', state, excluded.state), label=iif(excluded.label='', label, excluded.label),
		runner=excluded.runner, run=excluded.run, kind=excluded.kind, at=excluded.at`,
		s.Service, s.Ticket, s.Number, s.Subject, s.Queue, s.Priority, s.State, s.Label, s.Runner, seq, string(s.Kind), s.At.UnixNano())
}

// LoseTicketWrites marks the writes that an earlier life of the engine had begun and never heard of.
func (t *Tx) LoseTicketWrites(at time.Time) (bool, error) {
	return t.changed(ticketWhat, `UPDATE ticket_log SET outcome='unknown', ended=?,
		error='the engine ended while it was written: look it up in the ticket system' WHERE outcome='open'`, at.UnixNano())
}

// DropDryEntries forgets what a dry run intended at a step and below it: it is done again. path "" = all of the run.
func (t *Tx) DropDryEntries(run, path string) error {
	seq, err := runSeq(run)
	if err != nil {
		return err
	}
	return fail(ticketWhat, t.w.exec(`DELETE FROM ticket_log WHERE run=? AND dry=1 AND kind<>'read'
		AND (?='' OR step=? OR substr(step, 1, length(?)+1)=?||'/')`, seq, path, path, path, path))
}

// DryRun says whether a run is a dry run.
func (t *Tx) DryRun(run string) (bool, error) {
	seq, err := runSeq(run)
	if err != nil {
		return false, err
	}
	row, err := t.row(`SELECT coalesce(max(dry), 0) FROM run WHERE seq=?`, seq)
	if err != nil {
		return false, err
	}
	var dry bool
	err = row.Scan(&dry)
	return dry, fail("read run "+run, err)
}
