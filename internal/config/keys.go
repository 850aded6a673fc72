package config

// key is one key of the file: what readers of the schema and of docs/configuration.md see, and what strict reading
// knows. Shape is one of the words that schema.go understands.
type key struct {
	name, shape, doc, def string
}

func keyNames(keys []key) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.name
	}
	return out
}

// rootNames are the spellings of the root key, as upstream's settings accept them.
func rootNames() []string { return []string{"open_ticket_ai", "otai", "cfg"} }

func bodyKeys() []key {
	return []key{
		{"orchestrator", "orchestrator", "What runs and when.", ""},
		{"services", "services", "Ticket systems and classifiers, by id.", ""},
		{"engine", "engine", "Settings of the engine itself.", ""},
		{"console", "console", "What the console shows, and its keys.", ""},
		{"limits", "limits", "What bounds the runs that are under way at once: tags and resources.", ""},
		{"calendars", "calendars", "Named sets of days and times, for exclude.", ""},
		{"notifications", "notifications", "Who is told of what, by HTTP or a command.", ""},
		{"logging", "logging", "Level and file of the log.", ""},
		{"infrastructure", "infrastructure", "Open Ticket AI 1.x: holds logging.", ""},
		{"general_config", "infrastructure", "Open Ticket AI 0.x: holds logging; lists of anchors are passed over.", ""},
		{"defs", "any", "Open Ticket AI 0.x: services and reusable pieces for YAML aliases.", ""},
		{"api_version", "text", "Open Ticket AI 1.x: version of the configuration format; only checked for its form.", ""},
		{"plugins", "any", "Open Ticket AI: accepted and not used; every pipe type is built in.", ""},
	}
}

func engineKeys() []key {
	return []key{
		{"name", "text", "Name in the console's header.", "the file's name"},
		{"max_parallel_runs", "whole", "Runs at the same time, over all runners; 0 = two per processor core.", "0"},
		{"drain_timeout_seconds", "seconds", "How long a shutdown waits for running work.", "30"},
		{"keep_runs", "whole", "Newest rows of history kept for each runner.", "1000"},
		{"keep_days", "whole", "Days that ended runs are kept.", "90"},
		{"keep_failed_days", "whole", "Days that failed runs are kept, whatever keep_runs and keep_days say.", "180"},
		{"keep_decisions", "whole", "Newest decisions of classifiers kept for the quality figures, whatever becomes of their runs.", "100000"},
		{"keep_decision_days", "whole", "Days that decisions are kept.", "365"},
		{"keep_bytes", "size", "About how much history of one runner is kept, such as 50MiB; 0 = no bound.", "0"},
		{"journal_text", "whole", "Bytes of the text of written notes that the ticket journal keeps; 0 = none.", "0"},
		{"log_bytes_per_run", "size", "Most log of one run; beyond it the middle goes.", "10MiB"},
		{"cancel_grace", "seconds", "A cancelled step that has not returned by then is shown as stuck.", "10"},
		{"reload", "bool", "Watch the file, and take a new configuration when it is good.", "true"},
	}
}

func loggingKeys() []key {
	return []key{
		{"level", "level", "Least severe level that is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL.", "INFO"},
		{"file", "text", "File the log is also written to.", "none"},
		{"log_to_file", "bool", "Open Ticket AI 1.x: write to log_file_path.", "false"},
		{"log_file_path", "text", "Open Ticket AI 1.x: file of the log.", "none"},
		{"format", "any", "Open Ticket AI 1.x: Python's format; accepted, ours is --log-format.", ""},
		{"log_format", "text", "Open Ticket AI 1.x: Python's format; accepted, ours is --log-format.", ""},
		{"date_format", "text", "Open Ticket AI 1.x: Python's format; accepted, times are RFC 3339.", ""},
		{"version", "any", "Open Ticket AI 0.x: Python's logging.config; only root.level is used.", ""},
		{"disable_existing_loggers", "any", "Open Ticket AI 0.x: see version.", ""},
		{"handlers", "any", "Open Ticket AI 0.x: see version.", ""},
		{"formatters", "any", "Open Ticket AI 0.x: see version.", ""},
		{"filters", "any", "Open Ticket AI 0.x: see version.", ""},
		{"loggers", "any", "Open Ticket AI 0.x: see version.", ""},
		{"root", "any", "Open Ticket AI 0.x: its level is the level.", ""},
	}
}

func formatKeys() []key {
	return []key{
		{"message_format", "text", "Python's format; accepted and not used.", ""},
		{"date_format", "text", "Python's format; accepted and not used.", ""},
	}
}

func infrastructureKeys() []key {
	return []key{
		{"logging", "logging", "Level and file of the log.", ""},
		{"logging_level", "level", "Open Ticket AI 0.x: least severe level that is logged.", "INFO"},
		{"pipe_classes", "any", "Open Ticket AI 0.x: holds YAML anchors; not used itself.", ""},
		{"template_renderer", "any", "Open Ticket AI: accepted; there is one template renderer.", ""},
		{"default_template_renderer", "any", "Open Ticket AI: accepted; there is one template renderer.", ""},
	}
}

func orchestratorKeys() []key {
	return []key{
		{"runners", "runners", "The runners, in the order the console shows them.", ""},
		{"use", "text", "Open Ticket AI 1.x: SimpleSequentialOrchestrator.", ""},
		{"id", "text", "Open Ticket AI 1.x: accepted and not used.", ""},
		{"params", "orchestratorParams", "Open Ticket AI 1.x: may hold the keys below.", ""},
		{"injects", "any", "Open Ticket AI 1.x: accepted; services are named at the pipes.", ""},
		{"steps", "runners", "Open Ticket AI 1.x: SimpleSequentialRunners.", ""},
		{"orchestrator_sleep", "duration", "Open Ticket AI 1.x: pause between rounds; lower bound of every interval here.", "0"},
		{"exception_sleep", "duration", "Open Ticket AI 1.x: pause after an error; the retry delay here.", "30 s"},
		{"always_retry", "bool", "Open Ticket AI 1.x: false = no step is retried.", "true"},
	}
}

func settingsKeys() []key {
	return []key{
		{"retry", "retry", "Retry policy of the runner's pipe.", ""},
		{"timeout", "duration", "Longest time of one run.", "0"},
		{"tags", "texts", "Words to filter by.", ""},
		{"priority", "whole", "Accepted with a warning: it says no order that is known; a runner's own priority does.", ""},
		{"concurrency", "concurrency", "Runs at once, and what becomes of further ones: overlap and max_parallel_runs.", ""},
		{"retry_scope", "text", "Accepted with a warning: steps are retried one by one.", ""},
	}
}

func retryKeys() []key {
	return []key{
		{"attempts", "whole", "Retries after the first attempt.", "2"},
		{"delay", "duration", "Before the first retry.", "30 s"},
		{"max_delay", "duration", "Upper bound of one delay.", "10 min"},
		{"backoff_factor", "number", "Each delay is the one before times this, at least 1.", "2"},
		{"jitter", "bool", "Delays vary a little, so that what failed together does not come back together.", "true"},
	}
}

func concurrencyKeys() []key {
	return []key{
		{"max_workers", "whole", "Most runs of the runner at once.", "1"},
		{"when_exhausted", "text", "What becomes of a further tick: wait (or enqueue), or skip.", "wait"},
	}
}

// pipeKeys are the keys of every pipe that the pipe type does not define itself.
func pipeKeys() []key {
	return []key{
		{"id", "text", "Name of the step, unique among its siblings.", "the runner's pipe_id, else the type's name"},
		{"use", "use", "Pipe type.", "CompositePipe when there are steps"},
		{"params", "any", "Parameters; they may also stand directly beside use.", ""},
		{"injects", "injects", "Services: ticket_system, classification_service.", "the only one of its kind"},
		{"if", "template", "Runs only when this template gives something true.", ""},
		{"when", "template", "Other word for if.", ""},
		{"depends_on", "texts", "Sibling steps that must have ended as trigger_rule says.", ""},
		{"trigger_rule", "rule", "When it runs, by what became of the steps it depends on.", "all_success"},
		{"undo", "pipe", "Takes this step's work back when the run fails later; a pipe that sees the step's result.", ""},
		{"retries", "whole", "Further attempts after a failure.", "2, or as many as there are delays"},
		{"retry_delay_seconds", "delays", "Before the first retry; it doubles. A list gives the delays one by one, the last repeats.", "30"},
		{"backoff_coefficient", "number", "Each delay is the one before times this, at least 1.", "2"},
		{"max_delay_seconds", "seconds", "Upper bound of one delay.", "600"},
		{"retry_jitter", "bool", "false = delays are exact.", "true"},
		{"retry_on", "classes", "Only errors of these classes are retried: transient, rate_limited, timeout.", "all three"},
		{"timeout_seconds", "seconds", "Longest time of one attempt; 0 = none.", "0"},
	}
}

// compositeKeys are the further keys of composite pipes.
func compositeKeys() []key {
	return []key{
		{"steps", "pipes", "The pipes it runs, in order.", ""},
		{"parallel", "bool", "Steps that do not depend on each other run side by side.", "false"},
		{"for_each", "template", "Template that gives a list: the steps run once per item.", ""},
		{"as", "text", "Name of the item in templates.", "item"},
		{"key", "template", "Template for an item's name in step paths.", "its index"},
	}
}

func serviceKeys() []key {
	return []key{
		{"use", "serviceUse", "Service type.", ""},
		{"params", "any", "Parameters; they may also stand directly beside use.", ""},
		{"injects", "injects", "Accepted as upstream; services here need no others.", ""},
	}
}
