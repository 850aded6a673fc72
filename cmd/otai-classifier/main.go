// Command otai-classifier serves ONNX text classification models from a directory over the /predict protocol, in pure Go:
// the local model of hf-local:HFClassificationService, kept out of the console's process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/openticketai/otai-tui/cmd/otai-classifier/internal/predict"
)

// version is set by the build (-ldflags "-X main.version=…").
var version = "dev" //nolint:gochecknoglobals // the linker sets it

// tokenVar is the environment variable with the token: on a command line everybody on the machine could read it.
const tokenVar = "OTAI_CLASSIFIER_TOKEN" //nolint:gosec // the name of a variable

type options struct {
	models, listen, preset string
	keep, queue, maxTokens int
	idle                   time.Duration
	insecure, version      bool
	token                  string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr, nil)
	stop()
	os.Exit(code)
}

// run serves until ctx ends. It gives 0 after that, 1 when serving failed, 2 when the arguments are wrong. ready, when not nil,
// gets the address that it listens on.
func run(ctx context.Context, args []string, env func(string) string, out, errOut io.Writer, ready func(net.Addr)) int {
	o, err := parse(args, errOut)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil && o.version {
		_, _ = fmt.Fprintln(out, "otai-classifier", version)
		return 0
	}
	o.token = env(tokenVar)
	if err == nil {
		err = o.check()
	}
	if err != nil {
		_, _ = fmt.Fprintf(errOut, "otai-classifier: %s\n", err)
		return 2
	}
	log := slog.New(slog.NewTextHandler(errOut, nil))
	if err := serve(ctx, o, log, ready); err != nil {
		_, _ = fmt.Fprintf(errOut, "otai-classifier: %s\n", err)
		return 1
	}
	return 0
}

func parse(args []string, errOut io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("otai-classifier", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.StringVar(&o.models, "models", "models", "`directory` of models: each in a directory with config.json, tokenizer.json and one .onnx file")
	f.StringVar(&o.listen, "listen", "127.0.0.1:8085", "`address` to listen on")
	f.StringVar(&o.preset, "default", "", "`model` of POST /predict (default: the only one)")
	f.IntVar(&o.keep, "keep", 1, "models in memory at a time; a BERT takes about 1.5 GB")
	f.DurationVar(&o.idle, "idle", 15*time.Minute, "unload a model nobody used for this long; 0 = never")
	f.IntVar(&o.maxTokens, "max-tokens", 0, "tokens of a text that a model is given (default: what it takes); fewer are faster")
	f.IntVar(&o.queue, "queue", 64, "requests that wait and work at a time; more are answered with 429")
	f.BoolVar(&o.insecure, "insecure", false, "serve other machines without a token")
	f.BoolVar(&o.version, "version", false, "print the version")
	f.Usage = func() {
		_, _ = fmt.Fprintf(errOut, "otai-classifier serves ONNX text classification models over POST /models/NAME/predict and POST /predict.\n"+
			"A token for clients is read from %s.\n\n", tokenVar)
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return o, nil
}

func (o options) check() error {
	host, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", o.listen, err)
	}
	ip := net.ParseIP(host)
	local := host == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case !local && o.token == "" && !o.insecure:
		return fmt.Errorf("--listen %s serves other machines: set %s, or say --insecure", o.listen, tokenVar)
	case o.keep < 1:
		return errors.New("--keep must be at least 1")
	case o.maxTokens < 0 || o.maxTokens > 0 && o.maxTokens < 8:
		return errors.New("--max-tokens must be at least 8")
	case o.idle < 0:
		return errors.New("--idle must not be negative")
	}
	return nil
}

// sweepEvery is how often idle models are looked for, at most.
const sweepEvery = 30 * time.Second

// leaveTime is how long requests may take to end after the server was asked to stop.
const leaveTime = 20 * time.Second

func serve(ctx context.Context, o options, log *slog.Logger, ready func(net.Addr)) (err error) {
	s := newShelf(o, log)
	defer func() { err = errors.Join(err, s.pool.Close()) }()
	names := s.Names()
	if len(names) == 0 {
		return fmt.Errorf("there is no model in %s: each is a directory with config.json, tokenizer.json and one .onnx file", o.models)
	}
	if o.preset != "" {
		if _, err := s.find(o.preset); err != nil {
			return err
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", o.listen, err)
	}
	srv := &http.Server{
		Handler:           predict.New(predict.Options{Models: s, Default: o.preset, Token: o.token, Queue: o.queue, Log: log}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	if o.idle > 0 {
		go s.sweep(ctx, min(sweepEvery, o.idle)) // ends with ctx
	}
	log.Info("serving", "address", l.Addr().String(), "models", names, "token", o.token != "")
	if ready != nil {
		ready(l.Addr())
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if err := srv.Shutdown(bye); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}
