package remote_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/remote"
	"github.com/openticketai/otai-tui/internal/fault"
)

// echo is a protocol whose answers are Rows.
type echo struct{}

func (echo) Ask(ctx context.Context, c *remote.Call, q remote.Query) (remote.Answer, error) {
	var rows remote.Rows
	if err := c.Post(ctx, "/predict", map[string]string{"text": q.Text, "model": q.Model}, &rows); err != nil {
		return remote.Answer{}, err
	}
	scores, err := rows.One()
	return remote.Answer{Scores: scores}, err
}

const good = `[{"score":0.1,"label":"HR"},{"score":0.9,"label":"IT"}]`

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func open(t *testing.T, o remote.Options) *remote.Classifier {
	t.Helper()
	if o.Name == "" {
		o.Name = "test server"
	}
	c, err := remote.New(o, echo{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestStatus(t *testing.T) {
	date := time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
	for name, c := range map[string]struct {
		status  int
		body    string
		headers []string
		class   fault.Class
		after   [2]time.Duration // bounds
		says    string
	}{
		"TEI overloaded":     {429, `{"error":"Model is overloaded","error_type":"Overloaded"}`, nil, fault.RateLimited, [2]time.Duration{}, "Model is overloaded"},
		"retry after":        {429, "", []string{"Retry-After", "7"}, fault.RateLimited, [2]time.Duration{7 * time.Second, 7 * time.Second}, "429"},
		"retry after a date": {503, "", []string{"Retry-After", date}, fault.RateLimited, [2]time.Duration{80 * time.Second, 90 * time.Second}, "503"},
		"rate limit window":  {429, "", []string{"RateLimit", `"api";r=0;t=55`}, fault.RateLimited, [2]time.Duration{55 * time.Second, 55 * time.Second}, "429"},
		"requests remain":    {429, "", []string{"RateLimit", `"api";r=3;t=55`}, fault.RateLimited, [2]time.Duration{}, "429"},
		"HF loading": {
			503, `{"error":"Model X is currently loading","estimated_time":20.0}`, nil, fault.RateLimited,
			[2]time.Duration{20 * time.Second, 20 * time.Second},
			"currently loading",
		},
		"HF loading long":   {503, `{"error":"loading","estimated_time":86400}`, nil, fault.RateLimited, [2]time.Duration{5 * time.Minute, 5 * time.Minute}, ""},
		"plain 503":         {503, "Service Unavailable", nil, fault.Transient, [2]time.Duration{}, "503 Service Unavailable"},
		"Ollama busy":       {503, `{"error":{"message":"server busy, please try again","type":"api_error","code":null}}`, nil, fault.Transient, [2]time.Duration{}, "server busy"},
		"TEI backend":       {424, `{"error":"backend failed","error_type":"Backend"}`, nil, fault.Transient, [2]time.Duration{}, "backend failed"},
		"no body 401":       {401, "", nil, fault.Permanent, [2]time.Duration{}, "check api_token"},
		"no credits":        {402, "", nil, fault.Permanent, [2]time.Duration{}, "credits"},
		"forbidden":         {403, `{"error":"no permission"}`, nil, fault.Permanent, [2]time.Duration{}, "rights"},
		"Ollama no model":   {404, `{"error":{"message":"model \"x\" not found, try pulling it first"}}`, nil, fault.Permanent, [2]time.Duration{}, "try pulling it first"},
		"TEI too many":      {422, `{"error":"batch size 64 > maximum allowed 32","error_type":"Validation"}`, nil, fault.Permanent, [2]time.Duration{}, "maximum allowed"},
		"too large":         {413, "", nil, fault.Permanent, [2]time.Duration{}, "max_chars"},
		"redirect":          {302, "", []string{"Location", "http://elsewhere.example/"}, fault.Permanent, [2]time.Duration{}, "redirects"},
		"gateway":           {502, "<html>bad gateway</html>", nil, fault.Transient, [2]time.Duration{}, "502"},
		"not implemented":   {501, "", nil, fault.Permanent, [2]time.Duration{}, "501"},
		"request timeout":   {408, "", nil, fault.Transient, [2]time.Duration{}, "408"},
		"error inside 200":  {200, `{"error":"queue full"}`, nil, fault.Transient, [2]time.Duration{}, "queue full"},
		"HTML inside 200":   {200, "<html>sign in</html>", nil, fault.Permanent, [2]time.Duration{}, "right kind of server"},
		"empty list":        {200, "[]", nil, fault.Permanent, [2]time.Duration{}, "no label"},
		"raw scores":        {200, `[{"label":"IT","score":7.3}]`, nil, fault.Permanent, [2]time.Duration{}, "not a probability"},
		"no score":          {200, `[{"label":"IT"}]`, nil, fault.Permanent, [2]time.Duration{}, "missing"},
		"endless":           {200, "[" + strings.Repeat(" ", 5<<20) + "]", nil, fault.Permanent, [2]time.Duration{}, "longer than"},
		"list input errors": {422, `{"detail":[{"loc":["body"],"input":"my secret ticket"}]}`, nil, fault.Permanent, [2]time.Duration{}, "422"},
	} {
		t.Run(name, func(t *testing.T) {
			classifier := open(t, remote.Options{URL: serve(t, answer(c.status, c.body, c.headers...)), Token: "tok-12345"})
			_, err := classifier.Classify(t.Context(), classify.Request{Text: "my secret ticket"})
			if fault.ClassOf(err) != c.class || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("error %v (%s), want %s with %q", err, fault.ClassOf(err), c.class, c.says)
			}
			if after := fault.RetryAfterOf(err); after < c.after[0] || after > c.after[1] {
				t.Errorf("wait %s, want %s", after, c.after)
			}
			if strings.Contains(fmt.Sprint(err), "secret ticket") {
				t.Errorf("the error shows the text: %v", err)
			}
		})
	}
}

func TestSecretsAreWithheld(t *testing.T) {
	const token, ticket = "hf_verysecrettoken", "Dear support, my iban is DE00 1234"
	url := serve(t, answer(400, `{"error":"token hf_verysecrettoken cannot read 'Dear support, my iban is DE00 1234'"}`))
	c := open(t, remote.Options{URL: url, Token: token})
	_, err := c.Classify(t.Context(), classify.Request{Text: ticket})
	if err == nil || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "iban") || !strings.Contains(err.Error(), "cannot read") {
		t.Errorf("error %v", err)
	}
	if strings.Contains(c.Describe(), token) {
		t.Errorf("description %q", c.Describe())
	}
}

func TestRequest(t *testing.T) {
	var got struct{ Text, Model string }
	var auth, path string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		auth, path = r.Header.Get("Authorization"), r.URL.Path
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		answer(200, good)(w, r)
	})
	c := open(t, remote.Options{URL: url + "/m/{model}/", Token: "own", MaxChars: 6, Model: "org/default", LabelMap: map[string]string{"IT": "IT-Queue"}})
	r, err := c.Classify(t.Context(), classify.Request{Text: " \x00\x1bgrüße\xff漢字 cut "})
	if err != nil || r.Label != "IT-Queue" || r.Confidence != 0.9 || r.Model != "org/default" || len(r.Scores) != 2 || r.Scores[1].Label != "HR" {
		t.Errorf("result %+v, %v", r, err)
	}
	if got.Text != "grüße\uFFFD" || auth != "Bearer own" || path != "/m/org/default/predict" {
		t.Errorf("sent %q with %q to %q", got.Text, auth, path)
	}
	if _, err := c.Classify(t.Context(), classify.Request{Text: "x", Model: "a b", APIToken: "other"}); err != nil || auth != "Bearer other" || path != "/m/a b/predict" {
		t.Errorf("second: %v, %q, %q", err, auth, path)
	}
	for _, model := range []string{"../x", "a//b", "a/..", "."} {
		if _, err := c.Classify(t.Context(), classify.Request{Text: "x", Model: model}); fault.ClassOf(err) != fault.Permanent {
			t.Errorf("model %q: %v", model, err)
		}
	}
	if _, err := c.Classify(t.Context(), classify.Request{Text: " \n "}); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "empty") {
		t.Errorf("empty text: %v", err)
	}
}

func TestModelsWithTheirOwnAddress(t *testing.T) {
	one := serve(t, answer(200, `[{"label":"one","score":1}]`))
	two := serve(t, answer(200, `[{"label":"two","score":1}]`))
	c := open(t, remote.Options{URL: one, URLs: map[string]string{"b": two + "/predict"}, Model: "a", OneModel: true})
	for model, want := range map[string]string{"": "one", "a": "one", "b": "two"} {
		if r, err := c.Classify(t.Context(), classify.Request{Text: "x", Model: model}); err != nil || r.Label != want {
			t.Errorf("model %q: %+v, %v", model, r, err)
		}
	}
	if _, err := c.Classify(t.Context(), classify.Request{Text: "x", Model: "c"}); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), `not "c"`) {
		t.Errorf("model c: %v", err)
	}
	any1 := open(t, remote.Options{URL: one, OneModel: true})
	if r, err := any1.Classify(t.Context(), classify.Request{Text: "x", Model: "whatever"}); err != nil || r.Label != "one" {
		t.Errorf("without a named model: %+v, %v", r, err)
	}
}

func TestLabelsWithOneNameAreAdded(t *testing.T) {
	url := serve(t, answer(200, `[[{"label":"LABEL_2","score":0.4},{"label":"LABEL_0","score":0.35},{"label":"LABEL_1","score":0.25}]]`))
	c := open(t, remote.Options{URL: url, LabelMap: map[string]string{"LABEL_0": "IT", "LABEL_1": "IT", "LABEL_2": "HR"}})
	r, err := c.Classify(t.Context(), classify.Request{Text: "x"})
	if err != nil || r.Label != "IT" || r.Confidence < 0.599 || r.Confidence > 0.601 || len(r.Scores) != 2 {
		t.Errorf("result %+v, %v", r, err)
	}
}

func TestCache(t *testing.T) {
	var calls atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { calls.Add(1); answer(200, good)(w, r) })
	c := open(t, remote.Options{URL: url, CacheSize: 2})
	ask := func(want int64, r classify.Request) {
		t.Helper()
		got, err := c.Classify(t.Context(), r)
		if err != nil || got.Label != "IT" {
			t.Fatalf("%+v, %v", got, err)
		}
		got.Scores[0].Label = "changed by the caller"
		if calls.Load() != want {
			t.Errorf("%+v: %d calls, want %d", r, calls.Load(), want)
		}
	}
	ask(1, classify.Request{Text: "a"})
	ask(1, classify.Request{Text: "a"})
	ask(2, classify.Request{Text: "a", Model: "m"})
	ask(3, classify.Request{Text: "a", APIToken: "t"}) // pushes "a" out
	ask(4, classify.Request{Text: "a"})
	ask(4, classify.Request{Text: "a", APIToken: "t"})
	none := open(t, remote.Options{URL: url, CacheSize: -1})
	for range 2 {
		if _, err := none.Classify(t.Context(), classify.Request{Text: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	if calls.Load() != 6 {
		t.Errorf("%d calls without a cache, want 6", calls.Load())
	}
}

func TestErrorsAreNotKept(t *testing.T) {
	var calls atomic.Int64
	c := open(t, remote.Options{URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			answer(503, "")(w, r)
			return
		}
		answer(200, good)(w, r)
	})})
	if _, err := c.Classify(t.Context(), classify.Request{Text: "a"}); fault.ClassOf(err) != fault.Transient {
		t.Errorf("first: %v", err)
	}
	if r, err := c.Classify(t.Context(), classify.Request{Text: "a"}); err != nil || r.Label != "IT" {
		t.Errorf("second: %+v, %v", r, err)
	}
}

func TestParallelIsBounded(t *testing.T) {
	var now, most atomic.Int64
	release, entered := make(chan struct{}), make(chan struct{}, 10)
	c := open(t, remote.Options{Parallel: 2, URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		entered <- struct{}{}
		<-release
		now.Add(-1)
		answer(200, good)(w, r)
	})})
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if _, err := c.Classify(t.Context(), classify.Request{Text: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	<-entered
	<-entered // both places are taken, and neither call can end yet
	for range 10 {
		release <- struct{}{}
	}
	wg.Wait()
	if most.Load() != 2 {
		t.Errorf("%d calls at a time, want 2", most.Load())
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	stop := make(chan struct{})
	url := serve(t, func(http.ResponseWriter, *http.Request) { <-stop })
	t.Cleanup(func() { close(stop) }) // before the server closes
	c := open(t, remote.Options{URL: url, Timeout: 20 * time.Millisecond})
	if _, err := c.Classify(t.Context(), classify.Request{Text: "x"}); fault.ClassOf(err) != fault.Timeout {
		t.Errorf("slow server: %v (%s)", err, fault.ClassOf(err))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Classify(ctx, classify.Request{Text: "x"}); fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("cancelled: %v (%s)", err, fault.ClassOf(err))
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	if _, err := open(t, remote.Options{URL: gone.URL}).Classify(t.Context(), classify.Request{Text: "x"}); fault.ClassOf(err) != fault.Transient {
		t.Errorf("refused: %v (%s)", err, fault.ClassOf(err))
	}
}

func TestNewRefuses(t *testing.T) {
	for _, o := range []remote.Options{
		{},
		{URL: "ftp://x"},
		{URL: "x"},
		{URL: "http://user:hunter2@x"},
		{URL: "http://x?key=hunter2"},
		{URL: "http://x", Token: "hunter2\n"},
		{URL: "http://x", MaxChars: -1},
		{URLs: map[string]string{"m": "nope hunter2"}},
	} {
		o.Name = "test server"
		_, err := remote.New(o, echo{})
		if fault.ClassOf(err) != fault.Permanent || strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func FuzzRows(f *testing.F) {
	for _, s := range []string{good, "[" + good + "]", "[]", "[[]]", "{}", `[{"label":null,"score":1}]`, "[[", `[[{"label":"a","score":1}],3]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r remote.Rows
		if json.Unmarshal(data, &r) == nil && len(r) == 0 && string(data) != "null" {
			t.Errorf("%q gives no row and no error", data)
		}
	})
}

func FuzzClean(f *testing.F) {
	f.Add("grüße\x00\xff", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		got := remote.Clean(s, n)
		if n > 0 && len([]rune(got)) > n {
			t.Errorf("%d characters, want at most %d", len([]rune(got)), n)
		}
		if got != remote.Clean(got, n) {
			t.Errorf("cleaning %q twice gives something else", s)
		}
	})
}
