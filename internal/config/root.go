package config

import (
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// read checks the whole tree and fills cfg. Nothing in cfg counts when problems were found.
func (c *checker) read(root *value, env environment, cfg *Config) {
	root.setPath("")
	body := c.body(root)
	if body == nil {
		return
	}
	c.override(body, env)
	body.setPath(body.path)
	o := c.object(body, "the configuration", bodyKeys())
	if o == nil {
		return
	}
	cfg.Logging = c.readLogging(o)
	cfg.Engine = c.readEngine(o.get("engine"))
	cfg.Console = c.readConsole(o.get("console"))
	c.readVersion(o.get("api_version"))
	o.get("plugins")
	c.readServices(o.get("services"), o.get("defs"))
	cfg.Services = c.services
	limits := o.get("limits")
	c.limits = c.readLimits(limits)
	c.readCalendars(o.get("calendars"))
	orchestrator := o.get("orchestrator")
	cfg.Dialect = dialectOf(body, orchestrator)
	drafts := c.readOrchestrator(body, orchestrator)
	c.checkTags(limits, drafts)
	cfg.Limits = c.limits
	cfg.Notify = c.readNotifications(o.get("notifications"), drafts)
	o.finish()
	cfg.Runners = c.build(drafts)
}

// body finds the map that holds the configuration: the root itself, or what stands under one of the root spellings.
// Keys that begin with _ or x- hold anchors and are passed over.
func (c *checker) body(root *value) *value {
	if root.kind != kindMap {
		c.at(root).expect("a map with the key orchestrator, or open_ticket_ai").errorf("the configuration is %s", root.kind)
		return nil
	}
	dropIgnored(root)
	var wrapper *field
	for i, f := range root.fields {
		for _, name := range rootNames() {
			if f.key.text != name {
				continue
			}
			if wrapper != nil {
				c.at(f.key).errorf("%q and %q mean the same; give one of them", wrapper.key.text, name)
				return nil
			}
			wrapper = &root.fields[i]
		}
	}
	if wrapper == nil {
		return root
	}
	for _, f := range root.fields {
		if f.key != wrapper.key {
			c.at(f.key).expect("everything under %s, or names that begin with _ or x-", wrapper.key.text).
				near(f.key.text, rootNames()).errorf("unknown key %q beside %s", f.key.text, wrapper.key.text)
		}
	}
	switch wrapper.val.kind {
	case kindMap:
		dropIgnored(wrapper.val)
		return wrapper.val
	case kindNull:
		c.at(wrapper.key).expect("a map with the key orchestrator").errorf("%s is empty", wrapper.key.text)
	default:
		c.at(wrapper.val).expect("a map with the key orchestrator").errorf("%s is %s", wrapper.key.text, wrapper.val.kind)
	}
	return nil
}

func dropIgnored(v *value) {
	kept := v.fields[:0]
	for _, f := range v.fields {
		if !strings.HasPrefix(f.key.text, "_") && !strings.HasPrefix(f.key.text, "x-") {
			kept = append(kept, f)
		}
	}
	v.fields = kept
}

// dialectOf tells the dialects apart by shape. It only names them: every key of one dialect works in the others.
func dialectOf(body, orchestrator *value) Dialect {
	if orchestrator == nil {
		return DialectRunners
	}
	runners := orchestrator.get("runners")
	switch {
	case orchestrator.kind == kindList, body.get("general_config") != nil, body.get("defs") != nil:
		return DialectV0
	case runners == nil && orchestrator.kind == kindMap && len(orchestrator.fields) > 0:
		return DialectV1
	case runners != nil && len(runners.items) > 0:
		for _, r := range runners.items {
			if r.get("run_every_milli_seconds") != nil || r.get("triggers") != nil || r.get("settings") != nil {
				return DialectV0
			}
		}
	}
	return DialectRunners
}

func (c *checker) readEngine(v *value) Engine {
	e := Engine{Name: filepath.Base(c.src.file), DrainTimeout: 30 * time.Second}
	o := c.object(v, "engine", engineKeys())
	if s, ok := c.textOf(o.get("name")); ok {
		e.Name = s
	}
	e.MaxParallelRuns = int(c.wholeOf(o.get("max_parallel_runs"), 0, 0))
	if d, ok := c.durationOf(o.get("drain_timeout_seconds"), true); ok {
		e.DrainTimeout = d
	}
	const day = 24 * time.Hour
	e.Keep = Retention{
		Runs:      int(c.wholeOf(o.get("keep_runs"), 1, 1000)),
		Age:       time.Duration(c.wholeOf(o.get("keep_days"), 1, 90)) * day,
		FailedAge: time.Duration(c.wholeOf(o.get("keep_failed_days"), 1, 180)) * day,
		Bytes:     c.sizeOf(o.get("keep_bytes")),

		Decisions:   int(c.wholeOf(o.get("keep_decisions"), 1, 100_000)),
		DecisionAge: time.Duration(c.wholeOf(o.get("keep_decision_days"), 1, 365)) * day,
	}
	e.LogBytesPerRun = c.sizeOf(o.get("log_bytes_per_run"))
	e.JournalText = int(c.wholeOf(o.get("journal_text"), 0, 0))
	e.CancelGrace, _ = c.durationOf(o.get("cancel_grace"), false)
	e.Reload = c.boolOf(o.get("reload"), true)
	if o != nil {
		o.finish()
	}
	return e
}

var versionPattern = regexp.MustCompile(`^\s*(?:(?:===|~=|==|!=|<=|>=|<|>)?\s*v?\d+(?:\.(?:\d+|\*))*[A-Za-z0-9.+-]*\s*(?:,\s*|$))+$`)

func (c *checker) readVersion(v *value) {
	if s, ok := c.textOf(v); ok && !versionPattern.MatchString(s) {
		c.at(v).expect("a version or range such as \">=1.0.0\"").errorf("api_version %s is not a version range", v.quoted())
	}
}

// readLogging reads every place the dialects keep it in; the last one that sets something wins.
func (c *checker) readLogging(o *object) Logging {
	l := Logging{Level: "info"}
	for _, name := range []string{"general_config", "infrastructure"} {
		holder := c.object(o.get(name), name, infrastructureKeys())
		if holder == nil {
			continue
		}
		for _, passed := range []string{"pipe_classes", "template_renderer", "default_template_renderer"} {
			holder.get(passed)
		}
		c.readLevel(holder.get("logging_level"), &l)
		c.readLogger(holder.get("logging"), &l)
		dropIgnored(holder.v)
		holder.finish()
	}
	c.readLogger(o.get("logging"), &l)
	return l
}

func (c *checker) readLogger(v *value, l *Logging) {
	o := c.object(v, "logging", loggingKeys())
	if o == nil {
		return
	}
	c.readLevel(o.get("level"), l)
	if root := o.get("root"); root != nil && root.kind == kindMap {
		c.readLevel(root.get("level"), l)
	}
	for _, k := range loggingKeys()[5:] { // accepted as they are
		if k.name != "root" {
			o.get(k.name)
		}
	}
	if format := c.object(formatMap(o.get("format")), "format", formatKeys()); format != nil {
		format.get("message_format")
		format.get("date_format")
		format.finish()
	}
	for _, name := range []string{"handlers", "formatters", "loggers", "filters"} {
		if o.has(name) {
			c.at(v.keyOf(name)).warnf("handlers, formatters and loggers are Python's own: of this only root.level is used")
			break
		}
	}
	toFile := c.boolOf(o.get("log_to_file"), false)
	if path, ok := c.textOf(o.get("log_file_path")); ok && toFile {
		l.File = path
	} else if toFile && !o.has("file") {
		c.at(v.keyOf("log_to_file")).expect("log_file_path beside it").errorf("log_to_file is true without a file")
	}
	if path, ok := c.textOf(o.get("file")); ok {
		l.File = path
	}
	o.finish()
}

// formatMap passes over a format given as one text.
func formatMap(v *value) *value {
	if v != nil && v.kind == kindText {
		return nil
	}
	return v
}

func (c *checker) readLevel(v *value, l *Logging) {
	s, ok := c.textOf(v)
	if !ok {
		return
	}
	switch strings.ToLower(s) {
	case "debug", "info", "error":
		l.Level = strings.ToLower(s)
	case "warning", "warn":
		l.Level = "warn"
	case "critical", "fatal":
		l.Level = "error"
	default:
		levels := []string{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
		c.at(v).expect("one of %s", listing(levels)).near(s, levels).errorf("unknown log level %s", v.quoted())
	}
}
