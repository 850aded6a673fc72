package config

import (
	"context"
	"net/url"
	"strings"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
)

// readNotifications reads who is told of what. runners are for the names and tags that a notification picks.
func (c *checker) readNotifications(v *value, runners []*runnerDraft) []Notification {
	var out []Notification
	first := map[string]*value{}
	for _, item := range c.listOf(v, "notifications") {
		o := c.object(item, "a notification", notificationKeys())
		if o == nil {
			continue
		}
		n := Notification{Pos: c.pos(item)}
		name := o.get("name")
		n.Name, _ = c.nameOf(name)
		switch {
		case name == nil:
			c.at(item).expect("name: ...").errorf("the notification has no name")
		case first[n.Name] != nil:
			c.at(name).expect("a name of its own for every notification").
				errorf("notification %s is given twice, first in line %d", name.quoted(), first[n.Name].line)
		}
		first[n.Name] = name
		n.On = c.readKinds(item, o.get("on"))
		n.Runners = c.runnersNamed(o.get("runners"), runners)
		known := tagsOfRunners(runners)
		for _, tag := range c.textsOf(o.get("tags")) {
			c.knownTag(tag, known)
			n.Tags = append(n.Tags, tag.text)
		}
		c.readDelivery(o, &n)
		n.Timeout, _ = c.durationOf(o.get("timeout"), false)
		o.finish()
		out = append(out, n)
	}
	return out
}

func (c *checker) readKinds(item, v *value) []string {
	var out []string
	list := c.textsOf(v)
	if len(list) == 0 && (v == nil || v.kind == kindList) {
		at := item
		if v != nil {
			at = v
		}
		c.at(at).expect("on: one or some of %s", listing(notificationWords())).errorf("the notification does not say what it tells of")
	}
	for _, kind := range list {
		if w := c.wordOf(kind, notificationWords(), "kind of event"); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// runnersNamed gives the ids of runners that are named by id or alias.
func (c *checker) runnersNamed(v *value, runners []*runnerDraft) []string {
	byName := map[string]string{}
	ids := make([]string, len(runners))
	for i, r := range runners {
		for _, alias := range r.aliases {
			byName[alias] = r.id
		}
		ids[i] = r.id
	}
	for _, id := range ids {
		byName[id] = id
	}
	var out []string
	for _, name := range c.textsOf(v) {
		id, ok := byName[name.text]
		if !ok {
			c.at(name).expect("one of the runners: %s", listing(ids)).near(name.text, ids).errorf("there is no runner %s", name.quoted())
			continue
		}
		out = append(out, id)
	}
	return out
}

// readDelivery reads the way out: exactly one.
func (c *checker) readDelivery(o *object, n *Notification) {
	web, command := o.get("http"), o.get("command")
	if (web == nil) == (command == nil) {
		c.at(o.v).expect("http: ... or command: [...]").errorf("the notification needs one way out: http or command")
	}
	for _, arg := range c.textsOf(command) {
		n.Command = append(n.Command, arg.text)
	}
	if command != nil && (len(n.Command) == 0 || strings.TrimSpace(n.Command[0]) == "") {
		c.at(command).expect("a program and its arguments").errorf("command is empty")
	}
	if web == nil {
		return
	}
	address := web
	if web.kind == kindMap {
		w := c.object(web, "http", httpKeys())
		address = w.get("url")
		n.Headers = c.readHeaders(w.get("headers"))
		w.finish()
		if address == nil {
			c.at(web).expect("url: https://...").errorf("http has no url")
			return
		}
	}
	text, ok := c.fromEnv(address)
	if !ok {
		return
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		c.at(address).expect("https://host/path, or http").errorf("%s is no address to post to", address.quoted())
	}
	n.URL = text
}

func (c *checker) readHeaders(v *value) map[string]string {
	out := map[string]string{}
	for _, f := range c.mapOf(v, "headers by name, such as {Authorization: \"Bearer …\"}") {
		secret := secretName.MatchString(f.key.text) || strings.EqualFold(f.key.text, "authorization")
		f.val.hidden = f.val.hidden || secret
		text, ok := c.fromEnv(f.val)
		switch {
		case !ok:
		case f.key.text == "" || strings.ContainsFunc(f.key.text, notToken):
			c.at(f.key).expect("letters, digits and -").errorf("%s is no name of a header", f.key.quoted())
		case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			c.at(f.val).expect("one line without control characters").errorf("header %s has a value that cannot be sent", f.key.quoted())
		default:
			out[f.key.text] = text
			if secret && text != "" {
				c.secrets = append(c.secrets, text)
			}
		}
	}
	return out
}

// notToken says whether a character may not stand in a header's name (RFC 9110, 5.6.2).
func notToken(r rune) bool {
	letter := r|0x20 >= 'a' && r|0x20 <= 'z'
	return !letter && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// fromEnv gives a text, rendered when it is a template: it sees the environment and nothing else. What a template gave may
// be a secret and is kept out of history, screens and logs.
func (c *checker) fromEnv(v *value) (string, bool) {
	s, ok := c.textOf(v)
	if !ok || !pipe.HasTemplate(s) {
		return s, ok
	}
	t := &templates{c: c}
	before := len(c.problems)
	t.check(v)
	if len(c.problems) > before {
		return "", false
	}
	compiled, err := c.opts.Renderer.Compile(s)
	if err != nil {
		return "", false // reported by check
	}
	//nolint:forbidigo // no caller's context reaches Parse, and a template of the environment is bounded and does no I/O
	out, err := compiled.Render(context.Background(), render.Scope{Env: c.env})
	if err != nil {
		c.at(v).expect("a template that reads the environment only").errorf("the template gives no value: %s", err)
		return "", false
	}
	if out.Text != "" {
		c.secrets = append(c.secrets, out.Text)
	}
	return out.Text, true
}
