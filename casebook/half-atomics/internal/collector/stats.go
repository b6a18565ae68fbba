package collector

import (
	"math/bits"
	"time"
)

// Every power of two is divided into so many equal steps, so a percentile is at most 1/32 too high.
const (
	stepBits = 5
	steps    = 1 << stepBits
	// 63 bits of a duration, less the lowest ones, which share the first group with zero.
	groups = 64 - stepBits
)

// Spread collects durations, at constant cost each, and describes them. The zero value is empty.
type Spread struct {
	count int
	sum   time.Duration
	max   time.Duration
	cells [groups * steps]uint16 // a cell holds RingSize at most
}

// Add takes in one of at most RingSize durations. Negative ones are taken as zero.
func (s *Spread) Add(d time.Duration) {
	d = max(d, 0)
	s.count++
	s.sum += d
	s.max = max(s.max, d)
	s.cells[cellOf(d)]++
}

// Stats describes what was added.
func (s *Spread) Stats() ResponseStats {
	if s.count == 0 {
		return ResponseStats{}
	}
	return ResponseStats{
		Count: s.count,
		Mean:  s.sum / time.Duration(s.count),
		P50:   s.percentile(50),
		P95:   s.percentile(95),
		P99:   s.percentile(99),
		Max:   s.max,
	}
}

// percentile is the upper end of the cell in which the smallest duration lies that at least percent of all do not
// exceed (the nearest-rank definition).
func (s *Spread) percentile(percent int) time.Duration {
	rank := (s.count*percent + 99) / 100
	for cell, held := range s.cells {
		if rank -= int(held); rank <= 0 {
			return min(upperEnd(cell), s.max)
		}
	}
	return s.max
}

// cellOf maps 0..31 to themselves and every later power of two to 32 cells.
func cellOf(d time.Duration) int {
	if d < steps {
		return int(d)
	}
	shift := bits.Len64(uint64(d)) - stepBits - 1
	return shift*steps + int(d>>shift)
}

// upperEnd is the longest duration in the cell.
func upperEnd(cell int) time.Duration {
	if cell < 2*steps {
		return time.Duration(cell)
	}
	shift := cell/steps - 1
	return time.Duration(cell-shift*steps+1)<<shift - 1
}
