package ui_test

import (
	"testing"

	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func keyed(t *testing.T, m *action.Keymap) *uitest.Driver {
	t.Helper()
	return uitest.Drive(t, uitest.New(uitest.Tickets()), func(o *ui.Options) {
		o.Settings = func() ui.Settings { return ui.Settings{Keys: *m, Env: "prod", Danger: true} }
	})
}

// TestKeysInForce: footer, help, palette and texts name the keys of the configuration; the old ones do nothing.
func TestKeysInForce(t *testing.T) {
	m := action.Keymap{"pipe.fire": {"z"}, "app.help": {"f1"}, "pipe.pause": {}, "pipes.resort": {";"}}
	d := keyed(t, &m).Sees("prod · helpdesk", "z fire", "f1 help").Lacks("t fire", "p pause", "? help")
	d.At("dedupe").Press("t").Lacks("fire dedupe now?").Press("z").Sees("fire dedupe now?").Press("n", "p").Did()
	d.Press("f1").Sees(":pause", "z ").Press("f1").Lacks("MOVE").Press(":").Type("fire").Sees("z").Press("esc", "esc")
	d.Press(":").Type("pause dedupe").Press("enter").Did(`pause dedupe by kim reason ""`)
}

// TestReloadTakesKeys: a reload brings the new keys without a restart.
func TestReloadTakesKeys(t *testing.T) {
	m := action.Keymap{}
	d := keyed(t, &m).Sees("t fire")
	m = action.Keymap{"pipe.fire": {"z"}}
	e := uitest.Tickets().Snapshot.Engine
	e.ConfigHash = "another"
	d.Fake.Hub.Engine(e)
	d.Live().Sees("z fire").Lacks("t fire")
}

// TestViewersOnlyLook: with the role view nothing acts by key, palette or typed line, and each says why.
func TestViewersOnlyLook(t *testing.T) {
	d := uitest.Drive(t, uitest.New(uitest.Promises()), func(o *ui.Options) { o.Role = "view" })
	d.Sees("view · ! conf", "t fire").At("sentiment")
	for _, k := range []string{"t", "T", "p", "P", "r", "R", "x", "B"} {
		d.Press(k).Sees("needs role ops (you are view)")
	}
	d.Press("6", "d").Sees("needs role admin (you are view)").Press("1")
	for _, line := range []string{"pause engine", "pause tag tickets 1h", "fire sentiment", "pause sentiment", "resume engine", "drain"} {
		d.Press(":").Type(line).Sees("(you are view)").Press("enter").Sees("(you are view)").Press("esc", "esc")
	}
	d.Press("y").Did()
}

// TestOperatorsLeaveTheEngineAlone: ops act on pipes, not on the engine as a whole.
func TestOperatorsLeaveTheEngineAlone(t *testing.T) {
	d := uitest.Drive(t, uitest.New(uitest.Promises()), func(o *ui.Options) { o.Role = "ops" })
	d.Press("6", "d").Sees("needs role admin (you are ops)").Press("c").Sees("needs role admin").Press("1").At("dedupe").Press("p").Did(`pause dedupe by kim reason ""`)
	d.Press(":").Type("pause engine").Press("enter").Sees("needs role admin").Did(`pause dedupe by kim reason ""`)
}
