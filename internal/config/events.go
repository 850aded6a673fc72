package config

import (
	"path/filepath"
	"strings"
)

// The triggers below have no timetable: something else makes them due.

func (t *triggerList) afterCompletion(id string, v *value, own timing) {
	if d, ok := t.c.durationOf(v, false); ok {
		t.add(id, Trigger{Kind: TriggerAfterCompletion, AfterCompletion: d, MaxRuns: own.maxRuns})
	}
}

func (t *triggerList) readAfterCompletion(e *entry) {
	v := e.get("every_after_completion")
	if v == nil {
		t.c.at(e.v).expect("every_after_completion: 5m").errorf("the AfterCompletionTrigger has no time")
		return
	}
	t.afterCompletion(e.id, v, e.time)
}

// after reads a name, {runner, on}, or a list of those.
func (t *triggerList) after(id string, v *value, own timing) {
	switch {
	case v == nil:
	case v.kind == kindList:
		for _, item := range v.items {
			t.after(id, item, own)
		}
	case v.kind == kindMap:
		o := t.c.object(v, "after", afterKeys())
		t.addAfter(id, v, o.get("runner"), o.get("on"), own)
		o.finish()
	default:
		t.addAfter(id, v, v, nil, own)
	}
}

func (t *triggerList) readAfter(e *entry) {
	if v := e.get("after"); v != nil {
		t.after(e.id, v, e.time)
		return
	}
	t.addAfter(e.id, e.v, e.get("runner"), e.get("on"), e.time)
}

// addAfter names the trigger after its upstream, so that the order of a list does not matter.
func (t *triggerList) addAfter(id string, place, runner, on *value, own timing) {
	if runner == nil {
		t.c.at(place).expect("the name of a runner, or {runner: ..., on: completed}").errorf("after does not say which runner is followed")
		return
	}
	name, ok := t.c.nameOf(runner)
	if !ok {
		return
	}
	what := orElse(t.c.wordOf(on, afterWords(), "end of a run"), afterWords()[0])
	t.afters = append(t.afters, afterRef{len(t.out), runner})
	t.add(orElse(id, "after-"+name), Trigger{Kind: TriggerAfter, After: After{Runner: name, On: what}, MaxRuns: own.maxRuns})
}

// watch reads a path, {path, debounce, poll}, or a list of those.
func (t *triggerList) watch(id string, v *value, own timing) {
	switch {
	case v == nil:
	case v.kind == kindList:
		for _, item := range v.items {
			t.watch(id, item, own)
		}
	case v.kind == kindMap:
		o := t.c.object(v, "watch", fileKeys())
		t.addWatch(id, v, o.get, own)
		o.finish()
	default:
		t.addWatch(id, v, func(name string) *value {
			if name == "path" {
				return v
			}
			return nil
		}, own)
	}
}

func (t *triggerList) readFile(e *entry) {
	if v := e.get("watch"); v != nil {
		t.watch(e.id, v, e.time)
		return
	}
	t.addWatch(e.id, e.v, e.get, e.time)
}

func (t *triggerList) addWatch(id string, place *value, get func(string) *value, own timing) {
	c, w := t.c, FileWatch{}
	w.Debounce, _ = c.durationOf(get("debounce"), false)
	w.Poll, _ = c.durationOf(get("poll"), false)
	path := get("path")
	text, ok := c.textOf(path)
	if path == nil || ok && strings.TrimSpace(text) == "" {
		c.at(place).expect("the path of a file or directory").errorf("watch does not say what is watched")
		return
	}
	if !ok {
		return
	}
	var err error
	if w.Path = text; !filepath.IsAbs(text) {
		w.Path, err = filepath.Abs(filepath.Join(filepath.Dir(c.src.file), text))
	}
	if err != nil {
		c.at(path).expect("an absolute path").errorf("the directory of the configuration is not known: %s", err)
		return
	}
	w.Path = filepath.Clean(w.Path)
	t.add(id, Trigger{Kind: TriggerFile, FileWatch: w, MaxRuns: own.maxRuns})
}

// webhook reads true, false or {token_env}.
func (t *triggerList) webhook(id string, v *value, own timing) {
	switch {
	case v == nil:
	case v.kind == kindMap:
		o := t.c.object(v, "webhook", webhookKeys())
		t.addWebhook(id, o.get("token_env"), own)
		o.finish()
	case t.c.boolOf(v, false):
		t.addWebhook(id, nil, own)
	}
}

func (t *triggerList) readWebhook(e *entry) {
	token := e.get("token_env")
	if v := e.get("webhook"); v != nil && token == nil {
		t.webhook(e.id, v, e.time)
		return
	}
	t.addWebhook(e.id, token, e.time)
}

func (t *triggerList) addWebhook(id string, token *value, own timing) {
	name, _ := t.c.textOf(token)
	if _, set := t.c.env(name); name != "" && !set {
		t.c.at(token).expect("it in the environment or in .env").warnf("environment variable %s is not set: no request is let in", name)
	}
	t.add(id, Trigger{Kind: TriggerWebhook, Webhook: Webhook{TokenEnv: name}, MaxRuns: own.maxRuns})
}
