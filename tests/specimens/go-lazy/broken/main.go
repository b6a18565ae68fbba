// A connection that is built when it is first asked for, by whichever of two goroutines is first.
// The race: `s.open = dial(s.number)` against `if s.open == nil`, both in (*session).connection.
package main

import (
	"sync/atomic"

	"specimens/stage"
)

type connection struct{ peer uint64 }

type session struct {
	number uint64
	open   *connection
}

//go:noinline
func dial(peer uint64) *connection {
	stage.Work(2000)
	return &connection{peer: peer}
}

//go:noinline
func (s *session) connection() *connection {
	if s.open == nil {
		s.open = dial(s.number) // races with itself
	}
	return s.open
}

const requests = 16 // in each session

var current atomic.Pointer[session]

func handle(operation uint64) {
	shared := current.Load()
	stage.Work(int(shared.connection().peer & 63))
	stage.Breathe(operation)
}

func main() {
	current.Store(&session{})
	stage.Play(
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				if operations%requests == 0 {
					current.Store(&session{number: operations})
				}
				handle(operations)
			}
			return operations
		},
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				handle(operations)
			}
			return operations
		},
	)
}
