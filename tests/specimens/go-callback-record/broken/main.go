// Threads of C call back into Go through a binding that copies what they pass into a record from a pool, and gives that back
// before it has read it. So now and then a callback gets what another thread has passed: the two run one after the other on one
// Go processor, each locked to its thread. Nobody looks at the numbers.
package main

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"specimens/go-callback-record/binding"
	"specimens/stage"
)

var (
	records = sync.Pool{New: func() any { return new(binding.Arguments) }}
	calls   atomic.Uint64
)

//go:noinline
func heard(passed *binding.Arguments) {
	record := records.Get().(*binding.Arguments)
	*record = *passed
	records.Put(record)
	passed.Result = answer(record.Thread, record.Number, record.Complement) // its record may be another one's by now
}

//go:noinline
func answer(thread, number, complement uint64) uint64 {
	if stage.Over() {
		return 0
	}
	calls.Add(1)
	stage.Work(1500)
	return 1
}

func main() {
	if err := binding.Begin(heard); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stage.Play(func() uint64 {
		for !stage.Over() {
			time.Sleep(time.Millisecond)
		}
		return calls.Load()
	})
}
