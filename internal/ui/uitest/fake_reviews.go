package uitest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Decide records a verdict on each item and takes its approval away. An item whose step is "refused" is refused.
func (f *Fake) Decide(_ context.Context, r orchestrator.ReviewRequest) ([]orchestrator.ReviewOutcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []orchestrator.ReviewOutcome
	for _, it := range r.Items {
		if err := f.command("review %s %s %s %q note %q by %s", r.Verdict, it.Run, it.Step, r.Label, r.Note, r.By.Name); err != nil {
			return nil, err
		}
		o := orchestrator.ReviewOutcome{Run: it.Run, Step: it.Step, Label: r.Label}
		at := slices.IndexFunc(f.approvals, func(a orchestrator.Approval) bool { return a.Run == it.Run && a.Step == it.Step })
		switch {
		case at < 0:
			o.Error = fmt.Sprintf("step %s of run %s is answered already: labelled spam by lee", it.Step, it.Run)
		case r.Verdict == orchestrator.VerdictAccept:
			o.Label = f.approvals[at].Review.Label
			fallthrough
		default:
			f.approvals = slices.Delete(slices.Clone(f.approvals), at, at+1)
			f.snap.Engine.Approvals--
		}
		out = append(out, o)
	}
	f.Hub.Engine(f.snap.Engine)
	return out, nil
}

// Quality gives the fixture's.
func (f *Fake) Quality(_ context.Context, q orchestrator.QualityFilter) (orchestrator.Quality, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if q.Since.After(Now.AddDate(0, 0, -2)) { // a day has nothing in it
		return orchestrator.Quality{}, nil
	}
	return f.quality, nil
}

// Reviews are decisions that wait for a person, beside one question of yes and no.
func Reviews() Fixture {
	f := Promises()
	f.Approvals = f.Approvals[:min(len(f.Approvals), 1)]
	subjects := []struct{ title, label, body string }{
		{"VPN drops every hour", "network", "Since the update on Monday my VPN drops every hour.\n" +
			"I have to enter the token again each time.\n\nThe office line is fine."},
		{"Invoice 2026-118 twice", "billing", "We were billed twice for invoice 2026-118.\nPlease refund one of them."},
		{"Order of ten chairs", "billing", "Please find attached our order of ten chairs."},
		{"Übertrag der Lizenz — \x1b[31mrot", "licences", "Die Lizenz läuft auf den alten Namen.\u202e Bitte übertragen."},
		{"Cannot log in", "accounts", "After the third try my account is locked."},
	}
	for i, s := range subjects {
		confidence := 0.74 - 0.06*float64(i)
		a := orchestrator.Approval{
			Run: RunID(201 + i), Step: fmt.Sprintf("sentiment/tickets/%d/review", 4711+i), Runner: "sentiment",
			Question: "is it right?", At: Now.Add(-time.Duration(50-5*i) * time.Minute),
			Review: &orchestrator.Review{
				Ticket: fmt.Sprint(4711 + i), Title: s.title, Text: s.title + "\n" + s.body, Model: "softoft/otai-queue-de-bert-v1",
				Label: s.label, Confidence: confidence, Threshold: 0.8, Expire: "skip", Uncalibrated: i == 3,
				Scores: []orchestrator.LabelScore{
					{Label: "hardware", Confidence: (1 - confidence) * 0.7},
					{Label: "spam", Confidence: (1 - confidence) * 0.2},
					{Label: "accounts and access", Confidence: (1 - confidence) * 0.1},
				},
				Labels: []string{"network", "billing", "licences", "hardware", "spam", "accounts and access", "accounts"},
			},
		}
		if i%2 == 0 {
			a.Until = Now.Add(3*time.Hour + time.Duration(i)*time.Minute)
		}
		f.Approvals = append(f.Approvals, a)
	}
	f.Snapshot.Engine.Approvals = len(f.Approvals)
	f.Quality = someQuality()
	return f
}

func someQuality() orchestrator.Quality {
	row := func(model, label string, total int) orchestrator.QualityRow {
		r := orchestrator.QualityRow{Model: model, Label: label, Median: 95 * time.Second}
		for b := range orchestrator.Buckets {
			n := total * (b * b) / 2470
			r.All[b] += n
			r.Total += n
			if b >= 8 {
				r.Judged[b] = n / 4
				r.Approved[b] = r.Judged[b] * (b + 1) / 20
				r.Reviewed += r.Judged[b]
				r.Corrected += r.Judged[b] - r.Approved[b]
			}
		}
		return r
	}
	q := orchestrator.Quality{Rows: []orchestrator.QualityRow{
		row("softoft/otai-queue-de-bert-v1", "network", 4200), row("softoft/otai-queue-de-bert-v1", "billing", 2100),
		row("softoft/otai-queue-de-bert-v1", "hardware", 900), row("softoft/otai-queue-de-bert-v1", "accounts and access", 90),
		row("llama3.1:8b", "urgent", 300), row("llama3.1:8b", "normal", 120),
	}}
	for i := range q.Rows[4:] {
		q.Rows[4+i].Uncalibrated = true
	}
	q.Rows[0].Waiting, q.Rows[0].Skipped, q.Rows[1].Expired = 3, 12, 4
	return q
}
