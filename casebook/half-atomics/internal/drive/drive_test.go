package drive

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.org/half-atomics/internal/collector"
	"example.org/half-atomics/internal/collector/mended"
	"example.org/half-atomics/internal/service"
)

// driveShortly drives a service that counts with the collector.
func driveShortly(t *testing.T, counts collector.Collector) Verdict {
	t.Helper()
	witness := NewWitness(counts)
	served := service.New(witness, Pace, 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- served.Serve(ctx, listener) }()
	load := Drive{Witness: witness, Handler: served.Handler(), Address: listener.Addr().String()}
	plan := Plan{Lasting: 300 * time.Millisecond, Direct: 3, Connected: 2}
	verdict, err := load.Run(t.Context(), plan, func() error { stop(); return <-ended })
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

func TestTheMendedCollectorLosesNothing(t *testing.T) {
	verdict := driveShortly(t, mended.New())
	if verdict.Wrong() != 0 || verdict.Failed != 0 {
		t.Errorf("verdict %+v", verdict)
	}
	if verdict.OverHTTP == 0 || verdict.OverHTTP >= verdict.Answered {
		t.Errorf("%d of %d requests over HTTP, want some of either kind", verdict.OverHTTP, verdict.Answered)
	}
}

func TestRestoredCountsAreNoneOfTheDrivesBusiness(t *testing.T) {
	counts := mended.New()
	counts.Restore(collector.Counts{Requests: 1000, Sessions: 10})
	if verdict := driveShortly(t, counts); verdict.Wrong() != 0 {
		t.Errorf("verdict %+v", verdict)
	}
}

// The collectors below are wrong on purpose, each in one way that the books must show.

type forgetful struct{ collector.Collector }

func (forgetful) IncrementRequests() {}

type eager struct{ collector.Collector }

func (e eager) IncrementRequests() { e.Collector.IncrementRequests(); e.Collector.IncrementRequests() }

type sessionless struct{ collector.Collector }

func (sessionless) TouchSession(string) {}

// hasty empties all buckets at every turn.
type hasty struct{ collector.Collector }

func (h hasty) PruneOldestRequestCount() {
	for range collector.WindowBuckets {
		h.Collector.PruneOldestRequestCount()
	}
}

type backward struct {
	collector.Collector
	next atomic.Uint64
}

func (b *backward) LatestSnapshot() *collector.Snapshot {
	return &collector.Snapshot{Requests: -b.next.Add(1)}
}

type boastful struct{ collector.Collector }

func (boastful) ComputeResponseStats() collector.ResponseStats {
	return collector.ResponseStats{Count: 1, P50: 2, P95: 1, P99: 2, Max: 2}
}

func TestEachWayOfCountingWrongIsObjectedTo(t *testing.T) {
	for name, c := range map[string]struct {
		counts    collector.Collector
		objection string
	}{
		"forgetful":   {forgetful{mended.New()}, "in the total"},
		"eager":       {eager{mended.New()}, "in the total"},
		"sessionless": {sessionless{mended.New()}, "sessions"},
		"hasty":       {hasty{mended.New()}, "in the window"},
		"backward":    {&backward{Collector: mended.New()}, "went back"},
		"boastful":    {boastful{mended.New()}, "cannot be"},
	} {
		t.Run(name, func(t *testing.T) {
			verdict := driveShortly(t, c.counts)
			if verdict.Wrong() == 0 || !objected(verdict, c.objection) {
				t.Errorf("no objection to %q in %+v", c.objection, verdict)
			}
		})
	}
}

func objected(verdict Verdict, part string) bool {
	for _, objection := range verdict.Objections {
		if strings.Contains(objection.What, part) {
			return true
		}
	}
	return false
}
