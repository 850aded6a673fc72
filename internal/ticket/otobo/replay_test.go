package otobo

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/fault"
)

// TestReplay decodes every recorded answer of an OTOBO 11.0.6: without an error, or with the recorded class.
// testdata/recordings.jsonl is a copy of the shared recordings.
func TestReplay(t *testing.T) {
	f, err := os.Open("testdata/recordings.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	c, err := New(Config{BaseURL: "https://x", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	count, kinds := 0, map[string]int{}
	for lines.Scan() {
		var r struct {
			Label, Response string
			Status          int
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		count++
		err := answer("Op", r.Status, http.Header{}, []byte(r.Response))
		kinds[checkRecorded(t, r.Label, r.Status, r.Response, err)]++
		if err != nil {
			continue
		}
		decodeRecorded(t, c, r.Label, r.Response)
	}
	if err := lines.Err(); err != nil || count != 261 {
		t.Errorf("%d recordings, %v", count, err)
	}
	for _, kind := range []string{"", KindAuthFail, KindAccessDenied, KindMissingParameter, KindInvalidParameter, KindFault, KindHTTP} {
		if kinds[kind] == 0 {
			t.Errorf("no recording of the kind %q: %v", kind, kinds)
		}
	}
}

func checkRecorded(t *testing.T, label string, status int, response string, err error) string {
	t.Helper()
	var e *Error
	errors.As(err, &e)
	class := fault.ClassOf(err)
	failed := status != http.StatusOK || strings.Contains(response, `"Error":{`)
	switch {
	case failed != (err != nil):
		t.Errorf("%s: status %d, %.100s: error %v", label, status, response, err)
	case err == nil:
		return ""
	case status == http.StatusInternalServerError && response == "Internal Server Error":
		if class != fault.Transient {
			t.Errorf("%s: %s", label, class)
		}
	case class != fault.Permanent:
		t.Errorf("%s: %v is %s", label, err, class)
	}
	if status == http.StatusOK && !strings.Contains(response, "."+e.Kind+`"`) {
		t.Errorf("%s: kind %q of %s", label, e.Kind, response)
	}
	if (e.Kind == KindFault) != strings.Contains(response, `"faultstring"`) {
		t.Errorf("%s: kind %q of %s", label, e.Kind, response)
	}
	return e.Kind
}

// decodeRecorded decodes a success as what it looks like.
func decodeRecorded(t *testing.T, c *Client, label, response string) {
	t.Helper()
	var shape map[string]json.RawMessage
	if err := json.Unmarshal([]byte(response), &shape); err != nil {
		t.Errorf("%s: %v", label, err)
		return
	}
	switch ticketPart, ids := shape["Ticket"], shape["TicketID"]; {
	case len(ticketPart) > 0 || shape["TicketNumber"] != nil:
		var reply writeReply
		if err := json.Unmarshal([]byte(response), &reply); err != nil {
			t.Errorf("%s: %v", label, err)
			return
		}
		if shape["TicketNumber"] != nil && (reply.TicketID == "" || reply.TicketNumber == "") {
			t.Errorf("%s: ids are lost: %+v", label, reply)
		}
		for _, w := range reply.Ticket {
			got := c.ticket(w, true)
			if got.ID == "" || got.Number == "" || got.Queue.Label() == "" || got.State.Label() == "" || got.Priority.Label() == "" ||
				got.CreatedAt.IsZero() || got.UpdatedAt.IsZero() || got.Owner.Label() == "" {
				t.Errorf("%s: %+v", label, got)
			}
			if strings.ContainsAny(got.Subject, "\x00\x07") {
				t.Errorf("%s: control characters in %q", label, got.Subject)
			}
		}
	case len(ids) > 0:
		var reply searchReply
		if err := json.Unmarshal([]byte(response), &reply); err != nil || len(reply.TicketID) == 0 || reply.TicketID[0] == "" {
			t.Errorf("%s: %+v, %v", label, reply, err)
		}
	}
}

func TestTolerantTypes(t *testing.T) {
	for text, want := range map[string]string{
		`{"TicketID":["1",2]}`: "1 2", `{"TicketID":"7"}`: "7", `{"TicketID":7}`: "7", `{"TicketID":null}`: "", `{}`: "", `{"TicketID":[]}`: "",
	} {
		var reply searchReply
		if err := json.Unmarshal([]byte(text), &reply); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		var got []string
		for _, id := range reply.TicketID {
			got = append(got, string(id))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s gives %q", text, got)
		}
	}
}

func TestLinksAreTakenOut(t *testing.T) {
	for text, want := range map[string]string{
		"see [1]here.\n\n - logo missing\n\n\n[1] https://example.com/n?id=1&amp;x=2\n": "see here.\n\n - logo missing",
		"array[0] fails":            "array[0] fails",
		"see [1] below\n[1] a book": "see [1] below\n[1] a book",
		"[1] https://only.example":  "[1] https://only.example",
		"":                          "",
	} {
		if got := withoutLinks(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	c, err := New(Config{BaseURL: "https://x", Password: "p"})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{`{}`, `{"Ticket":[{"TicketID":1,"Article":{"Body":"x"}}]}`, `{"Error":{"ErrorCode":"A.B"}}`, `{"faultstring":"x"}`, `<html>`, `{"Ticket":[[]]}`} {
		f.Add(200, s)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		err := answer(opGet, status, http.Header{}, []byte(body))
		if status != http.StatusOK && status >= 300 && err == nil {
			t.Errorf("status %d is a success", status)
		}
		if err != nil {
			return
		}
		var reply getReply
		if json.Unmarshal([]byte(body), &reply) == nil {
			for _, w := range reply.Ticket {
				if got := c.ticket(w, true); strings.ContainsRune(got.Body, 0) {
					t.Errorf("NUL in %q", got.Body)
				}
			}
		}
	})
}
