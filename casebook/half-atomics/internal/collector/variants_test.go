package collector_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"example.org/half-atomics/internal/collector"
	"example.org/half-atomics/internal/collector/broken"
	"example.org/half-atomics/internal/collector/halfmended"
	"example.org/half-atomics/internal/collector/mended"
)

// onEveryVariant runs the test on a fresh collector of each kind: used by one goroutine at a time, all are right.
func onEveryVariant(t *testing.T, test func(t *testing.T, c collector.Collector)) {
	t.Helper()
	t.Run("broken", func(t *testing.T) { test(t, broken.New()) })
	t.Run("half-mended", func(t *testing.T) { test(t, halfmended.New()) })
	t.Run("mended", func(t *testing.T) { test(t, mended.New()) })
}

func count(c collector.Collector, requests int) {
	for range requests {
		c.IncrementRequests()
	}
}

func TestTheWindowIsOrderedFromOldestToCurrent(t *testing.T) {
	onEveryVariant(t, func(t *testing.T, c collector.Collector) {
		for requests := 1; requests <= 3; requests++ {
			count(c, requests)
			c.PruneOldestRequestCount()
		}
		if got, want := c.OrderedRecentRequests(), []uint64{0, 1, 2, 3, 0}; !slices.Equal(got, want) {
			t.Errorf("ordered %v, want %v", got, want)
		}
	})
}

func TestTheWindowForgetsWhatIsFiveTurnsOld(t *testing.T) {
	onEveryVariant(t, func(t *testing.T, c collector.Collector) {
		count(c, 7)
		for turn := range collector.WindowBuckets {
			if got := c.RecentRequestCount(); got != 7 {
				t.Errorf("after %d turns %d requests are in the window, want 7", turn, got)
			}
			c.PruneOldestRequestCount()
		}
		if got := c.RecentRequestCount(); got != 0 {
			t.Errorf("after a full round %d requests are in the window", got)
		}
	})
}

func TestTheTotalOutlivesTheWindow(t *testing.T) {
	onEveryVariant(t, func(t *testing.T, c collector.Collector) {
		count(c, 3)
		for range collector.WindowBuckets {
			c.PruneOldestRequestCount()
		}
		count(c, 1)
		if got := c.Counts().Requests; got != 4 {
			t.Errorf("total %d, want 4", got)
		}
	})
}

func TestTheRingKeepsOnlyTheLatestDurations(t *testing.T) {
	onEveryVariant(t, func(t *testing.T, c collector.Collector) {
		c.RecordDuration(time.Hour)
		for range collector.RingSize {
			c.RecordDuration(time.Millisecond)
		}
		stats := c.ComputeResponseStats()
		if stats.Count != collector.RingSize || stats.Max != time.Millisecond {
			t.Errorf("stats %+v still know the oldest duration", stats)
		}
	})
}

func TestASnapshotShowsEverythingThatWasCounted(t *testing.T) {
	onEveryVariant(t, func(t *testing.T, c collector.Collector) {
		c.ConnOpen()
		c.ConnOpen()
		c.ConnClose()
		c.TouchSession("a")
		c.TouchSession("b")
		c.TouchSession("a")
		count(c, 2)
		c.RecordDuration(time.Second)
		c.RefreshSnapshot()
		got := c.LatestSnapshot()
		if got.OpenConnections != 1 || got.Sessions != 2 || got.Requests != 2 || got.RecentRequests != 2 {
			t.Errorf("snapshot %+v", got)
		}
		if got.Response.Max != time.Second || got.HeapBytes == 0 || got.Goroutines == 0 {
			t.Errorf("snapshot %+v", got)
		}
	})
}

func TestASnapshotDoesNotChangeAfterItWasPublished(t *testing.T) {
	onEveryVariant(t, func(t *testing.T, c collector.Collector) {
		count(c, 1)
		c.RefreshSnapshot()
		earlier := c.LatestSnapshot()
		count(c, 1)
		c.RefreshSnapshot()
		if earlier.Requests != 1 || c.LatestSnapshot().Requests != 2 {
			t.Errorf("snapshots show %d and %d requests, want 1 and 2", earlier.Requests, c.LatestSnapshot().Requests)
		}
	})
}

func TestThereIsASnapshotFromTheStart(t *testing.T) {
	onEveryVariant(t, func(t *testing.T, c collector.Collector) {
		if c.LatestSnapshot() == nil {
			t.Error("no snapshot")
		}
	})
}

func TestCountingGoesOnFromRestoredCounts(t *testing.T) {
	onEveryVariant(t, func(t *testing.T, c collector.Collector) {
		c.Restore(collector.Counts{Requests: 40, Sessions: 5})
		count(c, 2)
		c.TouchSession("new")
		if got, want := c.Counts(), (collector.Counts{Requests: 42, Sessions: 6}); got != want {
			t.Errorf("counts %+v, want %+v", got, want)
		}
	})
}

// TestTheMendedCollectorIsSilentWhenAllPathsRunAtOnce says little without -race and everything with it.
func TestTheMendedCollectorIsSilentWhenAllPathsRunAtOnce(t *testing.T) {
	var c collector.Collector = mended.New()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() { c.IncrementRequests(); c.TouchSession("s"); c.RecordDuration(time.Millisecond) })
		all.Go(func() { c.RecentRequestCount(); c.OrderedRecentRequests(); c.ComputeResponseStats() })
	}
	all.Go(func() {
		for range 100 {
			c.PruneOldestRequestCount()
			c.RefreshSnapshot()
		}
	})
	all.Wait()
	if got := c.Counts().Requests; got != 100 {
		t.Errorf("total %d, want 100", got)
	}
}
