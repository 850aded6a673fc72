package config

func runnerKeys() []key {
	return []key{
		{"pipe_id", "text", "Name of the runner on every screen and command.", "the pipe's id, else its type"},
		{"pipe", "pipe", "What runs.", ""},
		{"interval_seconds", "seconds", "Runs every so many seconds; 0.5 and \"5m\" work too.", ""},
		{"cron", "text", "Runs by a cron expression of 5 or 6 fields.", ""},
		{"timezone", "text", "IANA time zone of cron, at, start and end, such as Europe/Berlin.", "UTC"},
		{"enabled", "bool", "false = listed, never due; can be fired by hand.", "true"},
		{"tags", "texts", "Words to filter by, to pause by and to limit by.", ""},
		{"timeout_seconds", "seconds", "Longest time of one run with its retries; 0 = none.", "0"},
		{"catchup", "catchup", "Ticks that passed while the engine could not run them: latest, all or skip.", "latest"},
		{"catchup_window", "seconds", "Ticks older than this are not caught up.", "24 h"},
		{"catchup_max", "whole", "With catchup: all, most ticks that run late.", "100"},
		{"start_deadline", "seconds", "A tick that could not start within it is missed; 0 = none.", "0"},
		{"pause_after_failures", "whole", "Failed runs in a row after which the runner is paused; 0 = never.", "0"},
		{"resume_after", "seconds", "How long that pause lasts; 0 = until an operator resumes it.", "0"},
		{"description", "text", "One sentence for the console.", ""},
		{"run", "pipe", "Other word for pipe, beside on.", ""},
		{"on", "triggers", "Triggers, one or a list.", ""},
		{"triggers", "triggers", "Open Ticket AI 0.x: other word for on.", ""},
		{"run_every_milli_seconds", "whole", "Open Ticket AI 0.x: runs every so many milliseconds.", ""},
		{"at", "texts", "Runs once, at this time; or a list of times.", ""},
		{"every_after_completion", "seconds", "Runs so long after the end of its last run.", ""},
		{"after", "afters", "Runs when a run of another runner has ended.", ""},
		{"watch", "watches", "Runs when this file, or an entry of this directory, has changed.", ""},
		{"webhook", "webhook", "Runs when a request comes from outside.", ""},
		{"anchor", "text", "First tick of the interval, and the phase of all others.", "start, else when the runner was first seen"},
		{"dst", "dst", "A cron's fixed hours that the clock skips: run_once (after the gap) or skip.", "run_once"},
		{"exclude", "texts", "Calendars, dates, ranges of dates and cron expressions whose times are left out.", ""},
		{"start", "text", "First moment of the runner's timetable.", "none"},
		{"end", "text", "Last moment of the runner's timetable; a date is that whole day.", "none"},
		{"jitter", "seconds", "A tick starts up to this much later, by a fixed hash, never behind the next tick.", "0"},
		{"max_runs", "whole", "Most runs each trigger makes; 0 = no bound.", "0"},
		{"overlap", "overlap", "What becomes of a tick while the runner still runs.", "skip"},
		{"queue_max", "whole", "Most runs of it that wait at once; further ticks are dropped.", "100"},
		{"max_parallel_runs", "whole", "Most runs of it at once, with overlap: allow_all; 0 = no bound of its own.", "0"},
		{"priority", "whole", "1 (first) to 5: which runner's runs start first when slots are scarce.", "3"},
		{"resources", "weights", "Resources a run takes part of, by name, or name and weight.", ""},
		{"queue_timeout", "seconds", "A run that waited longer for its start is missed; 0 = none.", "0"},
		{"expect_success_within", "seconds", "No success for this long is an alarm; 0 = none.", "0"},
		{"dry_run", "bool", "Every run reads for real and writes nothing: what it would change is shown.", "false"},
		{"on_success", "handlers", "Steps that run after a run has completed.", ""},
		{"on_failure", "handlers", "Steps that run after a run has failed for good.", ""},
		{"on_cancel", "handlers", "Steps that run after a run was cancelled.", ""},
		{"on_crash", "handlers", "Steps that run after a run has crashed.", ""},
		{"on_exit", "handlers", "Steps that run last, after every end.", ""},
		{"settings", "settings", "Open Ticket AI 0.x: retry, timeout, tags, concurrency.", ""},
		{"id", "text", "Other name of the runner.", ""},
		{"use", "text", "Open Ticket AI 1.x: SimpleSequentialRunner.", ""},
		{"params", "any", "Open Ticket AI 1.x: may hold on and run.", ""},
		{"injects", "injects", "Services for all pipes of this runner.", ""},
	}
}

func triggerKeys() []key {
	return []key{
		{"id", "text", "Name of the trigger in history.", "its kind"},
		{"use", "text", "Type of the trigger; left out, the keys tell.", ""},
		{"params", "any", "May hold the keys below.", ""},
		{"injects", "any", "Open Ticket AI 1.x: accepted and not used.", ""},
		{"max_runs", "whole", "Most runs it makes; skipped and missed ticks do not count; 0 = no bound.", "the runner's"},
	}
}

// timingKeys are the further keys of triggers that have a timetable.
func timingKeys() []key {
	return []key{
		{"timezone", "text", "IANA time zone.", "the runner's, else UTC"},
		{"exclude", "texts", "Calendars, dates, ranges of dates and cron expressions whose times are left out.", "the runner's"},
		{"start", "text", "First moment.", "the runner's"},
		{"start_date", "text", "APScheduler's word for start.", ""},
		{"end", "text", "Last moment; a date is that whole day.", "the runner's"},
		{"end_date", "text", "APScheduler's word for end.", ""},
		{"jitter", "seconds", "A tick starts up to this much later, by a fixed hash, never behind the next tick.", "the runner's"},
	}
}

func intervalKeys() []key {
	return []key{
		{"interval", "duration", "ISO 8601 (PT5M), 0:05:00, 5m or seconds.", ""},
		{"milliseconds", "number", "Part of the interval.", "0"},
		{"seconds", "number", "Part of the interval.", "0"},
		{"minutes", "number", "Part of the interval.", "0"},
		{"hours", "number", "Part of the interval.", "0"},
		{"days", "number", "Part of the interval.", "0"},
		{"weeks", "number", "Part of the interval.", "0"},
		{"anchor", "text", "First tick, and the phase of all others.", "start, else when the trigger was first seen"},
	}
}

func cronTriggerKeys() []key {
	return []key{
		{"cron", "text", "A cron expression of 5 or 6 fields.", ""},
		{"expression", "text", "Other word for cron.", ""},
		{"dst", "dst", "Fixed hours that the clock skips: run_once (after the gap) or skip.", "the runner's, else run_once"},
		{"second", "scalar", "Field of APScheduler's CronTrigger.", "0"},
		{"minute", "scalar", "Field of APScheduler's CronTrigger.", ""},
		{"hour", "scalar", "Field of APScheduler's CronTrigger.", ""},
		{"day", "scalar", "Day of the month.", ""},
		{"month", "scalar", "Month, 1-12 or jan-dec.", ""},
		{"day_of_week", "scalar", "Day of the week, mon-sun or 0-6 with 0 = Monday.", ""},
	}
}

func atKeys() []key {
	return []key{
		{"at", "text", "When it runs, once: 2026-12-01 08:00 in timezone, or RFC 3339.", ""},
		{"run_date", "text", "APScheduler's word for at.", ""},
	}
}

func completionKeys() []key {
	return []key{{"every_after_completion", "duration", "How long after the end of the runner's last run.", ""}}
}

func afterKeys() []key {
	return []key{
		{"runner", "text", "The runner whose runs are followed.", ""},
		{"on", "afterOn", "Which ends count: completed, failed (or crashed), or any.", "completed"},
	}
}

func fileKeys() []key {
	return []key{
		{"path", "text", "A file, or a directory whose entries count; relative to the configuration's directory.", ""},
		{"debounce", "duration", "Quiet time after a change.", "1 s"},
		{"poll", "duration", "How often it is looked at where the system does not tell of changes.", "5 s"},
	}
}

func webhookKeys() []key {
	return []key{{"token_env", "text", "Environment variable that holds the token a request must bring.", "none needed"}}
}
