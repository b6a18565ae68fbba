// Package shop is a service that asks the gates library about its visitors.
package shop

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"example.org/swapped-returns/internal/drive"
	"example.org/swapped-returns/internal/gates"
)

const (
	// flushEvery is how often the service has exposures handed over in its own time; the library does so in its own.
	flushEvery = 50 * time.Millisecond
	// libraryInterval is how often the library looks for newer specs.
	libraryInterval = 20 * time.Millisecond
	// exposurePercent: a busy service looks at a sample.
	exposurePercent = 1
)

// Plan is what the service is to do.
type Plan struct {
	drive.Plan
	// Specs is the file with what is decided.
	Specs string
	// KeepAnswers leaves every answer where it is, and looks at pointers before it follows them.
	KeepAnswers bool
	// AskInCallback asks for a gate whenever exposures are taken, to know whether to write them down.
	AskInCallback bool
}

// Shop is the service.
type Shop struct {
	plan    Plan
	client  *gates.Client
	watcher *gates.User
	batches atomic.Uint64
	// opened is set when the callbacks may use the fields above.
	opened atomic.Bool
}

// Open loads the library and makes a client.
func Open(plan Plan) (*Shop, error) {
	specs, err := os.ReadFile(plan.Specs)
	if err != nil {
		return nil, err
	}
	store, err := newPublisher(string(specs))
	if err != nil {
		return nil, err
	}
	if err := gates.Load(plan.Library); err != nil {
		return nil, err
	}
	gates.KeepAnswers = plan.KeepAnswers
	s := &Shop{plan: plan}
	if s.watcher, err = gates.NewUser(gates.Attributes{UserID: "watcher", Email: "watcher@shop.test"}); err != nil {
		return nil, err
	}
	s.client, err = gates.NewClient(gates.Options{
		IntervalMS:      int(libraryInterval / time.Millisecond),
		ExposurePercent: exposurePercent,
		Store:           store,
		Observe:         func(string, uint64) {},
		TakeExposures:   s.takeExposures,
	})
	s.opened.Store(true)
	return s, err
}

// takeExposures is called from goroutines that flush and from the library's own thread.
func (s *Shop) takeExposures(string) {
	s.batches.Add(1)
	if s.plan.AskInCallback && s.opened.Load() {
		s.client.CheckGate(s.watcher, "staff")
	}
}

// Drive lets visitors in for as long as planned, and returns the exit status.
func (s *Shop) Drive(out, err io.Writer) int {
	visitors := []drive.Visitor{s.flush}
	for number := range s.plan.Visitors {
		v := visitor{client: s.client, number: number}
		if s.plan.KeepAnswers {
			v.atMost = keptAtMost / s.plan.Visitors
		}
		visitors = append(visitors, v.visit)
	}
	load := drive.Drive{Plan: s.plan.Plan, Out: out, Err: err}
	status := load.Run(visitors)
	if status != drive.ExitHung {
		s.client.Close()
		fmt.Fprintf(err, "%d batches of exposures\n", s.batches.Load())
	}
	return status
}

// flush has exposures handed over in time. It asks nothing, so it notes nothing.
func (s *Shop) flush(stop *atomic.Bool, _ *drive.Tally) {
	for !stop.Load() {
		s.client.Flush()
		time.Sleep(flushEvery)
	}
}
