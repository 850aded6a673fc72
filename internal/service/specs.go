// Package service knows the types of services, ticket systems and classifiers, and opens the configured ones.
package service

import (
	"context"
	"path/filepath"

	"github.com/openticketai/otai-tui/internal/classify/rules"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket/desk"
)

// Spec describes one type of service.
type Spec struct {
	Name    string    // canonical: "otobo-znuny:OTOBOZnunyTicketSystemService"
	Aliases []string  // other bare spellings
	Kind    pipe.Kind //
	Doc     string    // one sentence for docs and schema
	Params  any       // pointer to a zero struct, as in pipe.Spec; nil = no parameters
	Remote  bool      // reaches over the network; --desk replaces it, so its parameters require no secret

	label string // for people: "OTOBO/Znuny"
	open  func(ctx context.Context, s *Set, p pipe.Params) (any, error)
	// lacks says what keeps a remote service with these raw parameters from being used, "" = nothing; nil = never anything.
	lacks func(raw map[string]any) string
}

// Specs gives all types of services.
func Specs() []*Spec {
	return append([]*Spec{
		{
			Name: "desk:DeskTicketSystem", Aliases: []string{"embedded", "desk"}, Kind: pipe.KindTicketSystem, label: "embedded desk",
			Doc: "The embedded ticket system, in one SQLite file.", Params: &deskParams{}, open: openDesk,
		},
		{
			Name: "rules:RulesClassificationService", Aliases: []string{"rules"}, Kind: pipe.KindClassifier, label: "rules",
			Doc: "Classifies by weighted words and patterns; without labels by built-in ones.", Params: &rules.Config{}, open: openRules,
		},
		{
			Name: "base:JinjaRenderer", Kind: pipe.KindRenderer, label: "template renderer",
			Doc: "Accepted for Open Ticket AI configurations; templates are always rendered by the engine itself.",
		},
		{
			Name: "otobo-znuny:OTOBOZnunyTicketSystemService", Aliases: []string{"OToboZnunyTicketSystemService"}, Remote: true,
			Kind: pipe.KindTicketSystem, label: "OTOBO/Znuny", Params: &otoboParams{}, open: openOtobo,
			Doc: "OTOBO or Znuny through its generic interface.",
		},
		{
			Name: "zammad:ZammadTicketsystemService", Aliases: []string{"ZammadTicketSystemService"}, Remote: true,
			Kind: pipe.KindTicketSystem, label: "Zammad", Params: &zammadParams{}, open: openZammad,
			Doc: "Zammad through its REST interface.",
		},
	}, remoteClassifiers()...)
}

// Lookup finds a type by any spelling of its name: canonical, bare, an alias, and with the prefixes that upstream's
// releases used, such as "open_ticket_ai.otobo_znuny_plugin:".
func Lookup(use string) (*Spec, bool) {
	names := pipe.NewNames("core", "core.template_rendering")
	byName := map[string]*Spec{}
	for _, s := range Specs() {
		if err := names.Add(s.Name, s.Aliases...); err != nil {
			return nil, false // two types with one name: a test holds that there are none
		}
		byName[s.Name] = s
	}
	canonical, ok := names.Lookup(use)
	return byName[canonical], ok
}

type deskParams struct {
	Path   string   `param:"path" doc:"file of the desk; default desk.db in the state directory, relative paths start there"`
	Author string   `param:"author" default:"Open Ticket AI" doc:"who is named in notes and history"`
	Strict bool     `param:"strict_queues" doc:"refuse queues, priorities and states that are not there yet"`
	Queues []string `param:"queues" doc:"queues to create when missing"`
}

func openDesk(ctx context.Context, s *Set, p pipe.Params) (any, error) {
	var o deskParams
	if err := p.Bind(ctx, &o); err != nil {
		return nil, err
	}
	path := s.o.Desk
	if o.Path != "" {
		path = o.Path
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(s.o.Desk), path)
		}
	}
	return desk.Open(ctx, path, desk.Options{Author: o.Author, StrictQueues: o.Strict, Queues: o.Queues, Clock: s.o.Clock})
}

func openRules(ctx context.Context, _ *Set, p pipe.Params) (any, error) {
	var o rules.Config
	if err := p.Bind(ctx, &o); err != nil {
		return nil, err
	}
	return o.Classifier()
}
