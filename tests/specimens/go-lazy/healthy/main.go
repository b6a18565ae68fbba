// A connection that is built when it is first asked for, once: sync.Once.
package main

import (
	"sync"
	"sync/atomic"

	"specimens/stage"
)

type connection struct{ peer uint64 }

type session struct {
	number uint64
	once   sync.Once
	open   *connection
}

//go:noinline
func dial(peer uint64) *connection {
	stage.Work(2000)
	return &connection{peer: peer}
}

//go:noinline
func (s *session) connection() *connection {
	s.once.Do(func() {
		s.open = dial(s.number)
	})
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
