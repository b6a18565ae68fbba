// Package drive hammers every path of a running service at once and keeps books of what it must have counted.
package drive

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"example.org/half-atomics/internal/service"
)

// Pace is the background work's under a drive: fast enough that each racing pair meets hundreds of times a second.
var Pace = service.Pace{Prune: time.Millisecond, Refresh: 3 * time.Millisecond}

// Plan is how hard to drive.
type Plan struct {
	// Lasting is how long requests are sent.
	Lasting time.Duration
	// Direct is the number of visitors that call the handler.
	Direct int
	// Connected is the number of visitors that come over a loopback connection.
	Connected int
}

// Drive is a running service under load.
type Drive struct {
	// Witness is the collector that the service was given.
	Witness *Witness
	// Handler is the service's own, middleware included.
	Handler http.Handler
	// Address is where the service listens.
	Address string
}

// Run sends requests as planned, or until the context ends. It then calls quiesce, which must end everything that
// uses the collector, and audits the books.
func (d Drive) Run(ctx context.Context, plan Plan, quiesce func() error) (Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, plan.Lasting)
	defer cancel()
	readers := newReader(d.Witness)
	var reading sync.WaitGroup
	for _, path := range []struct {
		period time.Duration
		read   func()
	}{{windowPeriod, readers.readWindow}, {statsPeriod, readers.readStats}, {snapshotPeriod, readers.readSnapshot}} {
		reading.Go(func() { service.Every(ctx, path.period, path.read) })
	}
	sent := d.send(ctx.Done(), plan)
	reading.Wait()
	if err := quiesce(); err != nil {
		return Verdict{}, err
	}
	return Verdict{sent, append(readers.objections(), d.Witness.audit(sent)...)}, nil
}

// send lets all visitors visit until the channel is closed.
func (d Drive) send(stop <-chan struct{}, plan Plan) Tally {
	var visiting sync.WaitGroup
	inProcess, connected := visitors("direct", plan.Direct), visitors("connected", plan.Connected)
	for _, v := range inProcess {
		visiting.Go(func() { v.visit(stop, newDirect(d.Handler).ask) })
	}
	for _, v := range connected {
		visiting.Go(func() {
			line := connection{address: d.Address}
			defer line.close()
			v.visit(stop, line.ask)
		})
	}
	visiting.Wait()
	return total(inProcess, connected)
}

func visitors(kind string, count int) []*visitor {
	var all []*visitor
	for number := range count {
		all = append(all, newVisitor(fmt.Sprintf("%s-%d", kind, number)))
	}
	return all
}

func total(inProcess, connected []*visitor) Tally {
	var sum Tally
	for _, v := range connected {
		sum.add(v.tally)
	}
	sum.OverHTTP = sum.Answered
	for _, v := range inProcess {
		sum.add(v.tally)
	}
	return sum
}
