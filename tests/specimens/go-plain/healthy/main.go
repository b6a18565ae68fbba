// The twin of broken: the same field, guarded by a sync.Mutex.
package main

import (
	"sync"

	"specimens/stage"
)

type collector struct {
	name string
	lock sync.Mutex
	hits uint64
}

//go:noinline
func (c *collector) record() {
	c.lock.Lock()
	c.hits++
	c.lock.Unlock()
}

//go:noinline
func (c *collector) snapshot() uint64 {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.hits
}

func main() {
	shared := &collector{name: "requests"}
	stage.Play(
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				shared.record()
				stage.Work(2000)
			}
			return operations
		},
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				stage.Work(int(shared.snapshot() & 255))
				stage.Breathe(operations)
			}
			return operations
		},
	)
}
