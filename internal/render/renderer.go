package render

import (
	"container/list"
	"context"
	"strings"
	"sync"
)

// Compiled templates a Renderer keeps. Configurations have some hundred different ones.
const (
	cacheEntries = 2048
	cacheBytes   = 2 << 20 // of sources; compiled they take about ten times that
)

// Renderer compiles and renders templates, keeping the compiled ones it has seen last. It is safe for concurrent use.
type Renderer struct {
	mu    sync.Mutex // guards the cache
	byKey map[string]*list.Element
	used  *list.List // of *cached, last used first
	bytes int
}

type cached struct {
	tpl *template
	err error
}

// New gives an empty renderer.
func New() *Renderer {
	return &Renderer{byKey: map[string]*list.Element{}, used: list.New()}
}

// IsTemplate says whether s holds Jinja markup.
func IsTemplate(s string) bool { return tagStart(s) >= 0 }

// Compile checks a template without rendering it. Errors are *Error, with line and column when they are known.
func (r *Renderer) Compile(src string) (Template, error) {
	t, err := r.compiled(src)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Render compiles src, or takes it from the cache, and renders it.
func (r *Renderer) Render(ctx context.Context, src string, scope Scope) (Value, error) {
	t, err := r.compiled(src)
	if err != nil {
		return Value{}, err
	}
	return t.Render(ctx, scope)
}

// NamesPipeResults gives the ids of the pipes whose results a template asks for by name, each once, in their order. It
// gives none for a template that does not compile, and leaves out ids that the template computes.
func NamesPipeResults(src string) []string {
	if !IsTemplate(src) {
		return nil
	}
	t, err := compile(src)
	if err != nil {
		return nil
	}
	return t.needs
}

func (r *Renderer) compiled(src string) (*template, error) {
	if c, ok := r.lookup(src); ok {
		return c.tpl, c.err
	}
	t, err := compile(src) // outside of the lock: two may compile the same, which harms nobody
	r.keep(src, &cached{t, err})
	return t, err
}

func (r *Renderer) lookup(src string) (*cached, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byKey[src]
	if !ok {
		return nil, false
	}
	r.used.MoveToFront(e)
	c, ok := e.Value.(*entry)
	if !ok {
		return nil, false
	}
	return c.cached, true
}

type entry struct {
	*cached
	src string
}

func (r *Renderer) keep(src string, c *cached) {
	if len(src) > maxSource {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.byKey[src]; ok {
		return
	}
	src = strings.Clone(src) // not a part of a larger text
	r.byKey[src] = r.used.PushFront(&entry{c, src})
	r.bytes += len(src)
	for r.used.Len() > cacheEntries || r.bytes > cacheBytes {
		last := r.used.Back()
		r.used.Remove(last)
		if e, ok := last.Value.(*entry); ok {
			delete(r.byKey, e.src)
			r.bytes -= len(e.src)
		}
	}
}
