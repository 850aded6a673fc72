package engine

import (
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// Loaded is a configuration with all that its runs are given, checked and opened: what Options.Load gives.
type Loaded struct {
	Config   *config.Config
	Services Services
	Env      func(name string) (string, bool) // environment that templates see; nil = empty
	Notices  []string                         // as Options.Notices
	Secrets  []string                         // as Options.Secrets; those of earlier configurations stay secret
	// Close is called once, when the configuration was replaced and no run uses it any more, or when the engine has stopped. nil =
	// nothing to close.
	Close func()
}

// edition is a configuration in force, or one that was and that runs still use. A run keeps the edition it was claimed with, so
// that a reload changes nothing under it. The loop owns it; what runs read of it never changes.
type edition struct {
	cfg      *config.Config
	services Services
	env      func(name string) (string, bool)
	close    func()
	at       time.Time // when it was taken
	users    int       // live runs
}

func newEdition(n *Loaded, at time.Time) *edition {
	env := n.Env
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	return &edition{cfg: n.Config, services: n.Services, env: env, close: n.Close, at: at}
}

// ticketService gives the id under which the journal knows a ticket system: "" of a pipe means the only configured one.
func (ed *edition) ticketService(id string) string {
	if id != "" {
		return id
	}
	for name := range ed.cfg.Services {
		if ed.cfg.Services[name].Kind != pipe.KindTicketSystem {
			continue
		}
		if id != "" {
			return "" // there are several: nobody can be meant
		}
		id = name
	}
	return id
}

// pin gives a run the edition in force.
func (l *loop) pin(lv *live) {
	l.unpin(lv)
	lv.ed, lv.cfg = l.ed, lv.r.cfg
	lv.run.DryRun = lv.run.DryRun || lv.cfg.DryRun // never the other way: what began dry stays dry
	lv.ed.users++
}

// unpin takes a run's edition from it. The last run of an edition that was replaced closes it.
func (l *loop) unpin(lv *live) {
	ed := lv.ed
	if ed == nil {
		return
	}
	lv.ed = nil
	ed.users--
	l.retire(ed)
}

// retire closes an edition that was replaced, once no run uses it. Closing may take its time: it must not hold the loop up.
func (l *loop) retire(ed *edition) {
	if ed == l.ed || ed.users > 0 {
		return
	}
	delete(l.editions, ed)
	if ed.close != nil {
		l.e.closing.Go(ed.close)
	}
}

// renew gives a run that starts what is in force now, when that is safe: it has not begun yet, or its pipe's definition is the
// same. So the retry of a run that failed for a wrong password finds the new one. What began with another definition goes on with
// that, and with its services.
func (l *loop) renew(lv *live) {
	began := !lv.run.StartedAt.IsZero() || lv.again
	if lv.ed == l.ed || lv.r.gone || began && lv.cfg.Hash != lv.r.cfg.Hash {
		return
	}
	l.pin(lv)
	lv.run.Definition = lv.cfg.Hash
}

// closeEditions closes what is still open when the loop has ended.
func (l *loop) closeEditions() {
	for ed := range l.editions {
		if ed.close != nil {
			ed.close()
		}
	}
}
