package ticket

import "time"

// Map gives the ticket as templates see it, under upstream's field names. Every key is always there: what is not set is
// nil, so that {{ ticket.queue }} is none and not an error. Times are RFC 3339 in UTC.
func (t Ticket) Map() map[string]any {
	notes := make([]any, len(t.Notes))
	for i, n := range t.Notes {
		notes[i] = n.Map()
	}
	return map[string]any{
		"id": t.ID, "number": t.Number, "subject": t.Subject, "body": t.Body,
		"queue": t.Queue.value(), "priority": t.Priority.value(), "state": t.State.value(),
		"customer": t.Customer.value(), "owner": t.Owner.value(), "locked": t.Locked, "notes": notes, "fields": fieldsValue(t.Fields),
		"created_at": timeValue(t.CreatedAt), "updated_at": timeValue(t.UpdatedAt),
	}
}

// Map gives the note as templates see it.
func (n Note) Map() map[string]any {
	contentType := n.ContentType
	if contentType == "" {
		contentType = "text/plain"
	}
	return map[string]any{
		"id": n.ID, "subject": n.Subject, "body": n.Body, "content_type": contentType, "visible": n.Visible,
		"author": n.Author, "created_at": timeValue(n.CreatedAt),
	}
}

func (e *Entity) value() any {
	if e.IsZero() {
		return nil
	}
	return map[string]any{"id": textValue(e.ID), "name": textValue(e.Name)}
}

func fieldsValue(fields map[string]any) map[string]any {
	if fields == nil {
		return map[string]any{}
	}
	return fields
}

func textValue(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func timeValue(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}
