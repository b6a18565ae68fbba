// A struct field that two goroutines touch.
// The race: `c.hits++` in (*collector).record against `return c.hits` in (*collector).snapshot.
package main

import "specimens/stage"

type collector struct {
	name string
	hits uint64
}

//go:noinline
func (c *collector) record() { c.hits++ } // races with snapshot

//go:noinline
func (c *collector) snapshot() uint64 { return c.hits } // races with record

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
