// Package notify delivers one message about the engine to one receiver: by an HTTP POST or by a command. It keeps nothing:
// the outbox of the engine decides what is delivered, when and how often.
package notify

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Schema is the version of the message's form. It rises when a field changes its meaning or goes; new fields do not raise it.
const Schema = 1

// Message is what a receiver gets, as JSON (docs/notifications.md). It holds no secrets, no parameters, no ticket's text.
type Message struct {
	Schema       int       `json:"schema"`       // Schema
	ID           string    `json:"id"`           // the same each time this message is delivered, unique over all others
	Notification string    `json:"notification"` // its name in the configuration
	Engine       string    `json:"engine"`       // name of the engine; "" = it has none
	Kind         string    `json:"kind"`         // "failed", "overdue", …
	At           time.Time `json:"at"`           // of the event, UTC
	Runner       string    `json:"runner"`       // "" = of the engine itself
	Run          string    `json:"run"`          // number of the run; "" = of no run
	State        string    `json:"state"`        // of the run after the event; "" = no run
	Reason       string    `json:"reason"`       // one line for people
	Step         string    `json:"step"`         // path of the step that failed; "" = none
	ErrorClass   string    `json:"error_class"`  // transient, permanent, rate_limited, timeout, cancelled; "" = no error
	Attempt      int       `json:"attempt"`      // of the run, from 1; 0 = no run
}

// Encode gives the message as its receivers see it.
func (m Message) Encode() ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode message %s: %w", m.ID, err)
	}
	return b, nil
}

// Decode reads what Encode wrote, also that of a later version with the same schema.
func Decode(b []byte) (Message, error) {
	var m Message
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("decode message: %w", err)
	}
	if m.Schema != Schema {
		return m, fmt.Errorf("decode message %s: schema %d, this version knows %d", m.ID, m.Schema, Schema)
	}
	return m, nil
}

// variables are the message for a command's environment.
func (m Message) variables() []string {
	return []string{
		"OTAI_ID=" + m.ID, "OTAI_NOTIFICATION=" + m.Notification, "OTAI_ENGINE=" + m.Engine, "OTAI_KIND=" + m.Kind,
		"OTAI_AT=" + m.At.Format(time.RFC3339Nano), "OTAI_RUNNER=" + m.Runner, "OTAI_RUN=" + m.Run, "OTAI_STATE=" + m.State,
		"OTAI_REASON=" + m.Reason, "OTAI_STEP=" + m.Step, "OTAI_ERROR_CLASS=" + m.ErrorClass, "OTAI_ATTEMPT=" + strconv.Itoa(m.Attempt),
	}
}
