// Half of a handshake in Go: written with sync/atomic, read as a plain field.
// The race: the atomic.AddInt64 in (*counter).hit against `return c.hits` in (*counter).total.
package main

import (
	"sync/atomic"

	"specimens/stage"
)

type counter struct{ hits int64 }

//go:noinline
func (c *counter) hit() { atomic.AddInt64(&c.hits, 1) } // races with total

//go:noinline
func (c *counter) total() int64 { return c.hits } // races with hit

func main() {
	shared := new(counter)
	stage.Play(
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				shared.hit()
				stage.Work(1500)
			}
			return operations
		},
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				stage.Work(int(shared.total() & 255))
				stage.Breathe(operations)
			}
			return operations
		},
	)
}
