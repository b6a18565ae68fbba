package collector

import (
	"math"
	"testing"
	"time"
)

func TestNoDurationsHaveZeroStats(t *testing.T) {
	var empty Spread
	if got := empty.Stats(); got != (ResponseStats{}) {
		t.Errorf("stats %+v", got)
	}
}

func TestSmallDurationsHaveExactPercentiles(t *testing.T) {
	var spread Spread
	for d := time.Duration(1); d <= 20; d++ {
		spread.Add(d)
	}
	want := ResponseStats{Count: 20, Mean: 10, P50: 10, P95: 19, P99: 20, Max: 20}
	if got := spread.Stats(); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestPercentilesAreAtMostOneThirtySecondTooHigh(t *testing.T) {
	var spread Spread
	for ms := 1; ms <= 1000; ms++ {
		spread.Add(time.Duration(ms) * time.Millisecond)
	}
	stats := spread.Stats()
	for _, c := range []struct{ got, exact time.Duration }{
		{stats.P50, 500 * time.Millisecond}, {stats.P95, 950 * time.Millisecond}, {stats.P99, 990 * time.Millisecond},
	} {
		if c.got < c.exact || c.got > c.exact+c.exact/steps {
			t.Errorf("percentile %v, want %v or a little more", c.got, c.exact)
		}
	}
}

func TestEveryDurationLiesInsideItsCell(t *testing.T) {
	for _, d := range []time.Duration{0, 1, 31, 32, 63, 64, 65, 127, 128, 4095, time.Hour, math.MaxInt64} {
		cell := cellOf(d)
		if upperEnd(cell) < d || (cell > 0 && upperEnd(cell-1) >= d) {
			t.Errorf("%d is in cell %d, which ends at %d after %d", d, cell, upperEnd(cell), upperEnd(max(cell, 1)-1))
		}
	}
}

func TestANegativeDurationCountsAsZero(t *testing.T) {
	var spread Spread
	spread.Add(-time.Second)
	if got := spread.Stats(); got != (ResponseStats{Count: 1}) {
		t.Errorf("stats %+v", got)
	}
}
