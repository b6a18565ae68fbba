// A map that one goroutine writes while another reads.
// The race: `(*registry).count` against `(*registry).seen`, on the map's own words inside the runtime and on the
// element, which both load and store in their own code.
//
// The runtime looks for this itself: a read that begins within the few nanoseconds of a write ends the program with
// "fatal error: concurrent map read and map write" and exit code 2. At these rates most runs of ten seconds end well
// (on two crowded cores, four of six); but whoever stops a thread inside the write makes it likely, and rightly so.
package main

import (
	"time"

	"specimens/stage"
)

type registry struct{ visits map[uint64]uint64 }

//go:noinline
func (r *registry) count(key uint64) { r.visits[key] += 1 } // races with seen

//go:noinline
func (r *registry) seen(key uint64) uint64 { return r.visits[key] } // races with count

const keys = 4 // few, so that the two meet on the same element, and never a new one: the map does not grow

func main() {
	shared := &registry{visits: make(map[uint64]uint64)}
	for key := range uint64(keys) {
		shared.visits[key] = 1
	}
	stage.Play(
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				shared.count(operations % keys)
				pace()
			}
			return operations
		},
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				stage.Work(int(shared.seen(operations/keys%keys) & 63))
				pace()
			}
			return operations
		},
	)
}

// pace keeps a goroutine busy for about 0.4 ms.
func pace() {
	for until := time.Now().Add(400 * time.Microsecond); time.Now().Before(until); {
		stage.Work(2000)
	}
}
