package remote

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
)

// modelMark in an address stands for the model's name.
const modelMark = "{model}"

// checkURL accepts http and https addresses. Its errors never show the address: it may hold a secret.
func checkURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return errors.New("url is not an http or https address")
	case u.User != nil:
		return errors.New("url must not hold a user or password; use api_token")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("url must not hold a query or fragment")
	default:
		return nil
	}
}

// address gives the base address for a model.
func (c *Classifier) address(model string) (string, error) {
	if address, ok := c.o.URLs[model]; ok {
		return address, nil
	}
	switch {
	case c.o.URL == "":
		return "", fault.Permanentf("%s: there is no address for model %q; configured are %s", c.o.Name, model,
			strings.Join(slices.Sorted(maps.Keys(c.o.URLs)), ", "))
	case strings.Contains(c.o.URL, modelMark):
		path, err := ModelPath(model)
		if err != nil {
			return "", err
		}
		return strings.ReplaceAll(c.o.URL, modelMark, path), nil
	case c.o.OneModel && model != c.o.Model && (c.o.Model != "" || len(c.o.URLs) > 0):
		return "", fault.Permanentf("%s: the address serves model %q, not %q; give the other's address under urls", c.o.Name, c.o.Model, model)
	default:
		return c.o.URL, nil
	}
}

// ModelPath gives a model's name ("org/name") as a path. Empty parts, "." and ".." are permanent errors: they would lead
// elsewhere on the server.
func ModelPath(model string) (string, error) {
	if model == "" {
		return "", fault.Permanentf("name a model: model of the service, or model_name of the pipe")
	}
	parts := strings.Split(model, "/")
	for i, p := range parts {
		if p == "" || p == "." || p == ".." {
			return "", fault.Permanentf("model %q is no model's name", model)
		}
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/"), nil
}

// shown is an address without what may be secret.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(address)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
