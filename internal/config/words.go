package config

import (
	"slices"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// The words below are what some keys may say. The first one is the default.

func catchupWords() []string {
	return []string{string(CatchupLatest), string(CatchupAll), string(CatchupSkip)}
}

func overlapWords() []string {
	return []string{
		string(OverlapSkip), string(OverlapBufferOne), string(OverlapBufferAll),
		string(OverlapCancelOther), string(OverlapTerminateOther), string(OverlapAllowAll),
	}
}

func dstWords() []string { return []string{"run_once", "skip"} }

func afterWords() []string { return []string{"completed", "failed", "any"} }

func ruleWords() []string {
	return []string{
		string(pipe.RuleAllSuccess), string(pipe.RuleAllDone), string(pipe.RuleOneFailed), string(pipe.RuleNoneFailed), string(pipe.RuleAlways),
	}
}

// retryClasses are the classes that a retry can help.
func retryClasses() []string {
	return []string{string(fault.Transient), string(fault.RateLimited), string(fault.Timeout)}
}

// notificationWords are the kinds of events a notification may ask for; see Notification.On.
func notificationWords() []string {
	return []string{
		"failed", "crashed", "missed", "dropped", "cancelled", "completed", "paused", "resumed", "overdue", "recovered", "degraded", "stuck",
		"approval", "review", "handlers", "circuit", "drained", "reload",
	}
}

// wordOf reads a text that has to be one of some words; what names it in messages.
func (c *checker) wordOf(v *value, words []string, what string) string {
	s, ok := c.textOf(v)
	if !ok {
		return ""
	}
	if !slices.Contains(words, s) {
		c.at(v).expect("%s", choice(words)).near(s, words).errorf("%s is no %s", v.quoted(), what)
		return ""
	}
	return s
}

// choice lists words as a sentence does: "latest, all or skip".
func choice(words []string) string {
	out := words[0]
	for i, w := range words[1:] {
		if i == len(words)-2 {
			out += " or " + w
		} else {
			out += ", " + w
		}
	}
	return out
}
