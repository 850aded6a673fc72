package ticket

import "context"

type announceKey struct{}

// Announcer is a System whose Update tells by Announce how the ticket stands, before it writes. Whoever keeps a journal need not
// read the ticket a second time then.
type Announcer interface{ AnnouncesUpdates() }

// WithAnnounce lets the Update of an Announcer call f with the ticket as it has read it. An error of f keeps it from writing.
func WithAnnounce(ctx context.Context, f func(before Ticket) error) context.Context {
	return context.WithValue(ctx, announceKey{}, f)
}

// Announce tells whoever wants to know how a ticket stands before it is written. It does nothing when nobody does.
func Announce(ctx context.Context, before Ticket) error {
	if f, ok := ctx.Value(announceKey{}).(func(Ticket) error); ok {
		return f(before)
	}
	return nil
}
