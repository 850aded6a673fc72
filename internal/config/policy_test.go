package config_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
)

func TestPolicies(t *testing.T) {
	r, cfg := runner(t, "runners_policies.yml", "hourly-export")
	want := config.Policy{
		Catchup: config.CatchupAll, CatchupWindow: 12 * time.Hour, CatchupMax: 6, StartDeadline: 10 * time.Minute,
		PauseAfterFailures: 3, ResumeAfter: 30 * time.Minute,
	}
	if !reflect.DeepEqual(r.Policy, want) {
		t.Errorf("policy %+v, want %+v", r.Policy, want)
	}
	const day = 24 * time.Hour
	if keep := (config.Retention{Runs: 500, Age: 30 * day, FailedAge: 60 * day, Decisions: 100_000, DecisionAge: 365 * day}); cfg.Engine.Keep != keep {
		t.Errorf("retention %+v, want %+v", cfg.Engine.Keep, keep)
	}
}
