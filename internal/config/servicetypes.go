package config

import "github.com/openticketai/otai-tui/internal/service"

func (c *checker) serviceType(use string) (serviceType, bool) {
	s, ok := service.Lookup(use)
	if !ok {
		return serviceType{}, false
	}
	return serviceType{name: s.Name, kind: s.Kind, doc: s.Doc, params: s.Params}, true
}

func (c *checker) serviceTypeNames() []string {
	specs := service.Specs()
	out := make([]string, len(specs))
	for i, s := range specs {
		out[i] = s.Name
	}
	return out
}
