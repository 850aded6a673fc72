package otobo_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
)

// deny stands before the server and refuses reads of one ticket that searches still find, as after a change of rights.
type deny struct {
	s  *otobotest.Server
	id string
}

func (d *deny) start(t *testing.T) string {
	t.Helper()
	h := httptest.NewServer(d)
	t.Cleanup(h.Close)
	return h.URL + "/otobo/nph-genericinterface.pl"
}

func (d *deny) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var body struct{ TicketID []string }
	if json.Unmarshal(text, &body) == nil && strings.HasSuffix(r.URL.Path, "ticket-get") && slices.Contains(body.TicketID, d.id) {
		_, _ = io.WriteString(w, `{"Error":{"ErrorCode":"TicketGet.AccessDenied","ErrorMessage":"TicketGet: User does not have access to the ticket!"}}`)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	d.s.ServeHTTP(w, r)
}
