package drive

import (
	"sync/atomic"
	"time"

	"example.org/half-atomics/internal/collector"
)

// How often each reading path is taken: often enough that what the requests write is read while they write it,
// seldom enough that the readers do not become the load.
const (
	windowPeriod   = 1 * time.Millisecond
	statsPeriod    = 2 * time.Millisecond
	snapshotPeriod = 2 * time.Millisecond
)

// reader reads what a collector shows and objects to what cannot be.
type reader struct {
	shown   collector.Collector
	started time.Time
	last    *collector.Snapshot

	badWindows, badStats, badSnapshots atomic.Uint64
}

func newReader(shown collector.Collector) *reader {
	return &reader{shown: shown, started: time.Now(), last: shown.LatestSnapshot()}
}

func (r *reader) readWindow() {
	r.shown.RecentRequestCount()
	if len(r.shown.OrderedRecentRequests()) != collector.WindowBuckets {
		r.badWindows.Add(1)
	}
}

func (r *reader) readStats() {
	stats := r.shown.ComputeResponseStats()
	if !possible(stats, time.Since(r.started)) {
		r.badStats.Add(1)
	}
}

// readSnapshot is called from one goroutine only.
func (r *reader) readSnapshot() {
	next := r.shown.LatestSnapshot()
	if next.TakenAt.Before(r.last.TakenAt) || next.Requests < r.last.Requests {
		r.badSnapshots.Add(1)
	}
	r.last = next
}

// possible holds for statistics of durations none of which is longer than the drive so far.
func possible(stats collector.ResponseStats, longest time.Duration) bool {
	ordered := stats.P50 <= stats.P95 && stats.P95 <= stats.P99 && stats.P99 <= stats.Max
	bounded := 0 <= stats.P50 && stats.Mean <= stats.Max && stats.Max <= longest
	return ordered && bounded && stats.Count <= collector.RingSize
}

func (r *reader) objections() []Objection {
	return nonEmpty([]Objection{
		{r.badWindows.Load(), "windows without five buckets"},
		{r.badStats.Load(), "statistics of durations that cannot be"},
		{r.badSnapshots.Load(), "snapshots that went back"},
	})
}
