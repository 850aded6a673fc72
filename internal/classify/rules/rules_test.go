package rules_test

import (
	"math"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/rules"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

func classifyText(t *testing.T, c classify.Classifier, model, text string) classify.Result {
	t.Helper()
	r, err := c.Classify(t.Context(), classify.Request{Model: model, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDefaultQueues(t *testing.T) {
	c := rules.Default()
	for text, want := range map[string]string{
		"VPN keeps disconnecting":                                  "Network",
		"Kein WLAN im Besprechungsraum":                            "Network",
		"Das Gäste-WLAN geht nicht":                                "Network",
		"Wi-Fi in meeting room B2 unusable":                        "Network",
		"Der Drucker im 2. OG druckt nicht":                        "Hardware",
		"LASERDRUCKER defekt":                                      "Hardware",
		"My laptop battery is dead":                                "Hardware",
		"Netzteil für den Laptop fehlt":                            "Hardware",
		"Excel crashes when I open a file":                         "Software",
		"Bitte Software installieren: neue Version":                "Software",
		"I forgot my password and am locked out":                   "Accounts",
		"Passwort vergessen, Konto gesperrt":                       "Accounts",
		"Zugriffsrecht auf das Laufwerk fehlt, Berechtigung bitte": "Accounts",
		"Refund for invoice 4711":                                  "Billing",
		"Frage zu meiner Stromrechnung":                            "Billing",
		"Urlaub beantragen":                                        "HR",
		"Gehaltsabrechnung fehlt":                                  "HR",
		"Krankmeldung ab heute":                                    "HR",
		"Überstunden wurden nicht gezaehlt":                        "HR",
		"Hello, I have something to tell you":                      "Unclassified",
		"":                                                         "Unclassified",
	} {
		got := classifyText(t, c, "softoft/otai-queue-de-bert-v1", text)
		if got.Label != want {
			t.Errorf("%q is %s (%.2f, %v), want %s", text, got.Label, got.Confidence, got.Scores, want)
		}
		if want != "Unclassified" && got.Confidence < 0.8 {
			t.Errorf("%q is %s with only %.2f: %v", text, got.Label, got.Confidence, got.Scores)
		}
		if got.Model != "rules:queues" {
			t.Errorf("model %q", got.Model)
		}
	}
}

func TestDefaultPriorities(t *testing.T) {
	c := rules.Default()
	for text, want := range map[string]string{
		"Critical: production down, all users affected": "5 very high",
		"Notfall! Produktion steht, sofort handeln":     "5 very high",
		"Stromausfall im Rechenzentrum":                 "5 very high",
		"Urgent: I cannot work, deadline today":         "4 high",
		"Dringend, die Frist läuft ab":                  "4 high",
		"Es funktioniert nicht, ein Fehler erscheint":   "3 normal",
		"How do I change my signature? No rush":         "2 low",
		"Nicht dringend: nur ein Vorschlag":             "2 low",
		"xyz":                                           "3 normal",
	} {
		if got := classifyText(t, c, "softoft/otai-priority-de-bert-v1", text); got.Label != want {
			t.Errorf("%q is %s (%.2f, %v), want %s", text, got.Label, got.Confidence, got.Scores, want)
		}
	}
	for _, l := range rules.DefaultPriorities().Labels {
		if ticket.PriorityRank(l.Name) == ticket.RankUnknown {
			t.Errorf("priority label %q has no rank", l.Name)
		}
	}
}

func TestWords(t *testing.T) {
	c, err := rules.New(rules.Model{Labels: []rules.Label{
		{Name: "A", Words: map[string]float64{"vpn": 1, "dock*": 1, "*wlan": 1, "*cloud*": 1, "Störung": 1, "Gerät": 1, "Mühe": 1, "Maß": 1, "locked out": 1, "wi-fi": 1}},
		{Name: "P", Patterns: map[string]float64{`\bORD-\d{4}\b`: 1}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"VPN": "A", "vpn!": "A", "(vpn)": "A", "vpnx": "", "my-vpn-box": "A", "docking": "A", "paddock": "", "GastWLAN": "A", "wlans": "",
		"Nextcloud-Server": "A", "STÖRUNG": "A", "stoerung": "A", "Sto\u0308rung": "A", "storung": "", "GERÄT": "A", "geraet": "A", "muehe": "A", "Masse": "", "MASS": "A", "Locked  out": "A", "locked me out": "",
		"wi fi": "A", "Wi-Fi": "A", "wifi": "", "ord-1234": "P", "ord-12345": "",
	} {
		if got := classifyText(t, c, "any", text); got.Label != want {
			t.Errorf("%q is %q, want %q", text, got.Label, want)
		}
	}
}

func TestConfidence(t *testing.T) {
	c, err := rules.New(rules.Model{Default: "none", Labels: []rules.Label{
		{Name: "A", Words: map[string]float64{"a": 1, "aa": 1, "weak": 0.3}},
		{Name: "B", Words: map[string]float64{"b": 1}},
		{Name: "Heavy", Weight: 3, Words: map[string]float64{"h": 1}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		text, label string
		confidence  float64
	}{
		{"a", "A", 0.9348},
		{"a a a", "A", 0.9348},
		{"a aa", "A", 0.9651},
		{"weak", "A", 0.8333},
		{"a b", "A", 0.5},
		{"a aa b", "A", 0.655},
		{"h a", "Heavy", 0.7381},
		{"nothing", "none", 0.1},
	} {
		got := classifyText(t, c, "", row.text)
		if got.Label != row.label || math.Abs(got.Confidence-row.confidence) > 1e-4 {
			t.Errorf("%q: %s %.4f, want %s %.4f", row.text, got.Label, got.Confidence, row.label, row.confidence)
		}
		sum := 0.0
		for i, s := range got.Scores {
			sum += s.Confidence
			if i == 0 && (s.Label != got.Label || s.Confidence != got.Confidence) {
				t.Errorf("%q: first score %+v is not the result %s %v", row.text, s, got.Label, got.Confidence)
			}
		}
		if sum > 1.001 {
			t.Errorf("%q: scores add up to %v: %+v", row.text, sum, got.Scores)
		}
	}
}

func TestConfig(t *testing.T) {
	c, err := rules.Config{
		Labels:       map[string]any{"IT": []any{"vpn", 365}, "HR": map[string]any{"keywords": map[string]any{"urlaub": 2, "gehalt": 0.5}, "weight": 1}},
		DefaultLabel: "Misc",
		Models:       map[string]rules.ModelConfig{"mood": {Labels: map[string]any{"angry": map[string]any{"patterns": []any{`!{3,}`}}}}},
	}.Classifier()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ model, text, label, by string }{
		{"x", "vpn", "IT", "rules"},
		{"x", "365", "IT", "rules"},
		{"", "Urlaub", "HR", "rules"},
		{"x", "?", "Misc", "rules"},
		{"mood", "why!!!!", "angry", "rules:mood"},
		{"mood", "why", "", "rules:mood"},
		{"priority", "urgent", "4 high", "rules:priorities"},
		{"queues", "Drucker", "Hardware", "rules:queues"},
	} {
		if got := classifyText(t, c, row.model, row.text); got.Label != row.label || got.Model != row.by {
			t.Errorf("%+v: %q by %q", row, got.Label, got.Model)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	label := func(l any) rules.Config { return rules.Config{Labels: map[string]any{"IT": l}} }
	type m = map[string]any
	for want, c := range map[string]rules.Config{
		"labels.IT: give it keywords or patterns":                 label(m{}),
		`word "--" needs letters`:                                 label([]any{"--"}),
		`word "vpn" needs letters and a positive weight, got -1`:  label(m{"keywords": m{"vpn": -1}}),
		`labels.IT: keywords: "vpn": expected a weight, got much`: label(m{"keywords": m{"vpn": "much"}}),
		`labels.IT: keywords: expected a list of texts`:           label(3),
		`labels.IT: there is no key "vpn"`:                        label(m{"vpn": 2}),
		`pattern "(": error parsing regexp`:                       label(m{"patterns": "("}),
		`labels.IT: weight: expected a positive number, got -2`:   label(m{"keywords": "x", "weight": -2}),
		`models.m: labels.A: give it`:                             {Models: map[string]rules.ModelConfig{"m": {Labels: m{"A": nil}}}},
	} {
		_, err := c.Classifier()
		if err == nil || !strings.Contains(err.Error(), want) || fault.ClassOf(err) != fault.Permanent {
			t.Errorf("error %v, want a permanent one with %q", err, want)
		}
	}
}

func TestDefaultsCompile(t *testing.T) {
	if _, err := rules.New(); err != nil {
		t.Fatal(err)
	}
	if rules.Default().Describe() == "" {
		t.Error("no description")
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("VPN Störung ORD-1234")
	f.Add("\xff\xfe a\u0308")
	c := rules.Default()
	f.Fuzz(func(t *testing.T, text string) {
		for _, model := range []string{"", "priority"} {
			r := classifyText(t, c, model, text)
			if r.Label == "" || r.Confidence < 0 || r.Confidence > 1 || math.IsNaN(r.Confidence) {
				t.Errorf("%q: %+v", text, r)
			}
		}
	})
}
