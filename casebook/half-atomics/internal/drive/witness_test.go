package drive

import (
	"testing"

	"example.org/half-atomics/internal/collector"
	"example.org/half-atomics/internal/collector/broken"
	"example.org/half-atomics/internal/collector/mended"
)

func sentFor(requests uint64) Tally { return Tally{Answered: requests} }

func TestRequestsInEmptiedBucketsAreFoundAgain(t *testing.T) {
	w := NewWitness(broken.New())
	for range 3 * collector.WindowBuckets {
		w.IncrementRequests()
		w.PruneOldestRequestCount()
	}
	if raised := w.audit(sentFor(3 * collector.WindowBuckets)); raised != nil {
		t.Errorf("objections %v", raised)
	}
}

// overtaken is a collector whose requests stand still while the window goes round, and are lost. The books see
// the given number of turns of the whole round.
type overtaken struct {
	collector.Collector
	turn func()
	seen int
}

func (o *overtaken) IncrementRequests() {
	o.Collector.IncrementRequests()
	for range o.seen {
		o.turn()
	}
	for range collector.WindowBuckets - o.seen {
		o.Collector.PruneOldestRequestCount()
	}
}

func lostWhenSeen(turns int) []Objection {
	slow := &overtaken{Collector: mended.New(), seen: turns}
	w := NewWitness(slow)
	slow.turn = w.PruneOldestRequestCount
	w.IncrementRequests()
	return w.audit(sentFor(1))
}

func TestARequestThatTheWindowOvertookMayBeLost(t *testing.T) {
	if raised := lostWhenSeen(excusedTurns); raised != nil {
		t.Errorf("objections %v", raised)
	}
}

func TestAQuickRequestMayNotBeLost(t *testing.T) {
	if raised := lostWhenSeen(excusedTurns - 1); len(raised) != 1 || raised[0].Times != 1 {
		t.Errorf("objections %v, want one about one request", raised)
	}
}

func TestAnObjectionCountsHowFarTheBooksDiffer(t *testing.T) {
	w := NewWitness(mended.New())
	w.IncrementRequests()
	raised := w.audit(sentFor(4))
	if len(raised) != 1 || raised[0].Times != 3 {
		t.Errorf("objections %v, want one about 3 requests", raised)
	}
}

func TestAFailedRequestMayOrMayNotHaveBeenCounted(t *testing.T) {
	for counted := range 3 {
		w := NewWitness(mended.New())
		for range counted {
			w.IncrementRequests()
		}
		raised := w.audit(Tally{Answered: 1, Failed: 1})
		if fine := counted >= 1; fine != (raised == nil) {
			t.Errorf("%d counted: objections %v", counted, raised)
		}
	}
}

func TestOutsideIsTheDistanceToTheRange(t *testing.T) {
	for _, c := range []struct{ value, least, most, want uint64 }{
		{5, 5, 5, 0}, {6, 5, 7, 0}, {2, 5, 7, 3}, {9, 5, 7, 2},
	} {
		if got := outside(c.value, c.least, c.most); got != c.want {
			t.Errorf("%d outside %d to %d by %d, want %d", c.value, c.least, c.most, got, c.want)
		}
	}
}
