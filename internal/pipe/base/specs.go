// Package base holds the built-in pipes, one file each. Specs is the only place where a new one is registered.
package base

import "github.com/openticketai/otai-tui/internal/pipe"

// Specs gives all built-in pipe types.
func Specs() []*pipe.Spec {
	return []*pipe.Spec{
		addNoteSpec(),
		batchClassificationSpec(),
		checkEscalationsSpec(),
		classificationSpec(),
		commandSpec(),
		compositeSpec(),
		createTicketSpec(),
		cronTriggerSpec(),
		expressionSpec(),
		fetchTicketsSpec(),
		httpSpec(),
		intervalTriggerSpec(),
		orchestratorSpec(),
		processTicketsSpec(),
		raisePrioritySpec(),
		reviewSpec(),
		runnerSpec(),
		selectSpec(),
		updateTicketSpec(),
		waitForApprovalSpec(),
	}
}

// The services that pipes are given, under upstream's names.
func needTicketSystem() pipe.Need {
	return pipe.Need{Name: "ticket_system", Kind: pipe.KindTicketSystem}
}

func needClassifier() pipe.Need {
	return pipe.Need{Name: "classification_service", Kind: pipe.KindClassifier}
}
