// Package plain is the console in lines: one line for each change, commands typed as lines, no cursor movement. It is for screen
// readers, for pipes, and for terminals that can do nothing else.
//
// One goroutine, Run's, owns everything; another one reads the input.
package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/feed"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// maxLine bounds one typed line, in bytes.
const maxLine = 4 << 10

// Options say what is shown and where. Orchestrator, In and Out are needed.
type Options struct {
	Orchestrator orchestrator.Orchestrator
	In           io.Reader
	Out          io.Writer
	Actor        orchestrator.Actor // who acts; recorded with every command
	Theme        theme.Theme        // colours states when Colour is set
	Colour       bool
	ASCII        bool             // foreign text is written in ASCII
	Now          func() time.Time // nil = the real clock
}

// errQuit ends the console because its user said so.
var errQuit = errors.New("quit")

// Run shows changes and takes commands until the user quits, the input or ctx ends (all nil), or the output fails.
func Run(ctx context.Context, o Options) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sub := o.Orchestrator.Subscribe()
	defer sub.Close()
	p := &lines{o: o, runners: map[string]*orchestrator.Runner{}}
	if err := p.begin(ctx); err != nil {
		return err
	}
	updates := make(chan orchestrator.Update)
	go func() {
		_ = feed.Pump(ctx, sub, func() int { return feed.MaxPerSecond }, func(u orchestrator.Update) { // ends with ctx or the engine
			select {
			case updates <- u:
			case <-ctx.Done():
			}
		})
	}()
	typed := make(chan string)
	go read(ctx, o.In, typed)
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case u := <-updates:
			err = p.update(ctx, &u)
		case line, ok := <-typed:
			if !ok {
				return p.err
			}
			err = p.command(ctx, line)
		}
		if errors.Is(err, errQuit) {
			return nil
		}
		if err != nil && p.err == nil {
			p.say("error: %s", err)
		}
		if p.err != nil {
			return fmt.Errorf("write to the terminal: %w", p.err)
		}
	}
}

// read gives typed lines and closes the channel at their end.
func read(ctx context.Context, in io.Reader, typed chan<- string) {
	defer close(typed)
	sc := bufio.NewScanner(in)
	sc.Buffer(make([]byte, 0, 256), maxLine)
	for sc.Scan() {
		select {
		case typed <- text.Line(sc.Text(), maxLine):
		case <-ctx.Done():
			return
		}
	}
}

// lines is the console's state.
type lines struct {
	o       Options
	runners map[string]*orchestrator.Runner // as told last
	order   []string
	engine  orchestrator.Engine
	asked   map[string]bool // approvals that were told, by run and step
	follow  string          // runner whose log is told line by line; "*" = all, "" = none
	quiet   bool            // only what needs attention is told
	pending func(ctx context.Context) error
	err     error // of the output
}

// begin tells how things stand.
func (p *lines) begin(ctx context.Context) error {
	if err := p.look(ctx); err != nil {
		return err
	}
	name := ""
	if p.engine.Name != "" {
		name = " of " + p.engine.Name
	}
	p.say("otai, line mode%s: %s. Type help for the commands, quit to leave.", name, p.counts())
	for _, n := range p.engine.Notices {
		p.say("note: %s", n)
	}
	p.health("")
	return p.err
}

// look takes a snapshot without telling what it says.
func (p *lines) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := p.o.Orchestrator.Snapshot(ctx)
	if err != nil {
		return fmt.Errorf("read the engine's state: %w", err)
	}
	p.engine, p.order = s.Engine, p.order[:0]
	clear(p.runners)
	for i := range s.Runners {
		r := &s.Runners[i]
		p.runners[r.ID] = r
		p.order = append(p.order, r.ID)
	}
	return nil
}

// at is a moment in UTC: with seconds when it is near.
func (p *lines) at(t time.Time) string {
	if d := t.Sub(p.o.Now()); d.Abs() < 12*time.Hour {
		return text.Clock(t) + "Z"
	}
	return text.Moment(t, p.o.Now()) + "Z"
}

// say writes one line with the time of day before it. Foreign text in it becomes safe.
func (p *lines) say(format string, args ...any) {
	p.line("", fmt.Sprintf(format, args...))
}

// line is say with a styled word at its beginning; "" = none.
func (p *lines) line(word, rest string) {
	if p.err != nil {
		return
	}
	s := text.Line(rest, maxLine)
	if word != "" {
		s = word + s
	}
	if p.o.ASCII {
		s = strings.Map(func(r rune) rune {
			if r == 0x1b { // a colour of ours
				return r
			}
			return theme.ASCII(r)
		}, s)
	}
	_, p.err = fmt.Fprintf(p.o.Out, "%sZ %s\n", text.Clock(p.o.Now()), s)
}

// colour gives a word in the colour of its role.
func (p *lines) colour(role theme.Role, word string) string {
	if sgr := p.o.Theme.SGR(role, 0); p.o.Colour && sgr != "" {
		return "\x1b[" + sgr + "m" + word + "\x1b[m"
	}
	return word
}
