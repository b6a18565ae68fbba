// The twin of broken: the same map under a sync.RWMutex.
package main

import (
	"sync"
	"time"

	"specimens/stage"
)

type registry struct {
	lock   sync.RWMutex
	visits map[uint64]uint64
}

//go:noinline
func (r *registry) count(key uint64) {
	r.lock.Lock()
	r.visits[key] += 1
	r.lock.Unlock()
}

//go:noinline
func (r *registry) seen(key uint64) uint64 {
	r.lock.RLock()
	defer r.lock.RUnlock()
	return r.visits[key]
}

const keys = 4

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
