package pipe

import (
	"slices"
	"strings"
	"testing"
)

func testSpecs() []*Spec {
	leaf := func() Pipe { return nil }
	return []*Spec{
		{Name: "base:FetchTicketsPipe", Aliases: []string{"TicketFetchPipe"}, New: leaf},
		{Name: "base:UpdateTicketPipe", Aliases: []string{"UpdateTicketsPipe"}, New: leaf},
		{Name: "base:ClassificationPipe", Aliases: []string{"HFLocalTextClassificationPipe"}, New: leaf},
		{Name: "base:CompositePipe", Composite: true},
	}
}

func TestRegistryLookup(t *testing.T) {
	r, err := NewRegistry(testSpecs()...)
	if err != nil {
		t.Fatal(err)
	}
	for use, want := range map[string]string{
		"base:FetchTicketsPipe":                                 "base:FetchTicketsPipe",
		"otai_base:FetchTicketsPipe":                            "base:FetchTicketsPipe",
		"otai-base:FetchTicketsPipe":                            "base:FetchTicketsPipe",
		"open_ticket_ai.base:FetchTicketsPipe":                  "base:FetchTicketsPipe",
		"open_ticket_ai.basic_pipes:FetchTicketsPipe":           "base:FetchTicketsPipe",
		"FetchTicketsPipe":                                      "base:FetchTicketsPipe",
		"TicketFetchPipe":                                       "base:FetchTicketsPipe",
		"open_ticket_ai.base:UpdateTicketsPipe":                 "base:UpdateTicketPipe",
		"open_ticket_ai.hf_local:HFLocalTextClassificationPipe": "base:ClassificationPipe",
		"otai_hf_local:HFLocalTextClassificationPipe":           "base:ClassificationPipe",
		"hf-local:HFLocalTextClassificationPipe":                "base:ClassificationPipe",
		"otai_hf_local.HFLocalTextClassificationPipe":           "base:ClassificationPipe",
		"base:CompositePipe":                                    "base:CompositePipe",
		"mypackage:FetchTicketsPipe":                            "",
		"mypackage:UpdateTicketsPipe":                           "",
		"hf-local:FetchTicketsPipe":                             "",
		"base:fetchticketspipe":                                 "",
		"base:":                                                 "",
		"":                                                      "",
		"base:NoSuchPipe":                                       "",
	} {
		spec, ok := r.Lookup(use)
		switch {
		case want == "" && ok:
			t.Errorf("Lookup(%q) = %s, want none", use, spec.Name)
		case want != "" && (!ok || spec.Name != want):
			t.Errorf("Lookup(%q) = %v, %v, want %s", use, spec, ok, want)
		}
	}
	names := r.Names()
	if !slices.IsSorted(names) || !slices.Contains(names, "FetchTicketsPipe") || !slices.Contains(names, "base:FetchTicketsPipe") {
		t.Errorf("Names() = %v", names)
	}
	if specs := r.Specs(); len(specs) != 4 || specs[0].Name != "base:ClassificationPipe" {
		t.Errorf("Specs() = %v", specs)
	}
}

func TestRegistryRefuses(t *testing.T) {
	leaf := func() Pipe { return nil }
	for name, c := range map[string]struct {
		specs []*Spec
		want  string
	}{
		"same name":      {[]*Spec{{Name: "base:A", New: leaf}, {Name: "base:A", New: leaf}}, "already taken"},
		"alias is name":  {[]*Spec{{Name: "base:A", New: leaf}, {Name: "base:B", Aliases: []string{"A"}, New: leaf}}, "already taken"},
		"no prefix":      {[]*Spec{{Name: "A", New: leaf}}, "prefix:Name"},
		"nothing to run": {[]*Spec{{Name: "base:A"}}, "exactly one"},
		"two kinds":      {[]*Spec{{Name: "base:A", New: leaf, Composite: true}}, "exactly one"},
	} {
		if _, err := NewRegistry(c.specs...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}
