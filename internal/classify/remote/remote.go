// Package remote is what all classifiers behind an HTTP address share: bounded text, timeouts, bounded parallel calls,
// error classes, label maps and a cache. The packages tei, hf, openai and vllm add the shape of a question and its answer.
//
// A call is sent once: trying again is the engine's work, which remembers attempts over a restart. What the other side
// says about waiting reaches it in the error.
package remote

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/link"
)

// Defaults of Options.
const (
	DefaultTimeout   = 60 * time.Second
	DefaultMaxChars  = 8000
	DefaultParallel  = 4
	DefaultCacheSize = 1000
)

// Options of a remote classifier.
type Options struct {
	Name      string            // kind of server, for messages: "TEI"
	URL       string            // base address, http or https; "{model}" stands for the model's name
	URLs      map[string]string // base address per model, for servers that hold one model each; nil = URL for all
	Model     string            // model where a request names none; "" = the server's own
	Token     string            // sent as bearer token; "" = none; never shown
	Timeout   time.Duration     // of one call, waiting for a free place not counted; 0 = DefaultTimeout
	MaxChars  int               // characters of a text that are sent; 0 = DefaultMaxChars
	Parallel  int               // calls at a time; 0 = DefaultParallel
	Link      link.Options      // rate and circuit breaker; Parallel is the one above
	Batch     int               // texts in one call, where the server takes several; 0 = DefaultBatch
	CacheSize int               // answers kept; 0 = DefaultCacheSize, below 0 = none
	LabelMap  map[string]string // label of the model -> our name; labels with one name are added up
	// OneModel says that URL serves Model and no other: a request for another model is refused, not answered wrongly.
	OneModel bool
	Client   *http.Client // nil = an own one
}

// Query is one text on its way to the server.
type Query struct {
	Text  string // cleaned and cut
	Model string // "" = the server's own
}

// Answer is what a server said, with the labels of the model.
type Answer struct {
	Scores       []classify.Score // in any order, at least one
	Model        string           // as the server names it; "" = as asked
	Uncalibrated bool             // see classify.Result
}

// Protocol is the shape of a server's questions and answers. Implementations are safe for concurrent use.
type Protocol interface {
	Ask(ctx context.Context, c *Call, q Query) (Answer, error)
}

// Classifier asks one server. Its cache has a lock of its own; everything else is fixed when it is made.
type Classifier struct {
	o        Options
	protocol Protocol
	client   *http.Client
	own      bool       // client is ours to close
	link     *link.Link // every question goes through it
	cache    *cache
}

var _ classify.Classifier = (*Classifier)(nil)

// New checks the options and makes a classifier. The server is not reached.
func New(o Options, p Protocol) (*Classifier, error) {
	if o.URL == "" && len(o.URLs) == 0 {
		return nil, fault.Permanentf("url is missing: give the address of %s", o.Name)
	}
	for model, address := range o.URLs {
		if err := checkURL(address); err != nil {
			return nil, fault.Permanentf("address of model %s: %w", model, err)
		}
	}
	if o.URL != "" {
		if err := checkURL(strings.ReplaceAll(o.URL, modelMark, "m")); err != nil {
			return nil, fault.NewPermanent(err)
		}
	}
	if o.MaxChars < 0 || o.Parallel < 0 || o.Timeout < 0 || o.Batch < 0 {
		return nil, fault.Permanentf("timeout, max_chars, parallel and batch must not be negative")
	}
	if strings.ContainsAny(o.Token, "\r\n\x00") {
		return nil, fault.Permanentf("the token holds a line end; is it cut out of a file with one at its end?")
	}
	o.Timeout = or(o.Timeout, DefaultTimeout)
	o.MaxChars = or(o.MaxChars, DefaultMaxChars)
	o.Parallel = or(o.Parallel, DefaultParallel)
	o.Batch = or(o.Batch, DefaultBatch)
	o.CacheSize = or(o.CacheSize, DefaultCacheSize)
	o.Link.Parallel = o.Parallel
	l, err := link.New(o.Link)
	if err != nil {
		return nil, err
	}
	c := &Classifier{o: o, protocol: p, client: o.Client, link: l, cache: newCache(o.CacheSize)}
	if c.client == nil {
		c.client, c.own = newClient(o.Parallel), true
	}
	return c, nil
}

func or[T int | time.Duration](v, fallback T) T {
	if v == 0 {
		return fallback
	}
	return v
}

// newClient makes a client that keeps connections for its parallel calls and follows no redirects: a token must not
// wander to another host, and a redirected POST becomes a GET.
func newClient(parallel int) *http.Client {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: parallel, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Classify asks the server for the text, or gives a kept answer.
func (c *Classifier) Classify(ctx context.Context, r classify.Request) (classify.Result, error) {
	q := Query{Text: Clean(r.Text, c.o.MaxChars), Model: c.modelOf(r)}
	if q.Text == "" {
		return classify.Result{}, fault.Permanentf("%s: the text is empty", c.o.Name)
	}
	token := c.tokenOf(r)
	base, err := c.address(q.Model)
	if err != nil {
		return classify.Result{}, err
	}
	key := keyOf(q.Model, token, q.Text)
	if kept, ok := c.cache.get(key); ok {
		return kept, nil
	}
	result, err := c.ask(ctx, &Call{c: c, base: base, token: token, texts: []string{q.Text}}, q)
	if err != nil {
		return classify.Result{}, fmt.Errorf("%s at %s: %w", c.o.Name, shown(base), err)
	}
	c.cache.put(key, result)
	return result, nil
}

func (c *Classifier) modelOf(r classify.Request) string { return cmp.Or(r.Model, c.o.Model) }

func (c *Classifier) tokenOf(r classify.Request) string { return cmp.Or(r.APIToken, c.o.Token) }

// placed does f when the link lets it, within the time for a call.
func (c *Classifier) placed(ctx context.Context, f func(ctx context.Context) error) error {
	return c.link.Do(ctx, func(ctx context.Context) error {
		timeout := fault.NewTimeout(fmt.Errorf("no answer within %s", c.o.Timeout))
		ctx, cancel := context.WithTimeoutCause(ctx, c.o.Timeout, timeout)
		defer cancel()
		return f(ctx)
	})
}

func (c *Classifier) ask(ctx context.Context, call *Call, q Query) (classify.Result, error) {
	var answer Answer
	err := c.placed(ctx, func(ctx context.Context) error {
		var err error
		answer, err = c.protocol.Ask(ctx, call, q)
		return err
	})
	if err != nil {
		return classify.Result{}, err
	}
	return c.result(answer, q.Model)
}

// result checks an answer and gives it our labels.
func (c *Classifier) result(answer Answer, model string) (classify.Result, error) {
	scores, err := normal(answer.Scores, c.o.LabelMap)
	if err != nil {
		return classify.Result{}, err
	}
	return classify.Result{
		Label: scores[0].Label, Confidence: scores[0].Confidence, Scores: scores, Model: cmp.Or(answer.Model, model),
		Uncalibrated: answer.Uncalibrated,
	}, nil
}

// Health says how the server does.
func (c *Classifier) Health() link.Health { return c.link.Health() }

// Describe says which server it is.
func (c *Classifier) Describe() string {
	if c.o.URL == "" {
		return fmt.Sprintf("%s for %d models", c.o.Name, len(c.o.URLs))
	}
	return c.o.Name + " " + strings.ReplaceAll(shown(c.o.URL), url.PathEscape(modelMark), modelMark)
}

// Close ends idle connections.
func (c *Classifier) Close() error {
	if c.own {
		c.client.CloseIdleConnections()
	}
	return nil
}

var _ io.Closer = (*Classifier)(nil)
