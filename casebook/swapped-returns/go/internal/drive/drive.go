// Package drive lets many visitors ask at once, and tells how many answers were somebody else's.
package drive

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.org/swapped-returns/internal/mitigation"
)

// The exit statuses. A crash has Go's own, 2.
const (
	ExitFine       = 0
	ExitWrong      = 1
	ExitMisused    = 2
	ExitNotStarted = 4
	ExitHung       = 124
)

// Visitor asks one question after another, until told to stop, and notes where each answer comes from.
type Visitor func(stop *atomic.Bool, tally *Tally)

// Drive is some visitors under way.
type Drive struct {
	Plan     Plan
	Out, Err io.Writer

	stop    atomic.Bool
	tallies []*Tally
	started time.Time
}

// Run lets the visitors visit as long as planned, tells how it went, and returns the exit status.
func (d *Drive) Run(visitors []Visitor) int {
	ended := d.start(visitors)
	time.Sleep(d.Plan.Lasting)
	d.stop.Store(true)
	select {
	case <-ended:
		return d.tell()
	case <-time.After(d.Plan.Patience):
		d.tellWhoHangs()
		d.tell()
		return ExitHung
	}
}

// start returns a channel that is closed when all visitors have ended.
func (d *Drive) start(visitors []Visitor) <-chan struct{} {
	var visiting sync.WaitGroup
	d.started = time.Now()
	for _, visit := range visitors {
		tally := &Tally{out: d.Err}
		d.tallies = append(d.tallies, tally)
		visiting.Go(func() { visit(&d.stop, tally) })
	}
	ended := make(chan struct{})
	go func() { visiting.Wait(); close(ended) }()
	return ended
}

// tellWhoHangs shows where every goroutine stands.
func (d *Drive) tellWhoHangs() {
	fmt.Fprintf(d.Err, "hung: not all visitors have come back %v after the end\n\n", d.Plan.Patience)
	pprof.Lookup("goroutine").WriteTo(d.Err, 2)
}

// tell prints the report. Its last line is made for programs.
func (d *Drive) tell() int {
	lasted := time.Since(d.started)
	var counts [origins]uint64
	var all, wrong uint64
	for _, tally := range d.tallies {
		for origin := range counts {
			counts[origin] += tally.counts[origin].Load()
		}
		all, wrong = all+tally.all(), wrong+tally.wrong()
	}
	fmt.Fprintf(d.Out, "%d goroutines, GOMAXPROCS %d, %s, purego %s (%s): %.0f answers/s\n", len(d.tallies),
		runtime.GOMAXPROCS(0), runtime.Version(), puregoVersion(), mitigation.Name, float64(all)/lasted.Seconds())
	for origin := SiblingsReturn; int(origin) < origins; origin++ {
		if counts[origin] > 0 {
			fmt.Fprintf(d.Out, "wrong: %d %s\n", counts[origin], origin)
		}
	}
	fmt.Fprintf(d.Out, "ops %d, wrong %d\n", all, wrong)
	if wrong > 0 {
		return ExitWrong
	}
	return ExitFine
}

// puregoVersion is the one that this program was linked with.
func puregoVersion() string {
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if strings.HasSuffix(module.Path, "/purego") {
				return module.Version
			}
		}
	}
	return "of unknown version"
}
