package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// TestSecretsReachNoHistory lets pipes spill secrets in every way there is and then searches the whole state directory, the
// answers of all queries and the program's own log.
func TestSecretsReachNoHistory(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"hunter2-hunter2", `p<ss"w&rd/1`, "two\nlines of it", "pässwörd 7", "tab\tand\\slash"} {
		synctest.Test(t, func(t *testing.T) {
			var own lockedBuffer
			b := spillingBench(t, secret)
			b.startWith(func(o *Options) {
				o.Secrets, o.Log = []string{secret, "abc"}, slog.New(slog.NewTextHandler(&own, nil))
			})
			ctx := t.Context()
			var ids []string
			for _, r := range b.cfg.Runners {
				ids = append(ids, b.fire(r.ID))
			}
			if err := b.e.Pause(ctx, "error", orchestrator.PauseRequest{Reason: "because " + secret, By: kim}); err != nil {
				t.Error(err)
			}
			if _, err := b.e.RunOnce(ctx, "idle", orchestrator.FireRequest{Params: map[string]string{"v": "x" + secret}}); err == nil {
				t.Error("a parameter with a secret in it was taken")
			}
			pass(time.Hour)
			said := answers(t, b, ids)
			if !strings.Contains(said, "[redacted]") || !strings.Contains(said, "abc is no secret") {
				t.Errorf("the test spills nothing: %s", said)
			}
			if d := b.detail(ids[len(ids)-1]); d.Run.State != orchestrator.Completed {
				t.Errorf("a step with a secret result could not be used: %+v", d.Run)
			}
			b.stop()
			mustNotHold(t, "the answers", []byte(said), secret)
			mustNotHold(t, "the program's log", []byte(own.String()), secret)
			files, err := filepath.Glob(filepath.Join(b.dir, "*"))
			if err != nil || len(files) < 2 {
				t.Fatal(files, err)
			}
			for _, f := range files {
				data, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				mustNotHold(t, filepath.Base(f), data, secret)
			}
		})
	}
}

// spillingBench has a runner for each way to spill a secret; the last one works with a secret in its result.
func spillingBench(t *testing.T, secret string) *bench {
	t.Helper()
	use := probe("use")
	use.Params = map[string]any{"v": "{{ get_pipe_result('give', 'token') }}"}
	idle := pipe.Definition{ID: "idle", Use: "test:Read", Params: map[string]any{"v": ""}}
	cond := probe("cond")
	cond.If = "{{ 1 / 0 if '" + strings.NewReplacer("\n", `\n`, "\t", `\t`, `\`, `\\`).Replace(secret) + "' else 0 }}"
	b := newBench(t, runnerOf(probe("error")), runnerOf(probe("panics")), runnerOf(probe("logs")), runnerOf(idle), runnerOf(probe("says")),
		runnerOf(eachOf("each", []any{"a " + secret, secret}, "{{ it }}", probe("do"))), runnerOf(cond),
		runnerOf(group("both", probe("give"), use)))
	fail := func(err error) doFunc {
		return func(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Result{}, err }
	}
	escaped, _ := json.Marshal(secret)
	b.do["error"] = fail(fmt.Errorf("%s: %q GET http://u:%s@h/?p=%s %s zero\u200bwidth %s", secret, secret, url.PathEscape(secret),
		url.QueryEscape(secret), escaped, secret[:3]+"\u200b"+secret[3:]))
	b.do["panics"] = func(context.Context, *pipe.Call) (pipe.Result, error) { panic(errors.New(secret)) }
	b.do["logs"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
		c.Log.Info("msg "+secret, "k", secret, "v", map[string]string{"k": secret}, slog.Group("g", "k", secret))
		c.Log.With("with", secret).WithGroup("a").Warn(strings.Repeat("x", maxLine-5)+secret, "b", errors.New(secret))
		c.Log.Info("abc is no secret")
		return pipe.Success("", nil), nil
	}
	b.do["idle"] = func(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Stop("stopped: " + secret), nil }
	b.do["says"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
		return pipe.Success("done with "+secret, map[string]any{secret: 1}), nil
	}
	b.do["give"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
		return pipe.Success("", map[string]any{"token": "t " + secret, "deep": []any{map[string]any{"x": secret}}}), nil
	}
	b.do["use"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
		p, err := c.Params.Evaluate(ctx)
		if err == nil && p["v"] != "t "+secret {
			err = fmt.Errorf("the step sees %q", p["v"])
		}
		if err == nil && c.Attempt == 1 {
			err = errors.New("try again")
		}
		return pipe.Success("", nil), err
	}
	return b
}

func answers(t *testing.T, b *bench, ids []string) string {
	t.Helper()
	ctx := t.Context()
	snap, err1 := b.e.Snapshot(ctx)
	logs, err2 := b.e.Logs(ctx, orchestrator.LogFilter{})
	events, err3 := b.e.Events(ctx, 1000)
	all := []any{snap, logs, events}
	for _, id := range ids {
		all = append(all, b.detail(id))
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := errors.Join(err1, err2, err3, enc.Encode(all)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// mustNotHold looks for a secret as it is and as it is escaped.
func mustNotHold(t *testing.T, where string, data []byte, secret string) {
	t.Helper()
	js, _ := json.Marshal(secret)
	quoted := fmt.Sprintf("%q", secret)
	for _, form := range []string{
		secret, string(js[1 : len(js)-1]), quoted[1 : len(quoted)-1], url.QueryEscape(secret), url.PathEscape(secret),
		strings.NewReplacer("\n", " ", "\t", " ").Replace(secret),
	} {
		if i := bytes.Index(data, []byte(form)); i >= 0 {
			t.Errorf("%s holds the secret as %q: …%q…", where, form, data[max(0, i-60):min(len(data), i+60)])
			return
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
