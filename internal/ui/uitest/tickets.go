package uitest

import (
	"fmt"
	"time"

	o "github.com/openticketai/otai-tui/internal/orchestrator"
)

// DryRun is the id of the dry run in Journal's fixture.
const DryRun = "01KAVDRY0000000000000d1"

// Journal is Promises with a ticket journal: tickets that were moved, one that a person moved since, a write that was never heard
// of, and a dry run.
func Journal() Fixture {
	f := Promises()
	f.Tickets = journalData()
	dry := o.Run{
		ID: DryRun, Runner: "ticket-routing", Trigger: "manual", State: o.Completed, By: "kim", DryRun: true, Attempt: 1,
		Reason: "dry run: 4 changes intended", CreatedAt: ago(9 * time.Minute), DueAt: ago(9 * time.Minute), StartedAt: ago(9 * time.Minute),
		EndedAt: ago(9*time.Minute - 2*time.Second),
	}
	f.Runs = append([]o.Run{dry}, f.Runs...)
	for i := range f.Snapshot.Runners {
		if r := &f.Snapshot.Runners[i]; r.ID == "dedupe" {
			r.DryRun = true
		}
	}
	return f
}

func ago(d time.Duration) time.Time { return Now.Add(-d) }

func journalData() TicketData {
	const run = "01KAVTEST0000000000000042"
	entry := func(id int64, before time.Duration, step string, kind o.TicketKind) o.TicketEntry {
		return o.TicketEntry{
			ID: id, At: ago(before), EndedAt: ago(before), Service: "otobo", Ticket: "4711", Number: "2026112400004711", Run: run,
			Runner: "ticket-routing", Step: "ticket-routing/" + step, Attempt: 1, Kind: kind, Outcome: o.TicketDone, Count: 1,
		}
	}
	read := entry(1, 31*time.Minute, "fetch", o.TicketRead)
	read.Count = 3
	decided := entry(2, 31*time.Minute-time.Second, "tickets/4711/classify_queue", o.TicketDecision)
	decided.Decision = &o.TicketDecided{Model: "otai-queue-de-bert-v1", Label: "Network::VPN", Confidence: .93, Length: 812}
	moved := entry(3, 30*time.Minute, "tickets/4711/update", o.TicketUpdate)
	moved.Changes = []o.TicketChange{
		{Field: "queue", Before: "Incoming", After: "Network::VPN"}, {Field: "priority", Before: "3 normal", After: "4 high"},
	}
	note := entry(4, 30*time.Minute-time.Second, "tickets/4711/note", o.TicketAddNote)
	note.Attempt = 2
	note.Note = &o.TicketNote{Subject: "Open Ticket AI: routed", Length: 232, Hash: "508824b0826e"}
	other := entry(5, 20*time.Minute, "tickets/4712/update", o.TicketUpdate)
	other.Ticket, other.Number, other.Outcome = "4712", "2026112400004712", o.TicketUnknown
	other.Error = "the engine ended while it was written: look it up in the ticket system"
	other.Changes = []o.TicketChange{{Field: "queue", Before: "Incoming", After: "Billing"}}
	d := TicketData{Log: []o.TicketEntry{read, decided, moved, note, other}}
	for i, t := range []string{"4713", "4714"} {
		up := entry(int64(6+2*i), 9*time.Minute, "tickets/"+t+"/update", o.TicketUpdate)
		up.Run, up.Ticket, up.Number, up.DryRun, up.Outcome = DryRun, t, "202611240000"+t, true, o.TicketIntended
		up.Changes = []o.TicketChange{{Field: "queue", Before: "Incoming", After: "Desk"}, {Field: "state", Before: "new", After: "open"}}
		n := up
		n.ID, n.Kind, n.Step, n.Changes = up.ID+1, o.TicketAddNote, "ticket-routing/tickets/"+t+"/note", nil
		n.Note = &o.TicketNote{
			Subject: "Open Ticket AI: routed", Body: "Queue: Desk (was Incoming). The model says \"Desk\" with confidence 0.91.", Length: 71,
		}
		d.Log = append(d.Log, up, n)
	}
	for i := range 18 {
		d.Seen = append(d.Seen, o.TicketSeen{
			Service: "otobo", Ticket: fmt.Sprint(4711 + i), Number: fmt.Sprint("202611240000", 4711+i), Subject: subjects[i%len(subjects)],
			Queue: []string{"Network::VPN", "Billing", "Incoming"}[i%3], Priority: "3 normal", State: "open",
			Label: []string{"Network::VPN", "Billing", ""}[i%3], Runner: []string{"ticket-routing", "escalations"}[i%2], Run: run,
			Kind: o.TicketUpdate, At: ago(time.Duration(20+7*i) * time.Minute),
		})
	}
	d.Now = []o.Ticket{{
		Service: "otobo", System: "OTOBO https://tickets.example", ID: "4711", Number: "2026112400004711", Subject: subjects[0],
		Queue: "Network::VPN", Priority: "4 high", State: "open", Owner: "root@localhost", Customer: "chen",
		Body: "Hello,\r\nsince 8:00 the VPN says error 720.\nRegards",
		Notes: []o.TicketNote{
			{Subject: "phone call", Body: "asked for the client's version", Author: "kim", Visible: true, At: ago(2 * time.Hour)},
			{Subject: "Open Ticket AI: routed", Body: "Queue: Network::VPN (was Incoming).", Author: "Open Ticket AI", At: ago(30 * time.Minute)},
		},
		CreatedAt: ago(5 * time.Hour), UpdatedAt: ago(30 * time.Minute), ReadAt: Now,
	}}
	d.Undo = o.TicketUndo{Steps: []o.TicketUndoStep{
		{Entry: 3, Service: "otobo", Ticket: "4711", Number: "2026112400004711", Runner: "ticket-routing", Run: run, Changes: []o.TicketChange{
			{Field: "queue", Before: "Network::VPN", After: "Incoming"}, {Field: "priority", Before: "4 high", After: "3 normal"},
		}},
		{
			Entry: 5, Service: "otobo", Ticket: "4712", Number: "2026112400004712", Runner: "ticket-routing", Run: run,
			Conflict: `it was changed since: queue is "Desk" now, not "Billing" as it was left`,
		},
	}}
	return d
}

var subjects = []string{
	"VPN breaks off since this morning, error 720", "Invoice 2026-1117 was charged twice", "Drucker im 2. Stock druckt nur leere Seiten",
}
