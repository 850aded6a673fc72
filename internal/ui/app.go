package ui

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// App is the console's state. Update changes it, Draw shows it.
type App struct {
	ctx   context.Context // of the whole console: its questions end with it
	opts  Options
	o     orchestrator.Orchestrator
	reg   *action.Registry[*App] // with the keys in force
	data  screen.Data
	now   time.Time
	w, h  int
	ascii bool

	theme   theme.Theme
	few     bool            // the terminal has 256 colours
	pressed tea.KeyPressMsg // the key in hand, for the input line
	decided bool            // the theme is known; before it the terminal's own colours are used

	actions     *action.Registry[*App] // with the console's own keys
	settings    Settings
	configHash  string // of the configuration the settings are from
	choseTheme  bool   // by the viewer, here or at an earlier visit
	choseGlyphs bool

	views    []view   // saved, by name
	history  []string // of the palette, newest first
	saved    []byte   // what the memory holds
	keeping  bool     // a write is to come
	restored bool     // screens were brought back and not checked yet

	tabs   []tab
	labels [][2]string // of the tabs, long and short
	tab    int
	stack  []screen.Screen // opened from the tab, innermost last

	input    *input
	confirm  *confirm
	help     *help
	palette  *palette
	form     *form
	menu     *menu
	log      []orchestrator.Event // actions that were read for the action log, newest first
	failures []said               // of this console, oldest first
	aim      *screen.Target       // what actions work on in place of the cursor; set in copies by the palette only
	notes    notes
	grace    grace
	quitAt   time.Time // when quitting was asked for the first time

	asked    map[string]time.Time // wants on their way
	answers  approvals
	held     []heldVerdict // oldest first
	cmds     []tea.Cmd     // gathered during one Update
	quitting bool
	lastErr  string // of the latest snapshot; "" = fine

	resync resync
	named  func(action string) string // keyOf, made once: a frame asks for it often

	panics  []time.Time // of late, see guard.go
	undrawn string      // why the frame could not be drawn; "" = it was
}

// tab is one of the numbered screens.
type tab struct {
	title string
	short string // where there is no room for the title
	s     screen.Screen
}

// tabApprovals is the place of the approvals among the tabs.
const tabApprovals = 6

// New makes a console whose questions to the orchestrator end with ctx. It fails only when its own list of actions is
// contradictory.
func New(ctx context.Context, o Options) (*App, error) {
	o = o.withDefaults()
	a := &App{
		ctx: ctx, opts: o, o: o.Orchestrator, now: o.Now(), w: o.Width, h: o.Height,
		ascii: theme.UseASCII(o.Glyphs, o.Environ),
		asked: map[string]time.Time{},
		tabs: []tab{
			{"Pipes", "Pipes", screen.NewPipes()},
			{"Runs", "Runs", screen.NewRuns("")},
			{"Timeline", "Time", screen.NewTimeline()},
			{"Logs", "Logs", screen.NewLogs(orchestrator.LogFilter{}, "all pipes")},
			{"Events", "Events", screen.NewEvents()},
			{"Engine", "Engine", screen.NewEngine()},
			{"Approvals", "Asks", screen.NewApprovals()},
			{"Tickets", "Tickets", screen.NewTickets()},
			{tabQuality, "Quality", screen.NewQuality()},
		},
	}
	reg, err := action.New(actions()...)
	if err != nil {
		return nil, fmt.Errorf("console actions: %w", err)
	}
	a.actions, a.reg, a.named = reg, reg, a.keyOf
	a.makeLabels()
	a.chooseTheme()
	a.takeSettings()
	a.remember()
	a.resize(a.w, a.h)
	return a, nil
}

// chooseTheme takes the theme the user asked for; "auto" waits for the terminal's answer, unless there is no colour.
func (a *App) chooseTheme() {
	name := a.opts.Theme
	if theme.NoColor(a.opts.Environ) && (name == "" || name == "auto") {
		name = "mono"
	}
	var known bool
	a.theme, known = theme.Named(name)
	a.decided = known
}

// UpdateMsg brings live changes into the console.
type UpdateMsg struct{ orchestrator.Update }

// Messages of the console itself.
type (
	tickMsg     struct{}
	themeMsg    struct{} // the terminal has not told its background in time
	snapshotMsg struct {
		snap   orchestrator.Snapshot
		events []orchestrator.Event
		err    error
	}
	answerMsg struct {
		to screen.Screen
		screen.Answer
	}
)

// themeWait is how long the terminal may take to tell its background.
const themeWait = 300 * time.Millisecond

// Init gives the first commands: the snapshot, the clock, and the questions to the terminal.
func (a *App) Init() tea.Cmd {
	cmds := []tea.Cmd{guarded(a.snapshot()), a.nextTick()}
	if !a.decided {
		cmds = append(cmds, tea.RequestBackgroundColor, a.opts.After(themeWait, themeMsg{}))
	}
	if a.opts.OverSSH {
		// Bubble Tea asks no questions over SSH. Every terminal of today knows synchronized output or ignores it, so it is
		// turned on as if the terminal had said yes; without it frames tear.
		cmds = append(cmds, func() tea.Msg {
			return tea.ModeReportMsg{Mode: ansi.ModeSynchronizedOutput, Value: ansi.ModeReset}
		})
	}
	return tea.Batch(cmds...)
}

func (a *App) env() screen.Env { return screen.Env{Now: a.now, Data: &a.data, Keys: a.named} }

// top is the screen on show.
func (a *App) top() screen.Screen {
	if n := len(a.stack); n > 0 {
		return a.stack[n-1]
	}
	return a.tabs[a.tab].s
}

// scopes are the action scopes in force, innermost first.
func (a *App) scopes() []string { return append(a.top().Scopes(), "global") }

// run gives the runtime a command.
func (a *App) run(c tea.Cmd) { a.cmds = append(a.cmds, guarded(c)) }

// queryTime bounds every question to the orchestrator.
const queryTime = 15 * time.Second

func (a *App) snapshot() tea.Cmd {
	o := a.o
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(a.ctx, queryTime)
		defer cancel()
		var m snapshotMsg
		if m.snap, m.err = o.Snapshot(ctx); m.err != nil {
			return m
		}
		m.events, m.err = o.Events(ctx, 200)
		return m
	}
}

// nextTick sends a tick on the next whole second, so that all clocks on the screen step together.
func (a *App) nextTick() tea.Cmd {
	now := a.opts.Now()
	return a.opts.After(now.Truncate(time.Second).Add(time.Second).Sub(now), tickMsg{})
}

// open puts a screen on top.
func (a *App) open(s screen.Screen) {
	a.stack = append(a.stack, s)
	a.show()
}

// back leaves the innermost screen; on a tab it goes to the first one. It gives false on the home screen.
func (a *App) back() bool {
	switch {
	case len(a.stack) > 0:
		a.stack = a.stack[:len(a.stack)-1]
	case a.tab != 0:
		a.tab = 0
	default:
		return false
	}
	a.show()
	return true
}

// goTab shows a tab, without what was opened on it.
func (a *App) goTab(i int) {
	a.tab, a.stack = i, nil
	a.show()
}

// show makes the top screen fit and up to date.
func (a *App) show() {
	a.input = nil
	a.resize(a.w, a.h)
	a.top().Refresh(a.env())
}

func (a *App) resize(w, h int) {
	a.w, a.h = w, h
	f := a.frame(w, h)
	a.top().Resize(w, f.bodyH)
}

// askWants starts the questions that the top screen still has, and the one for approvals.
func (a *App) askWants() {
	a.askApprovals()
	s := a.top()
	for _, w := range s.Wants(a.env()) {
		if _, on := a.asked[w.Key]; on {
			continue
		}
		a.asked[w.Key] = a.now
		o, ctx := a.o, a.ctx
		a.run(func() tea.Msg { return answerMsg{to: s, Answer: ask(ctx, o, w)} })
	}
}

func ask(ctx context.Context, o orchestrator.Orchestrator, w screen.Want) screen.Answer {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	a := screen.Answer{Want: w}
	switch w.Kind {
	case screen.WantRuns:
		a.Runs, a.Err = o.Runs(ctx, w.Runs)
	case screen.WantDetail:
		a.Detail, a.Err = o.RunDetail(ctx, w.Run)
	case screen.WantLogs:
		a.Lines, a.Err = o.Logs(ctx, w.Logs)
	case screen.WantTicks:
		a.Ticks, a.Err = o.NextTicks(ctx, w.Runner, w.N)
	case screen.WantBackfills:
		a.Fills, a.Err = o.Backfills(ctx)
	case screen.WantOther:
		a.Value, a.Err = w.Do(ctx, o)
	}
	return a
}
