package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// qualityFlags choose decisions.
type qualityFlags struct {
	f            orchestrator.QualityFilter
	since, until string
}

func (q *qualityFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&q.f.Runner, "runner", "", "only decisions of this runner")
	fl.StringVar(&q.f.Model, "model", "", "only decisions of this model")
	fl.StringVar(&q.since, "since", "", "only since then: 24h, 30m, PT1H, 2026-11-24 or an RFC 3339 time")
	fl.StringVar(&q.until, "until", "", "only before then")
}

func (q *qualityFlags) filter() (orchestrator.QualityFilter, error) {
	var err, other error
	q.f.Since, err = sinceTime(q.since, time.Now())
	q.f.Until, other = sinceTime(q.until, time.Now())
	if err = errors.Join(err, other); err != nil {
		return q.f, refusal{err}
	}
	return q.f, nil
}

func (a *app) qualityCommand() *cobra.Command {
	var q qualityFlags
	var asJSON, asCSV bool
	var target float64
	cmd := &cobra.Command{
		Use: "quality", Short: "Say how good the classifiers' decisions are, by model and label", Args: cobra.NoArgs,
		Long: "Counts the decisions that history keeps: how many, how sure, how many operators reviewed and corrected, and what share would\n" +
			"be automatic, and right, at other thresholds. Only reviewed decisions tell what is right.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := q.filter()
			switch {
			case err != nil:
				return err
			case asJSON && asCSV:
				return refusal{errors.New("--json and --csv exclude each other")}
			case target <= 0 || target >= 1:
				return refusal{fmt.Errorf("--target %v: expected more than 0 and less than 1", target)}
			}
			return a.quality(cmd.Context(), f, asJSON, asCSV, target)
		},
	}
	q.add(cmd)
	fl := cmd.Flags()
	fl.BoolVar(&asJSON, "json", false, "one JSON object a line, one for each model and label, with histograms")
	fl.BoolVar(&asCSV, "csv", false, "CSV, one row for each model and label")
	fl.Float64Var(&target, "target", 0.95, "share of automatic decisions that has to be right, for the advice on thresholds")
	cmd.AddCommand(a.qualityExportCommand())
	return cmd
}

func (a *app) quality(ctx context.Context, f orchestrator.QualityFilter, asJSON, asCSV bool, target float64) error {
	st, err := a.openHistory(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	q, err := st.Quality(ctx, f)
	if err != nil {
		return err
	}
	switch {
	case asJSON:
		return a.qualityJSON(&q)
	case asCSV:
		return a.qualityCSV(&q)
	case len(q.Rows) == 0:
		_, err := fmt.Fprintln(a.out, "no decisions")
		return err
	}
	if err := a.qualityTable(&q); err != nil {
		return err
	}
	for _, m := range q.Models() {
		if err := a.advice(&m, target); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) qualityTable(q *orchestrator.Quality) error {
	l := &list{
		headers: []string{"MODEL", "LABEL", "DECISIONS", "WAITING", "REVIEWED", "CORRECTED", "SKIPPED", "EXPIRED", "TIME TO DECIDE"}, state: -1,
	}
	for i := range q.Rows {
		r := &q.Rows[i]
		median := "-"
		if r.Median > 0 {
			median = text.Duration(r.Median)
		}
		l.add(modelName(r), orDash(r.Label), strconv.Itoa(r.Total), strconv.Itoa(r.Waiting), part(r.Reviewed, r.Total),
			part(r.Corrected, r.Reviewed), strconv.Itoa(r.Skipped), strconv.Itoa(r.Expired), median)
	}
	return a.print(l)
}

// modelName is a model's name, and says when its confidence is only claimed.
func modelName(r *orchestrator.QualityRow) string {
	if r.Uncalibrated {
		return orDash(r.Model) + " (own estimate)"
	}
	return orDash(r.Model)
}

// part is "12 (40 %)".
func part(n, of int) string {
	if of == 0 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d (%.0f %%)", n, 100*float64(n)/float64(of))
}

// advice says of a model what thresholds would mean.
func (a *app) advice(m *orchestrator.QualityRow, target float64) error {
	if _, err := fmt.Fprintf(a.out, "\nThresholds of %s\n", modelName(m)); err != nil {
		return err
	}
	all := orchestrator.Advise(m)
	l := &list{headers: []string{"THRESHOLD", "AUTOMATIC", "RIGHT", "95 % INTERVAL", "REVIEWED"}, state: -1}
	for _, t := range all {
		right, interval := "-", "-"
		if t.Judged > 0 {
			right, interval = fmt.Sprintf("%.1f %%", 100*t.Precision), fmt.Sprintf("%.1f to %.1f %%", 100*t.Low, 100*t.High)
		}
		l.add(fmt.Sprintf("%.2f", t.Threshold), fmt.Sprintf("%.0f %%", 100*t.Share), right, interval, strconv.Itoa(t.Judged))
	}
	if err := a.print(l); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.out, adviceText(all, target))
	return err
}

// adviceText is the advice in one sentence.
func adviceText(all []orchestrator.Advice, target float64) string {
	if best, ok := orchestrator.Lowest(all, target); ok {
		return fmt.Sprintf("%.2f is the lowest threshold shown to be right in at least %.0f %%: %.0f %% would need nobody.",
			best.Threshold, 100*target, 100*best.Share)
	}
	return fmt.Sprintf("No threshold is shown to be right in at least %.0f %% yet: more reviews are needed, also of sure ones (sample).", 100*target)
}

// jsonQuality is a row as scripts read it. Names are stable.
type jsonQuality struct {
	Model         string                    `json:"model"`
	Label         string                    `json:"label"`
	Uncalibrated  bool                      `json:"uncalibrated,omitempty"`
	Decisions     int                       `json:"decisions"`
	Waiting       int                       `json:"waiting"`
	Reviewed      int                       `json:"reviewed"`
	Corrected     int                       `json:"corrected"`
	Skipped       int                       `json:"skipped"`
	Expired       int                       `json:"expired"`
	MedianSeconds float64                   `json:"median_seconds_to_decide"`
	Histogram     [orchestrator.Buckets]int `json:"confidence_histogram"`
	Judged        [orchestrator.Buckets]int `json:"reviewed_histogram"`
	Approved      [orchestrator.Buckets]int `json:"accepted_histogram"`
}

func (a *app) qualityJSON(q *orchestrator.Quality) error {
	enc := json.NewEncoder(a.out)
	for i := range q.Rows {
		r := &q.Rows[i]
		err := enc.Encode(jsonQuality{
			Model: r.Model, Label: r.Label, Uncalibrated: r.Uncalibrated, Decisions: r.Total, Waiting: r.Waiting, Reviewed: r.Reviewed,
			Corrected: r.Corrected, Skipped: r.Skipped, Expired: r.Expired, MedianSeconds: r.Median.Seconds(), Histogram: r.All,
			Judged: r.Judged, Approved: r.Approved,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *app) qualityCSV(q *orchestrator.Quality) error {
	w := csv.NewWriter(a.out)
	rows := [][]string{{
		"model", "label", "uncalibrated", "decisions", "waiting", "reviewed", "corrected", "skipped", "expired", "median_seconds_to_decide",
	}}
	for i := range q.Rows {
		r := &q.Rows[i]
		rows = append(rows, []string{
			inert(r.Model), inert(r.Label), strconv.FormatBool(r.Uncalibrated), strconv.Itoa(r.Total), strconv.Itoa(r.Waiting),
			strconv.Itoa(r.Reviewed), strconv.Itoa(r.Corrected), strconv.Itoa(r.Skipped), strconv.Itoa(r.Expired),
			strconv.FormatFloat(r.Median.Seconds(), 'f', -1, 64),
		})
	}
	return w.WriteAll(rows)
}
