package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
)

// DefaultTimeout is the time one delivery may take when the receiver sets none.
const DefaultTimeout = 10 * time.Second

// Receiver is where a message goes: URL or Command.
type Receiver struct {
	URL     string            // HTTP POST of the message as JSON; "" = Command
	Headers map[string]string // of the request, on top of ours
	Command []string          // program and arguments; the message as JSON on its input, and as OTAI_ variables
	Timeout time.Duration     // of one delivery; 0 = DefaultTimeout
}

// Deliver hands a message over once. A nil error means that the receiver has it. The error's class (package fault) says
// whether another try can help: permanent = it cannot. Errors never hold the URL, which may contain a token.
func (r Receiver) Deliver(ctx context.Context, m Message) error {
	body, err := m.Encode()
	if err != nil {
		return fault.NewPermanent(err)
	}
	limit := r.Timeout
	if limit <= 0 {
		limit = DefaultTimeout
	}
	tooLong := fault.NewTimeout(fmt.Errorf("took longer than its timeout of %s", limit))
	ctx, cancel := context.WithTimeoutCause(ctx, limit, tooLong)
	defer cancel()
	switch {
	case r.URL != "":
		err = r.post(ctx, m, body)
	case len(r.Command) > 0 && r.Command[0] != "":
		err = r.run(ctx, m, body)
	default:
		return fault.Permanentf("the notification has neither a URL nor a command")
	}
	if err != nil && errors.Is(context.Cause(ctx), tooLong) {
		return tooLong
	}
	return err
}
