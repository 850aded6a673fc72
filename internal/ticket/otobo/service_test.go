package otobo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ticket/otobo"
)

// TestWebServiceDefinition holds our importable definition to the client's defaults: names, routes and verbs.
func TestWebServiceDefinition(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "examples", "OpenTicketAI.yml"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := otobo.Config{BaseURL: "https://x", Password: "p"}.Checked()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Operations) != 4 {
		t.Errorf("operations %v", c.Operations)
	}
	for op, route := range c.Operations {
		for _, part := range []string{
			"    " + route + ":\n      Description: ", "      Type: Ticket::" + op + "\n",
			"        " + route + ":\n          ParserBackend: JSON\n          RequestMethod:\n          - " + c.Methods[op] + "\n          Route: /" + route + "\n",
		} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s: the definition lacks %q", op, part)
			}
		}
	}
	if strings.Contains(string(text), "- GET") {
		t.Error("GET would log the password")
	}
}
