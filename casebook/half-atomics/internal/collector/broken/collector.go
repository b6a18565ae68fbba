// Package broken is the collector as it ran for months: what requests write is written with atomics here and
// there, and everything that reads, turns or empties it does so bare.
package broken

import (
	"runtime"
	"sync/atomic"
	"time"

	"example.org/half-atomics/internal/collector"
)

// Collector implements collector.Collector with races.
type Collector struct {
	started  time.Time
	sessions collector.Sessions
	latest   atomic.Pointer[collector.Snapshot]

	openConnections      int64
	requestCount         uint64
	recentRequestCounter [collector.WindowBuckets]uint64
	durationIndex        uint64
	durations            [collector.RingSize]time.Duration
	requestIndex         int
}

// New returns a collector that has counted nothing.
func New() *Collector {
	c := &Collector{started: time.Now()}
	c.latest.Store(&collector.Snapshot{TakenAt: c.started})
	return c
}

// IncrementRequests adds atomically, into a bucket it finds through an index it reads bare.
func (c *Collector) IncrementRequests() {
	atomic.AddUint64(&c.requestCount, 1)
	atomic.AddUint64(&c.recentRequestCounter[c.requestIndex], 1)
}

// RecordDuration takes its place in the ring atomically and then writes there bare.
func (c *Collector) RecordDuration(d time.Duration) {
	turn := atomic.AddUint64(&c.durationIndex, 1)
	c.durations[turn%collector.RingSize] = d
}

// ConnOpen counts a connection that was opened.
func (c *Collector) ConnOpen() { atomic.AddInt64(&c.openConnections, 1) }

// ConnClose counts a connection that was closed.
func (c *Collector) ConnClose() { atomic.AddInt64(&c.openConnections, -1) }

// TouchSession notes that the session was seen.
func (c *Collector) TouchSession(id string) { c.sessions.Touch(id) }

// PruneOldestRequestCount moves the index bare, and empties the bucket bare when requests already land in it.
func (c *Collector) PruneOldestRequestCount() {
	c.requestIndex = (c.requestIndex + 1) % len(c.recentRequestCounter)
	c.recentRequestCounter[c.requestIndex] = 0
}

// RecentRequestCount reads the buckets bare.
func (c *Collector) RecentRequestCount() uint64 {
	var sum uint64
	for bucket := range c.recentRequestCounter {
		sum += c.recentRequestCounter[bucket]
	}
	return sum
}

// OrderedRecentRequests reads the buckets bare, and the index bare once for each of them.
func (c *Collector) OrderedRecentRequests() []uint64 {
	size := len(c.recentRequestCounter)
	ordered := make([]uint64, 0, size)
	for age := range size {
		ordered = append(ordered, c.recentRequestCounter[(c.requestIndex+1+age)%size])
	}
	return ordered
}

// ComputeResponseStats reads the ring bare.
func (c *Collector) ComputeResponseStats() collector.ResponseStats {
	var known collector.Spread
	for slot := range c.durations {
		if d := c.durations[slot]; d > 0 {
			known.Add(d)
		}
	}
	return known.Stats()
}

// RefreshSnapshot computes a snapshot and publishes it.
func (c *Collector) RefreshSnapshot() { c.latest.Store(c.snapShot()) }

// LatestSnapshot is the snapshot published last.
func (c *Collector) LatestSnapshot() *collector.Snapshot { return c.latest.Load() }

// snapShot reads the request count bare.
func (c *Collector) snapShot() *collector.Snapshot {
	return &collector.Snapshot{
		TakenAt:         time.Now(),
		Uptime:          time.Since(c.started),
		HeapBytes:       collector.HeapBytes(),
		Goroutines:      runtime.NumGoroutine(),
		OpenConnections: atomic.LoadInt64(&c.openConnections),
		Sessions:        c.sessions.Count(),
		Requests:        c.requestCount,
		RecentRequests:  c.RecentRequestCount(),
		PerMinute:       c.OrderedRecentRequests(),
		Response:        c.ComputeResponseStats(),
	}
}

// Counts is what outlives a restart. It came with the file it is kept in, later than the rest.
func (c *Collector) Counts() collector.Counts {
	return collector.Counts{Requests: atomic.LoadUint64(&c.requestCount), Sessions: c.sessions.Count()}
}

// Restore takes over the counts of an earlier run.
func (c *Collector) Restore(earlier collector.Counts) {
	atomic.StoreUint64(&c.requestCount, earlier.Requests)
	c.sessions.Restore(earlier.Sessions)
}
