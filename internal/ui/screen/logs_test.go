package screen

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
)

// logStore is a history of log lines. The newest ones may not be on its disk yet.
type logStore struct {
	orchestrator.Orchestrator
	lines []orchestrator.LogLine
	late  int
}

func (s *logStore) disk() []orchestrator.LogLine {
	all := slices.Clone(s.lines[:max(len(s.lines)-s.late, 0)])
	slices.SortStableFunc(all, byPlace)
	return all
}

func byPlace(a, b orchestrator.LogLine) int {
	return orchestrator.PlaceOf(&a).Compare(orchestrator.PlaceOf(&b))
}

func (s *logStore) ReadLog(_ context.Context, q orchestrator.LogQuery) (orchestrator.LogPage, error) {
	all := slices.DeleteFunc(s.disk(), func(l orchestrator.LogLine) bool { return levelOf(l.Level) < levelOf(q.Level) && q.Level != "" })
	if q.Back {
		if !q.From.Zero() {
			all = slices.DeleteFunc(all, func(l orchestrator.LogLine) bool { return orchestrator.PlaceOf(&l).Compare(q.From) >= 0 })
		}
		return orchestrator.LogPage{Done: len(all) < q.Limit, Lines: slices.Clone(all[max(len(all)-q.Limit, 0):])}, nil
	}
	if !q.From.Zero() {
		all = slices.DeleteFunc(all, func(l orchestrator.LogLine) bool { return orchestrator.PlaceOf(&l).Compare(q.From) <= 0 })
	}
	return orchestrator.LogPage{Done: len(all) < q.Limit, Lines: slices.Clone(all[:min(len(all), q.Limit)])}, nil
}

func (s *logStore) SearchLog(_ context.Context, q orchestrator.LogSearch) (orchestrator.LogHits, error) {
	p, err := text.ParsePattern(q.Query)
	h := orchestrator.LogHits{Done: true}
	for _, l := range s.disk() {
		if p.Match(l.Msg) && levelOf(l.Level) >= levelOf(q.Level) {
			h.Lines = append(h.Lines, l)
		}
	}
	return h, err
}

// logPlay drives a log over a history that grows.
type logPlay struct {
	t     *testing.T
	rng   *rand.Rand
	store logStore
	log   *Logs
	env   Env
	seqs  map[string]int64
	at    time.Time

	lateAt time.Time
}

func newLogPlay(t *testing.T, seed uint64) *logPlay {
	t.Helper()
	p := &logPlay{t: t, rng: rand.New(rand.NewPCG(seed, 5)), seqs: map[string]int64{}, at: now, env: Env{Now: now, Data: &Data{}}}
	p.log = NewLogs(orchestrator.LogFilter{}, "all pipes")
	p.log.length, p.log.view.bound = 60, 200
	p.log.Resize(80, 20)
	return p
}

// write publishes lines; some are a little older than the one before.
func (p *logPlay) write(n int) {
	var live []orchestrator.LogLine
	for range n {
		run := fmt.Sprintf("%d", 1+p.rng.IntN(4))
		p.seqs[run]++
		p.at = p.at.Add(time.Duration(p.rng.IntN(4)) * time.Millisecond)
		l := orchestrator.LogLine{
			Run: run, Runner: "r" + run, Seq: p.seqs[run], At: p.at, Level: levels[p.rng.IntN(4)], Attempt: 1,
			Msg: fmt.Sprintf("line %d %x", len(p.store.lines), p.rng.Uint32()),
		}
		p.store.lines, live = append(p.store.lines, l), append(live, l)
	}
	if p.rng.IntN(2) == 0 { // a worker that was held up for a while
		p.seqs["9"]++
		l := orchestrator.LogLine{Run: "9", Runner: "r9", Seq: p.seqs["9"], At: p.at.Add(-time.Duration(p.rng.IntN(40)) * time.Millisecond), Level: "warn", Msg: "late"}
		if n := len(p.store.lines); n == 0 || l.At.After(p.lateAt) {
			l.Msg, p.lateAt = fmt.Sprintf("line %d late", n), l.At
			p.store.lines, live = append(p.store.lines, l), append(live, l)
		} else {
			p.seqs["9"]--
		}
	}
	if len(live) > 1 && p.rng.IntN(3) == 0 { // two workers, of which the faster one wrote later
		i := p.rng.IntN(len(live) - 1)
		if live[i].Run != live[i+1].Run {
			live[i], live[i+1] = live[i+1], live[i]
		}
	}
	p.log.AppendLogs(live, 0)
}

// answer answers what the log asks for, until it asks no more.
func (p *logPlay) answer() {
	for range 200 {
		ws := p.log.Wants(p.env)
		if len(ws) == 0 {
			return
		}
		for _, w := range ws {
			v, err := w.Do(p.t.Context(), &p.store)
			p.log.Receive(p.env, Answer{Want: w, Value: v, Err: err})
		}
	}
	p.t.Fatal("the log does not stop asking")
}

func (p *logPlay) top() string {
	v := p.log.view
	if !v.held || len(v.shown) == 0 {
		return ""
	}
	return v.line(v.shown[v.place(v.top)]).Msg
}

// check compares the window with the history.
func (p *logPlay) check(did string) {
	p.t.Helper()
	v := p.log.view
	all := slices.Clone(p.store.lines)
	slices.SortStableFunc(all, byPlace)
	if len(v.lines) > v.bound+v.bound/10+p.log.length {
		p.t.Fatalf("%s: %d lines are kept", did, len(v.lines))
	}
	if len(v.lines) > 0 {
		from := slices.IndexFunc(all, func(l orchestrator.LogLine) bool { return byPlace(l, v.lines[0]) == 0 })
		if from < 0 || !slices.Equal(v.lines, all[from:min(from+len(v.lines), len(all))]) {
			p.t.Fatalf("%s: the window is no piece of the log, from %d, %d lines", did, from, len(v.lines))
		}
		if v.atStart != (from == 0) && v.atStart {
			p.t.Fatalf("%s: the window begins at %d and says it is the start", did, from)
		}
		if !v.cutOff && p.log.loaded && from+len(v.lines) != len(all) {
			p.t.Fatalf("%s: the window ends at %d of %d and says it is the end", did, from+len(v.lines), len(all))
		}
	}
	if v.held && p.log.loaded {
		want := 0
		for i := range all {
			if v.past(&all[i]) && v.fits(&all[i]) {
				want++
			}
		}
		if got := v.below(); got != want {
			p.t.Fatalf("%s: +%d below, want %d (unseen %d, cut off %v)", did, got, want, v.unseen, v.cutOff)
		}
	}
	c := part.NewCanvas(80, 20, false)
	p.log.Draw(p.env, c)
}

// TestLogNeverLosesItsPlace: whatever happens to a log of which only a window is in memory, the window is a piece of the log without
// holes or doubles, the top line stays while it is held, and the count of what came below is exact.
func TestLogNeverLosesItsPlace(t *testing.T) {
	for seed := range uint64(8) {
		p := newLogPlay(t, seed)
		p.write(500)
		p.answer()
		for i := range 300 {
			p.store.late = p.rng.IntN(3)
			before := p.top()
			var did string
			still := true // the top has to stay where it is
			switch p.rng.IntN(13) {
			case 0, 1, 2:
				n := p.rng.IntN(60)
				did = fmt.Sprint("write ", n)
				p.write(n)
			case 3:
				w, h := 30+p.rng.IntN(120), 4+p.rng.IntN(40)
				did = fmt.Sprint("resize ", w, h)
				p.log.Resize(w, h)
			case 4:
				did = "wrap"
				p.log.view.ToggleWrap()
			case 5:
				did = "fold, clock"
				if p.rng.IntN(2) == 0 { // the cursor stays in sight
					p.log.view.ToggleFold()
					before = p.top()
				}
				p.log.view.ToggleClock()
			default:
				still, did = false, p.navigate()
			}
			if after := p.top(); still && before != after {
				t.Fatalf("seed %d step %d %s: the top moved from %q to %q", seed, i, did, before, after)
			}
			p.answer()
			if after := p.top(); still && before != after {
				t.Fatalf("seed %d step %d %s: reading moved the top from %q to %q", seed, i, did, before, after)
			}
			p.check(fmt.Sprintf("seed %d step %d %s", seed, i, did))
		}
	}
}

func (p *logPlay) navigate() string {
	l := p.log
	switch p.rng.IntN(10) {
	case 0, 1:
		n := -p.rng.IntN(60)
		l.Move(p.env, n)
		return fmt.Sprint("move ", n)
	case 2:
		n := p.rng.IntN(5) - 2
		l.Page(p.env, n)
		return fmt.Sprint("page ", n)
	case 3:
		l.Home(p.env)
		return "home"
	case 4:
		l.End(p.env)
		return "end"
	case 5:
		l.ToggleHold()
		return "hold or follow"
	case 6:
		t := now.Add(time.Duration(p.rng.Int64N(int64(p.at.Sub(now) + time.Second))))
		l.JumpTime(t)
		return fmt.Sprint("jump to ", t)
	case 7:
		l.view.Search([]string{"", "7", "/[ab]c/", "line 12"}[p.rng.IntN(4)])
		if l.WhySearchAll() == "" {
			l.SearchAll()
		}
		return "search " + l.view.Query()
	case 8:
		l.NextError(p.rng.IntN(2)*2 - 1)
		return "next error"
	default:
		l.NextMatch(p.rng.IntN(2)*2 - 1)
		return "next match"
	}
}

// TestSearchOfTheWholeLog goes to hits that are not on hand, in their order, and counts them all.
func TestSearchOfTheWholeLog(t *testing.T) {
	p := newLogPlay(t, 1)
	p.write(1000)
	for _, i := range []int{20, 480, 990} {
		p.store.lines[i].Msg, p.store.lines[i].Level = "a needle", "error"
	}
	p.answer()
	p.log.view.Search("needle")
	if got := p.log.found(); got != "/needle  1 of 1 · loaded, enter searches all" {
		t.Fatalf("%q", got)
	}
	p.log.SearchAll()
	p.answer()
	for _, want := range []string{"3 of 3", "2 of 3", "1 of 3", "3 of 3"} {
		if got := p.log.found(); got != "/needle  "+want+" · whole log" || p.log.view.current().Msg != "a needle" {
			t.Fatalf("%q on %q, want %s", got, p.log.view.current().Msg, want)
		}
		p.log.NextMatch(-1)
		p.answer()
	}
	p.log.End(p.env)
	p.answer()
	p.check("the end")
	if p.log.view.held || p.log.view.cutOff {
		t.Fatal("it does not follow")
	}
}

// TestErrorsBeyondTheWindow: e and E go through all errors of a log, on hand or not.
func TestErrorsBeyondTheWindow(t *testing.T) {
	p := newLogPlay(t, 2)
	p.write(1000)
	for i := range p.store.lines {
		p.store.lines[i].Level = "info"
	}
	for i, n := range []int{20, 480, 700} {
		p.store.lines[n].Msg, p.store.lines[n].Level = fmt.Sprint("error ", i), "error"
	}
	p.answer()
	for i, dir := range []int{-1, -1, -1, -1, 1, 1, -1} {
		p.log.NextError(dir)
		p.answer()
		want := fmt.Sprint("error ", []int{2, 1, 0, 0, 1, 2, 1}[i])
		if got := p.log.view.current().Msg; got != want {
			t.Fatalf("step %d: on %q, want %q", i, got, want)
		}
	}
}

// TestContextAroundKeptLines: kept lines have their neighbours, hidden and lower ones never show.
func TestContextAroundKeptLines(t *testing.T) {
	v := NewLogView(false)
	v.Resize(80, 40)
	var lines []orchestrator.LogLine
	for i, m := range strings.Fields("a b c HIT d noise e f g HIT HIT h") {
		lines = append(lines, orchestrator.LogLine{Seq: int64(i + 1), Level: "info", Msg: m})
	}
	lines[1].Gap = 7
	show := func() string {
		var out []string
		for _, l := range v.Shown() {
			out = append(out, l.Msg)
		}
		return strings.Join(out, " ")
	}
	for _, atOnce := range []bool{true, false} {
		v.keep, v.hide, v.around = text.Pattern{}, text.Pattern{}, 0
		v.forget()
		if atOnce {
			v.Append(lines)
		}
		if err := v.Keep("HIT"); err != nil {
			t.Fatal(err)
		}
		v.Around()
		if err := v.Hide("noise"); err != nil {
			t.Fatal(err)
		}
		if !atOnce {
			for i := range lines {
				v.Append(lines[i : i+1])
			}
		}
		if got := show(); got != "b c HIT d f g HIT HIT h" {
			t.Errorf("at once %v: %q", atOnce, got)
		}
	}
	for _, want := range []string{"b c HIT d e f g HIT HIT h", "a b c HIT d e f g HIT HIT h", "b HIT HIT HIT"} { // 5, 10, 0: the gap stays in sight
		v.Around()
		if got := show(); !strings.HasSuffix(got, "h") && want[len(want)-1] == 'h' || want == "b HIT HIT HIT" && got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for i, want := range []bool{true, true, false} {
		if got := v.Clear(); got != want {
			t.Errorf("esc %d ends a filter: %v", i+1, got)
		}
	}
	if len(v.shown) != len(lines) {
		t.Errorf("%d lines without filters", len(v.shown))
	}
}

func TestFieldsOfALine(t *testing.T) {
	for msg, want := range map[string]string{
		`updated 5 ticket=5 changes=queue Raw, priority 5`: "key=value [{msg updated 5} {ticket 5} {changes queue Raw, priority 5}]",
		`copied rows=50 took=8ms`:                          "key=value [{msg copied} {rows 50} {took 8ms}]",
		`x msg="a \"b\" c" n=1`:                            `key=value [{msg x} {msg a "b" c} {n 1}]`,
		`got {"id": 7, "tags": ["a"], "s": "two\nlines"}`:  `JSON [{msg got} {id 7} {tags ["a"]} {s two lines}]`,
		`{"broken": `:       "plain text []",
		`plain words (a=b)`: "plain text []",
		`url http://x/?a=b`: "plain text []",
		`="" =x y=`:         `key=value [{msg ="" =x} {y }]`,
	} {
		f, form := fieldsOf(msg)
		if got := fmt.Sprintf("%s %v", form, f); got != want {
			t.Errorf("%s: %s, want %s", msg, got, want)
		}
	}
}

// TestTimeForms: each line says its time in the form asked for.
func TestTimeForms(t *testing.T) {
	v := NewLogView(false)
	v.plain, v.zone = true, time.FixedZone("x", 2*3600)
	v.Resize(70, 5)
	v.Append([]orchestrator.LogLine{{Seq: 1, At: now, Level: "info", Msg: "one"}, {Seq: 2, At: now.Add(90 * time.Second), Level: "info", Msg: "two"}})
	at := now.UTC().Add(90 * time.Second)
	for _, want := range []string{
		at.Format("15:04:05.000") + " I two", at.Add(2*time.Hour).Format("15:04:05.000") + " I two", " 10s I two", " +1m30s I two", " I two",
	} {
		c := part.NewCanvas(70, 5, false)
		v.Draw(c, false, now.Add(100*time.Second))
		if got := strings.TrimRight(c.Lines()[1], " "); !strings.HasSuffix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		v.ToggleClock()
	}
	if v.clock != clockUTC {
		t.Error("the forms do not go round")
	}
}
