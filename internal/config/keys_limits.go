package config

func limitsKeys() []key {
	return []key{
		{"tags", "counts", "Most runs at once of the runners with a tag, by tag.", ""},
		{"resources", "resourceMap", "What runs share, such as a ticket system's API, by name.", ""},
	}
}

func resourceKeys() []key {
	return []key{
		{"max", "whole", "Most weight in use at once; 0 = no bound.", "0"},
		{"rate", "rate", "Most starts of runs in a time: 10/s, 100/min, 5/10s, or {runs, per}.", "none"},
		{"burst", "whole", "Starts that may come at once after a quiet time.", "the rate's runs"},
		{"breaker", "breaker", "Circuit breaker: failures that make the resource's runs wait.", "none"},
	}
}

func rateKeys() []key {
	return []key{
		{"runs", "whole", "Most starts of runs.", ""},
		{"per", "duration", "In this time.", "1 s"},
	}
}

func breakerKeys() []key {
	return []key{
		{"failures", "whole", "Failed steps in a row that open it.", ""},
		{"open_for", "duration", "Then one run is let through to try.", "60 s"},
	}
}

func calendarKeys() []key {
	return []key{
		{"timezone", "text", "IANA time zone of the entries.", "UTC"},
		{"entries", "texts", "Dates, ranges of dates (2026-12-24..2026-12-26), cron expressions for whole minutes (* * * * sat,sun).", ""},
	}
}

func notificationKeys() []key {
	return []key{
		{"name", "text", "Its name, unique.", ""},
		{"on", "kinds", "Events it tells of.", ""},
		{"runners", "texts", "Only of these runners.", "all"},
		{"tags", "texts", "Only of runners with one of these tags.", "all"},
		{"http", "http", "POST of the event as JSON: a URL, or {url, headers}.", ""},
		{"command", "texts", "Program and arguments; the event is JSON on its input, and OTAI_ variables.", ""},
		{"timeout", "duration", "Longest time of one delivery.", "10 s"},
	}
}

func httpKeys() []key {
	return []key{
		{"url", "text", "http or https; may hold templates that read the environment.", ""},
		{"headers", "headers", "Further headers, by name; values may hold templates that read the environment.", ""},
	}
}
