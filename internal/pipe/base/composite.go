package base

import (
	"context"
	"time"

	"github.com/openticketai/otai-tui/internal/pipe"
)

// compositeParams takes anything: a composite's parameters are there for its steps.
type compositeParams struct {
	Steps any            `param:"steps,raw" doc:"the pipes to run; may also stand beside params"`
	Rest  map[string]any `param:",rest,native" doc:"what its steps see as params.NAME and get_parent_param('NAME')"`
}

func compositeSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:CompositePipe", Composite: true, Params: &compositeParams{},
		Doc: "Runs its steps in order, or side by side with parallel: true; stops quietly at a step that says so.",
	}
}

type orchestratorParams struct {
	OrchestratorSleep time.Duration `param:"orchestrator_sleep" default:"PT0.01S" doc:"accepted: the engine waits for the next due time instead"`
	ExceptionSleep    time.Duration `param:"exception_sleep" default:"5" doc:"delay before a failed step is tried again"`
	AlwaysRetry       bool          `param:"always_retry" default:"true" doc:"false = a failed step is not tried again"`
	Steps             any           `param:"steps,raw" doc:"the runners"`
}

func orchestratorSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:SimpleSequentialOrchestrator", Composite: true, Params: &orchestratorParams{},
		Doc: "Open Ticket AI 1.x: holds the runners; read by the configuration, the engine schedules them.",
	}
}

type runnerParams struct {
	On  any `param:"on,raw" doc:"the trigger"`
	Run any `param:"run,raw" doc:"the pipe to run"`
}

func runnerSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:SimpleSequentialRunner", Composite: true, Params: &runnerParams{},
		Doc: "Open Ticket AI 1.x: a trigger and the pipe it runs; read by the configuration, the engine schedules it.",
	}
}

type intervalParams struct {
	Interval time.Duration `param:"interval,required" doc:"time between two runs"`
}

func intervalTriggerSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:IntervalTrigger", Params: &intervalParams{}, ReadOnly: true, New: newTrigger,
		Doc: "Makes a runner due in equal intervals; as a step it just succeeds.",
	}
}

type cronParams struct {
	Cron     string `param:"cron,required" alias:"expression" doc:"five or six fields, or @daily and the like"`
	Timezone string `param:"timezone" doc:"IANA name such as Europe/Berlin; empty = the machine's"`
}

func cronTriggerSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:CronTrigger", Params: &cronParams{}, ReadOnly: true, New: newTrigger,
		Doc: "Makes a runner due by a cron expression; as a step it just succeeds.",
	}
}

// newTrigger is a trigger used as a step: the moment has come, or it would not run.
func newTrigger() pipe.Pipe {
	return pipe.Func(func(ctx context.Context, _ *pipe.Call) (pipe.Result, error) {
		return pipe.Success("", nil), ctx.Err()
	})
}
