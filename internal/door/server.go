package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Bounds of a connection. Commands wait for the disk, so their answer may take a while when it is full.
const (
	headerTimeout = 5 * time.Second
	writeTimeout  = 2 * time.Minute
	closeTimeout  = 2 * time.Second
)

// Server is the door of one running engine.
type Server struct {
	path string
	mine os.FileInfo // the socket
	http *http.Server
	stop context.CancelFunc // ends the live views
	done chan struct{}
}

// Open opens the door of the engine that holds stateDir. The caller holds the engine's lock: a socket that is there already was
// left by an engine that has ended. Close it once the engine has stopped: until then a run can still be cancelled.
func Open(ctx context.Context, stateDir string, o orchestrator.Orchestrator) (*Server, error) {
	path, err := pathIn(stateDir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open the door: %w", err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o700); err != nil { // an earlier one may have been open to more
		return nil, fmt.Errorf("open the door: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the door: %w", err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("open the door: %w", err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // the next engine may have put its own there by then
	}
	mine, err := os.Lstat(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the door: %w", err), l.Close())
	}
	s := &Server{path: path, mine: mine, done: make(chan struct{})}
	views, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.http = &http.Server{
		Handler: handler(views, o), ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: writeTimeout,
		MaxHeaderBytes: 16 << 10, BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with Close
	}()
	return s, nil
}

// Close closes the door. Live views end; requests that are being answered get a moment, also when ctx has ended.
func (s *Server) Close(ctx context.Context) error {
	s.stop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	<-s.done
	if there, lerr := os.Lstat(s.path); lerr == nil && os.SameFile(there, s.mine) {
		err = errors.Join(err, os.Remove(s.path))
	}
	return err
}

// handler answers calls, and serves live views until views ends.
func handler(views context.Context, o orchestrator.Orchestrator) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/Subscribe", stream(views, o, signEvery))
	for name, m := range methods() {
		mux.HandleFunc("POST /v2/"+name, func(w http.ResponseWriter, r *http.Request) {
			var a answer
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
			// The deadline for reading is over once it is read: else what takes longer would count as a client that has gone.
			_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
			if err == nil {
				a.Results, err = m(r.Context(), o, body)
			}
			if err != nil {
				a = answer{Error: err.Error(), Kind: kindOf(err)}
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(a) // whoever asked is gone
		})
	}
	return mux
}
