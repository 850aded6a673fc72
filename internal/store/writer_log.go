package store

import "github.com/openticketai/otai-tui/internal/orchestrator"

// AppendLog queues one log line and never waits. When the queue is full the line is dropped, and the next kept line of
// that run says how many are missing.
func (s *Store) AppendLog(l orchestrator.LogLine) {
	w := s.writer
	if w == nil {
		return
	}
	w.logMu.Lock()
	if len(w.logs) >= logQueue {
		w.lost[l.Run] += 1 + l.Gap
		w.lostLines.Add(1)
	} else {
		if n := w.lost[l.Run]; n > 0 {
			l.Gap += n
			delete(w.lost, l.Run)
		}
		w.logs = append(w.logs, l)
	}
	w.logMu.Unlock()
	select {
	case w.logWake <- struct{}{}:
	default:
	}
}

func (w *writer) logsWaiting() bool {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return len(w.logs) > 0
}

func (w *writer) takeLogs(most int) []orchestrator.LogLine {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	n := min(len(w.logs), most)
	out := w.logs[:n:n]
	w.logs = w.logs[n:]
	w.flight = out
	if len(w.logs) == 0 {
		w.logs = nil
	} else {
		select { // more is waiting
		case w.logWake <- struct{}{}:
		default:
		}
	}
	return out
}

func (w *writer) logsLanded() {
	w.logMu.Lock()
	w.flight = nil
	w.logMu.Unlock()
}

// newestLog gives the number of a run's newest line that is not on the disk yet, 0 when there is none.
func (w *writer) newestLog(run string) int64 {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	var newest int64
	for _, lines := range [][]orchestrator.LogLine{w.flight, w.logs} {
		for i := range lines {
			if lines[i].Run == run {
				newest = max(newest, lines[i].Seq)
			}
		}
	}
	return newest
}

// logsFailed counts lines that could not be written. The next line of their run that waits, or else the next one that comes, says
// how many are missing.
func (w *writer) logsFailed(lines []orchestrator.LogLine) {
	w.lostLines.Add(int64(len(lines)))
	w.logMu.Lock()
	defer w.logMu.Unlock()
	missing := map[string]int{}
	for i := range lines {
		missing[lines[i].Run] += 1 + lines[i].Gap
	}
	for i := range w.logs {
		l := &w.logs[i]
		if n := missing[l.Run]; n > 0 {
			l.Gap += n
			delete(missing, l.Run)
		}
		if len(missing) == 0 {
			return
		}
	}
	for run, n := range missing {
		w.lost[run] += n
	}
}
