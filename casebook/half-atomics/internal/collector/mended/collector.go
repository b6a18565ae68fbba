// Package mended is the collector with atomic types throughout. They have no bare access to forget, so both
// sides of every handshake take part.
package mended

import (
	"runtime"
	"sync/atomic"
	"time"

	"example.org/half-atomics/internal/collector"
)

// Collector implements collector.Collector without races.
type Collector struct {
	started  time.Time
	sessions collector.Sessions
	latest   atomic.Pointer[collector.Snapshot]

	openConnections      atomic.Int64
	requestCount         atomic.Uint64
	recentRequestCounter [collector.WindowBuckets]atomic.Uint64
	durationIndex        atomic.Uint64
	durations            [collector.RingSize]atomic.Int64
	requestIndex         atomic.Uint64
}

// New returns a collector that has counted nothing.
func New() *Collector {
	c := &Collector{started: time.Now()}
	c.latest.Store(&collector.Snapshot{TakenAt: c.started})
	return c
}

// IncrementRequests counts one request, in the total and in the window's current bucket.
func (c *Collector) IncrementRequests() {
	c.requestCount.Add(1)
	c.recentRequestCounter[c.requestIndex.Load()].Add(1)
}

// RecordDuration notes how long one request took, in place of the oldest duration in the ring.
func (c *Collector) RecordDuration(d time.Duration) {
	turn := c.durationIndex.Add(1)
	c.durations[turn%collector.RingSize].Store(int64(d))
}

// ConnOpen counts a connection that was opened.
func (c *Collector) ConnOpen() { c.openConnections.Add(1) }

// ConnClose counts a connection that was closed.
func (c *Collector) ConnClose() { c.openConnections.Add(-1) }

// TouchSession notes that the session was seen.
func (c *Collector) TouchSession(id string) { c.sessions.Touch(id) }

// PruneOldestRequestCount empties the oldest bucket before it becomes the current one: emptied afterwards, it
// would lose the requests that are already counted in it. Only a request that stands between reading the index
// and adding to its bucket while the window turns four times or more may still be lost, or count as younger.
func (c *Collector) PruneOldestRequestCount() {
	next := (c.requestIndex.Load() + 1) % collector.WindowBuckets
	c.recentRequestCounter[next].Store(0)
	c.requestIndex.Store(next)
}

// RecentRequestCount is the number of requests in the window.
func (c *Collector) RecentRequestCount() uint64 {
	var sum uint64
	for bucket := range c.recentRequestCounter {
		sum += c.recentRequestCounter[bucket].Load()
	}
	return sum
}

// OrderedRecentRequests reads the index once, so that no bucket comes twice when the window turns meanwhile.
func (c *Collector) OrderedRecentRequests() []uint64 {
	const size = collector.WindowBuckets
	current := c.requestIndex.Load()
	ordered := make([]uint64, 0, size)
	for age := range uint64(size) {
		ordered = append(ordered, c.recentRequestCounter[(current+1+age)%size].Load())
	}
	return ordered
}

// ComputeResponseStats makes the statistics of the latest durations.
func (c *Collector) ComputeResponseStats() collector.ResponseStats {
	var known collector.Spread
	for slot := range c.durations {
		if d := time.Duration(c.durations[slot].Load()); d > 0 {
			known.Add(d)
		}
	}
	return known.Stats()
}

// RefreshSnapshot computes a snapshot and publishes it.
func (c *Collector) RefreshSnapshot() { c.latest.Store(c.snapShot()) }

// LatestSnapshot is the snapshot published last.
func (c *Collector) LatestSnapshot() *collector.Snapshot { return c.latest.Load() }

func (c *Collector) snapShot() *collector.Snapshot {
	return &collector.Snapshot{
		TakenAt:         time.Now(),
		Uptime:          time.Since(c.started),
		HeapBytes:       collector.HeapBytes(),
		Goroutines:      runtime.NumGoroutine(),
		OpenConnections: c.openConnections.Load(),
		Sessions:        c.sessions.Count(),
		Requests:        c.requestCount.Load(),
		RecentRequests:  c.RecentRequestCount(),
		PerMinute:       c.OrderedRecentRequests(),
		Response:        c.ComputeResponseStats(),
	}
}

// Counts is what outlives a restart.
func (c *Collector) Counts() collector.Counts {
	return collector.Counts{Requests: c.requestCount.Load(), Sessions: c.sessions.Count()}
}

// Restore takes over the counts of an earlier run.
func (c *Collector) Restore(earlier collector.Counts) {
	c.requestCount.Store(earlier.Requests)
	c.sessions.Restore(earlier.Sessions)
}
