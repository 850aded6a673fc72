package text

import "testing"

func TestColumnKeepsWhatAllTerminalsAgreeOn(t *testing.T) {
	for in, want := range map[string]string{
		"printer on fire":  "printer on fire",
		"日本語 プリンタ":         "日本語 プリンタ",
		"e\u0301le\u0301":  "e\u0301le\u0301",
		"שלום":             "שלום",
		"🇩🇪 and 🇫":         "DE and F",
		"कि":               "क",
		"\x1b[2Jgone":      "gone",
		"👩\u200d👩":         "👩👩",
		"1\ufe0f\u20e3 ☎️": "1\u20e3 ☎",
	} {
		if got := Column(in); got != want {
			t.Errorf("Column(%q) = %q, want %q", in, got, want)
		}
		if (Column(in) == in) != InColumns(in) {
			t.Errorf("InColumns(%q) = %v", in, InColumns(in))
		}
	}
	if got := Line("कि 🇩🇪", 0); got != "कि 🇩🇪" {
		t.Errorf("what is kept lost something: %q", got)
	}
}
