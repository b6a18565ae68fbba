package drive

import (
	"sync/atomic"

	"example.org/half-atomics/internal/collector"
)

// excusedTurns is how far the window must turn during one IncrementRequests before that request may be lost in a
// sound collector. The index is j while the counter of turns is j or, during the next turn, j+1. The bucket of
// index j is emptied at turn j+5. So a request that finds j and adds too late has seen the counter rise by 4.
const excusedTurns = collector.WindowBuckets - 1

// Witness stands between the service and its collector and keeps books of the window: every request that was
// counted must be found again, in the window at the end or in a bucket at the moment it is emptied. It adds no
// lock and no ordering that would keep two racing accesses apart.
type Witness struct {
	collector.Collector
	before  collector.Counts
	turns   atomic.Uint64
	excused atomic.Uint64
	retired uint64 // of the pruning goroutine alone, until that has ended
}

// NewWitness watches a collector that counts nothing yet, apart from what it restored.
func NewWitness(watched collector.Collector) *Witness {
	return &Witness{Collector: watched, before: watched.Counts()}
}

// IncrementRequests also notes whether it took so long that the request may be lost.
func (w *Witness) IncrementRequests() {
	begun := w.turns.Load()
	w.Collector.IncrementRequests()
	if w.turns.Load()-begun >= excusedTurns {
		w.excused.Add(1)
	}
}

// PruneOldestRequestCount also notes what the bucket holds that is about to be emptied.
func (w *Witness) PruneOldestRequestCount() {
	w.turns.Add(1)
	w.retired += w.Collector.OrderedRecentRequests()[0]
	w.Collector.PruneOldestRequestCount()
}

// audit compares the books when nobody uses the collector any more.
func (w *Witness) audit(sent Tally) []Objection {
	now := w.Counts()
	counted := now.Requests - w.before.Requests
	found := w.retired + w.RecentRequestCount()
	return nonEmpty([]Objection{
		{outside(counted, sent.Answered, sent.Answered+sent.Failed), "requests missing from or made up in the total"},
		{outside(found, counted-min(counted, w.excused.Load()), counted), "requests lost from or made up in the window"},
		{outside(now.Sessions-w.before.Sessions, sent.Sessions, sent.Sessions+sent.Failed), "sessions missing or made up"},
	})
}

// outside is how far the value lies outside the range.
func outside(value, least, most uint64) uint64 {
	return max(least, value) - value + max(most, value) - most
}
