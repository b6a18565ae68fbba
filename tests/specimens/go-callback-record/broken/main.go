// Threads of C call back into Go through a binding that copies what they pass into a record from a pool, and gives that back
// before it has read it. So now and then a callback gets what another thread has passed: the two run one after the other on one
// Go processor, each locked to its thread. Nobody looks at the numbers.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ebitengine/purego"

	"specimens/stage"
)

// arguments are what a thread passes, and what it gets.
type arguments struct {
	thread, number, complement, result uint64
}

var (
	records = sync.Pool{New: func() any { return new(arguments) }}
	calls   atomic.Uint64

	// hear is what the C function calls, which lies at calledABI0.
	hear       = heard
	calledABI0 uintptr
)

//go:noinline
func heard(passed *arguments) {
	record := records.Get().(*arguments)
	*record = *passed
	records.Put(record)
	passed.result = answer(record.thread, record.number, record.complement) // its record may be another one's by now
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

// begin has the library that lies beside this program start its threads.
func begin() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	library, err := purego.Dlopen(filepath.Join(filepath.Dir(program), "libthreads.so"), purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return err
	}
	var callBack func(callback uintptr) uint64
	purego.RegisterLibFunc(&callBack, library, "call_back")
	if started := callBack(calledABI0); started < 2 {
		return fmt.Errorf("only %d threads", started)
	}
	return nil
}

func main() {
	if err := begin(); err != nil {
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
