package screen

import "github.com/openticketai/otai-tui/internal/orchestrator"

// WhySame says why the runs with the same error cannot be shown; "" = they can, or all can be shown again.
func (s *Runs) WhySame() string {
	if s.group != "" {
		return ""
	}
	if run, ok := s.chosen(); !ok || !failed(run.State) {
		return "the run under the cursor has not failed"
	}
	return ""
}

// Same shows only the runs that failed as the one under the cursor did, or all again.
func (s *Runs) Same(Env) {
	if s.group != "" {
		s.group = ""
	} else if run, ok := s.chosen(); ok && failed(run.State) {
		s.group = orchestrator.ErrorKey(run.Error, run.ErrorClass)
	}
	s.again()
}
