// The twin of broken: both sides through sync/atomic.
package main

import (
	"sync/atomic"

	"specimens/stage"
)

type counter struct{ hits int64 }

//go:noinline
func (c *counter) hit() { atomic.AddInt64(&c.hits, 1) }

//go:noinline
func (c *counter) total() int64 { return atomic.LoadInt64(&c.hits) }

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
