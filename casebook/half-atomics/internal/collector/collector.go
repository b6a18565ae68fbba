// Package collector says what a metrics collector of this service offers, and holds the parts that every
// variant gets right. The variants themselves (broken, halfmended, mended) are packages of their own, so that
// a binary contains one of them and no other.
package collector

import "time"

const (
	// WindowBuckets is how many buckets the rotating window of request counts has.
	WindowBuckets = 5
	// RingSize is how many of the latest durations the statistics are made of.
	RingSize = 4096
)

// Collector counts what a service does. Every method may be called from any goroutine at any time; the pruning
// and the refreshing methods are each called from one goroutine only.
type Collector interface {
	// IncrementRequests counts one request, in the total and in the window's current bucket.
	IncrementRequests()
	// RecordDuration notes how long one request took.
	RecordDuration(d time.Duration)
	// ConnOpen counts a connection that was opened.
	ConnOpen()
	// ConnClose counts a connection that was closed.
	ConnClose()
	// TouchSession notes that the session was seen.
	TouchSession(id string)

	// PruneOldestRequestCount turns the window by one bucket and empties the new current one.
	PruneOldestRequestCount()
	// RefreshSnapshot computes a snapshot and publishes it.
	RefreshSnapshot()

	// RecentRequestCount is the number of requests in the window.
	RecentRequestCount() uint64
	// OrderedRecentRequests is the window, oldest bucket first.
	OrderedRecentRequests() []uint64
	// ComputeResponseStats makes the statistics of the latest durations.
	ComputeResponseStats() ResponseStats
	// LatestSnapshot is the snapshot published last; never nil, never changed after it was published.
	LatestSnapshot() *Snapshot

	// Counts is what outlives a restart.
	Counts() Counts
	// Restore takes over the counts of an earlier run. It is called before the collector is shared.
	Restore(earlier Counts)
}

// Counts are the numbers kept over a restart.
type Counts struct {
	// Requests is the number of requests since the first start.
	Requests uint64 `json:"requests"`
	// Sessions is the number of sessions, each counted once a run.
	Sessions uint64 `json:"sessions"`
}

// ResponseStats describes the latest durations. All fields are zero while there are none.
type ResponseStats struct {
	Count int           `json:"count"`
	Mean  time.Duration `json:"mean_ns"`
	P50   time.Duration `json:"p50_ns"`
	P95   time.Duration `json:"p95_ns"`
	P99   time.Duration `json:"p99_ns"`
	Max   time.Duration `json:"max_ns"`
}

// Snapshot is what the metrics page shows.
type Snapshot struct {
	TakenAt         time.Time     `json:"taken_at"`
	Uptime          time.Duration `json:"uptime_ns"`
	HeapBytes       uint64        `json:"heap_bytes"`
	Goroutines      int           `json:"goroutines"`
	OpenConnections int64         `json:"open_connections"`
	Sessions        uint64        `json:"sessions"`
	Requests        uint64        `json:"requests"`
	RecentRequests  uint64        `json:"recent_requests"`
	// PerMinute is the window, oldest bucket first.
	PerMinute []uint64      `json:"per_minute"`
	Response  ResponseStats `json:"response"`
}
