package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// judged is a command over a history with decisions.
func judgedRow(t *testing.T) (a *app, read func() string) {
	t.Helper()
	a, read = reader(t)
	st, err := store.Open(t.Context(), a.stateDir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	err = st.Write(t.Context(), func(tx *store.Tx) error {
		for i, d := range []orchestrator.Decision{
			{Label: "a", Final: "a", Source: "operator", Confidence: 0.71, Text: "\tt", By: "@kim", Asked: at, Decided: at.Add(time.Minute)},
			{Label: "a", Final: "-b", Source: "operator", Confidence: 0.72, Asked: at, Decided: at.Add(3 * time.Minute)},
			{Label: "a", Final: "a", Source: "model", Confidence: 1},
			{Label: "a", Source: "operator", Confidence: 0.1},
		} {
			d.Run, d.Step, d.Runner, d.At, d.Model = "7", "r/"+string(rune('0'+i)), "r", at, "m"
			if err := tx.PutDecision(&d); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = st.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return a, read
}

func TestQualityCommand(t *testing.T) {
	for _, c := range []struct {
		json, csv bool
		want      string
	}{
		{want: "m      a      4          0        2 (50 %)  1 (50 %)   1        0        1m"},
		{want: "0.70       75 %       50.0 %  9.5 to 90.5 %  2"},
		{want: "No threshold is shown to be right in at least 95 % yet"},
		{json: true, want: `"median_seconds_to_decide":60,"confidence_histogram":[0,0,1,0,0,0,0,0,0,0,0,0,0,0,2,0,0,0,0,1]`},
		{csv: true, want: "m,a,false,4,0,2,1,1,0,60\n"},
	} {
		a, read := judgedRow(t)
		if err := a.quality(t.Context(), orchestrator.QualityFilter{}, c.json, c.csv, 0.95); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(read(), c.want) {
			t.Errorf("%q is missing:\n%s", c.want, read())
		}
	}
}

// TestExportKeepsTextsBack unless they are asked for, and gives spreadsheets no formulas.
func TestExportKeepsTextsBack(t *testing.T) {
	for _, c := range []struct {
		e    export
		want []string
		not  []string
	}{
		{export{format: "csv"}, []string{",a,0.71,false,a,operator,false,'@kim,\n", ",a,0.72,false,'-b,operator,true,,\n"}, []string{"text", "\tt", ",model,false", "0.1"}},
		{export{format: "csv", withText: true, all: true}, []string{",'@kim,,'\tt\n", ",model,false,,,\n"}, nil},
		{export{format: "jsonl", withText: true}, []string{`"label":"-b"`, `"text":"\tt"`}, []string{`"source":"model"`}},
	} {
		a, read := judgedRow(t)
		a.err = io.Discard
		if err := a.exportDecisions(t.Context(), orchestrator.QualityFilter{}, c.e); err != nil {
			t.Fatal(err)
		}
		for _, w := range c.want {
			if !strings.Contains(read(), w) {
				t.Errorf("%+v: %q is missing:\n%s", c.e, w, read())
			}
		}
		for _, w := range c.not {
			if strings.Contains(read(), w) {
				t.Errorf("%+v: %q is there:\n%s", c.e, w, read())
			}
		}
	}
}

// TestExportReadsTicketsAgain for texts that were not kept; one that cannot be read stops none of the others.
func TestExportReadsTicketsAgain(t *testing.T) {
	a, read := judgedRow(t)
	st, err := store.Open(t.Context(), a.stateDir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = st.Write(t.Context(), func(tx *store.Tx) error {
		for _, id := range []string{"8", "9"} {
			d := orchestrator.Decision{Run: "7", Step: id, Ticket: id, Label: "a", Final: "a", Source: "operator"}
			if err := tx.PutDecision(&d); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, st.Close()); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	a.err = &said
	e := export{format: "jsonl", withText: true, tickets: func(_ context.Context, id string) (string, error) {
		if id == "8" {
			return "", errors.New("it is gone")
		}
		return "text of " + id, nil
	}}
	if err := a.exportDecisions(t.Context(), orchestrator.QualityFilter{}, e); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(read(), `"text":"text of 9"`) || !strings.Contains(read(), `"text":"\tt"`) || strings.Count(read(), `"text"`) != 2 ||
		!strings.Contains(said.String(), "ticket 8: it is gone") || !strings.Contains(said.String(), "decisions written: 4, without a text: 2") {
		t.Errorf("wrote\n%s\nsaid %s", read(), said.String())
	}
}

func TestInert(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "plain": "plain", "a=b": "a=b", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "\nx": "'\nx",
		"＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠1": "'＠1", "übel": "übel",
	} {
		if got := inert(in); got != want {
			t.Errorf("inert(%q) = %q, want %q", in, got, want)
		}
	}
}
