package engine

import "sync"

// mailbox hands work to the loop without ever making the sender wait: the writer and the runs must not block on the loop,
// which may be waiting for them. It is bounded by what sends to it: a few messages per live run and per command.
type mailbox struct {
	mu   sync.Mutex
	work []func()
	wake chan struct{}
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (m *mailbox) post(f func()) {
	m.mu.Lock()
	m.work = append(m.work, f)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.work
	m.work = nil
	return out
}
