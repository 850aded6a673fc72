package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// exportPage is how many decisions are held at a time.
const exportPage = 500

// export says what goes out.
type export struct {
	format   string
	withText bool
	all      bool // decisions that no operator judged, too
	reread   bool // texts that were not kept are read from the ticket system
	service  string
	// tickets gives a ticket's text; nil = only kept texts.
	tickets func(ctx context.Context, id string) (string, error)
}

// readTickets opens the configuration's ticket system, to read texts again.
func (a *app) readTickets(ctx context.Context, e *export) (closeIt func(), err error) {
	w, err := a.open(ctx, openOptions{runOnly: true})
	if err != nil {
		return nil, err
	}
	sys, err := w.services.Ticket(e.service)
	if err != nil {
		w.close()
		return nil, err
	}
	e.tickets = func(ctx context.Context, id string) (string, error) {
		t, err := sys.Get(ctx, id)
		return strings.TrimSpace(t.Subject + "\n" + t.Body), err
	}
	return w.close, nil
}

// textOf gives a decision's text: the kept one, else that of the ticket as it is now; "" when there is neither.
func (a *app) textOf(ctx context.Context, e *export, d *orchestrator.Decision) string {
	if !e.withText || d.Text != "" || d.Ticket == "" || e.tickets == nil {
		return d.Text
	}
	said, err := e.tickets(ctx, d.Ticket)
	if err != nil {
		a.errorf("ticket %s: %s\n", text.Line(d.Ticket, 0), text.Line(err.Error(), 0))
		return ""
	}
	return said
}

func (a *app) qualityExportCommand() *cobra.Command {
	var q qualityFlags
	var e export
	cmd := &cobra.Command{
		Use: "export", Short: "Write reviewed decisions as training data", Args: cobra.NoArgs,
		Long: "Writes the decisions that an operator accepted or corrected, oldest first; label is what counts in the end. Texts are written\n" +
			"only with --with-text, and those are what a ReviewPipe with keep_text: true has kept. With --read-tickets the others are read\n" +
			"again from the ticket system, as its tickets are now.",
		Example: "  otai-tui quality export --format jsonl --with-text > training.jsonl",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := q.filter()
			if err != nil {
				return err
			}
			if e.format != "csv" && e.format != "jsonl" {
				return refusal{fmt.Errorf("--format %s: expected csv or jsonl", e.format)}
			}
			if e.reread {
				if !e.withText {
					return refusal{errors.New("--read-tickets needs --with-text")}
				}
				done, err := a.readTickets(cmd.Context(), &e)
				if err != nil {
					return err
				}
				defer done()
			}
			return a.exportDecisions(cmd.Context(), f, e)
		},
	}
	q.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&e.format, "format", "csv", "csv or jsonl")
	fl.BoolVar(&e.withText, "with-text", false, "with the texts that were kept: ticket texts leave this program then")
	fl.BoolVar(&e.reread, "read-tickets", false, "read texts that were not kept from the ticket system, as they are now; needs the configuration")
	fl.StringVar(&e.service, "service", "", "id of the ticket system for --read-tickets (default: the only one)")
	fl.BoolVar(&e.all, "all", false, "also decisions that no operator judged")
	return cmd
}

// jsonSample is a decision as training tools read it. Names are stable, and are those of the CSV.
type jsonSample struct {
	At           time.Time `json:"at"`
	Runner       string    `json:"runner"`
	Run          string    `json:"run"`
	Step         string    `json:"step"`
	Ticket       string    `json:"ticket"`
	Model        string    `json:"model"`
	Predicted    string    `json:"predicted"`
	Confidence   float64   `json:"confidence"`
	Uncalibrated bool      `json:"uncalibrated"`
	Label        string    `json:"label"`
	Source       string    `json:"source"`
	Corrected    bool      `json:"corrected"`
	By           string    `json:"by"`
	Note         string    `json:"note"`
	Text         string    `json:"text,omitempty"`
}

func (a *app) exportDecisions(ctx context.Context, f orchestrator.QualityFilter, e export) error {
	st, err := a.openHistory(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	write, flush := a.jsonExport()
	if e.format == "csv" {
		write, flush = a.csvExport(e.withText)
	}
	written, without := 0, 0
	for after := int64(0); ; {
		page, err := st.Decisions(ctx, f, after, exportPage)
		if err != nil {
			return err
		}
		for i := range page {
			d := &page[i]
			if after = d.ID; !e.all && (d.Source != orchestrator.SourceOperator || d.Final == "") {
				continue
			}
			if d.Text = a.textOf(ctx, &e, d); !e.withText {
				d.Text = ""
			} else if d.Text == "" {
				without++
			}
			written++
			if err := write(exported(d)); err != nil {
				return err
			}
		}
		if len(page) < exportPage {
			break
		}
	}
	a.errorf("decisions written: %d", written)
	if without > 0 {
		a.errorf(", without a text: %d; those were not kept (keep_text of the ReviewPipe, or --read-tickets)", without)
	}
	a.errorf("\n")
	return flush()
}

func exported(d *orchestrator.Decision) jsonSample {
	return jsonSample{
		At: d.At, Runner: d.Runner, Run: d.Run, Step: d.Step, Ticket: d.Ticket, Model: d.Model, Predicted: d.Label, Confidence: d.Confidence,
		Uncalibrated: d.Uncalibrated, Label: d.Final, Source: d.Source, Corrected: d.Corrected(), By: d.By, Note: d.Note, Text: d.Text,
	}
}

func (a *app) jsonExport() (write func(jsonSample) error, flush func() error) {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	return func(d jsonSample) error { return enc.Encode(d) }, func() error { return nil }
}

func (a *app) csvExport(withText bool) (write func(jsonSample) error, flush func() error) {
	w := csv.NewWriter(a.out)
	head := []string{
		"at", "runner", "run", "step", "ticket", "model", "predicted", "confidence", "uncalibrated", "label", "source", "corrected", "by", "note",
	}
	if withText {
		head = append(head, "text")
	}
	err := w.Write(head)
	return func(d jsonSample) error {
			row := []string{
				d.At.Format(time.RFC3339), inert(d.Runner), d.Run, inert(d.Step), inert(d.Ticket), inert(d.Model), inert(d.Predicted),
				strconv.FormatFloat(d.Confidence, 'f', -1, 64), strconv.FormatBool(d.Uncalibrated), inert(d.Label), d.Source,
				strconv.FormatBool(d.Corrected), inert(d.By), inert(d.Note),
			}
			if withText {
				row = append(row, inert(d.Text))
			}
			return w.Write(row)
		}, func() error {
			w.Flush()
			return errors.Join(err, w.Error())
		}
}

// inert keeps a spreadsheet from taking a foreign text for a formula (OWASP, CSV injection): an apostrophe goes before what it would
// begin with.
func inert(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + s
	}
	return s
}
