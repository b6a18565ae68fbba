// The twin of broken: the sum is atomic. What each thread passes is checked.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/ebitengine/purego"

	"specimens/stage"
	"specimens/stage/beside"
)

var total, calls atomic.Uint64

//go:noinline
func add(number uint64) { total.Add(number) }

// heard is what the threads of C call.
func heard(thread, number, complement uint64) uint64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if thread > 2 || number != ^complement {
		fmt.Fprintln(os.Stderr, "wrong arguments:", thread, number, complement)
		os.Exit(1)
	}
	if stage.Over() {
		return 0
	}
	add(number)
	calls.Add(1)
	stage.Work(1500)
	return 1
}

// begin has the library that lies beside this program start its threads.
func begin() error {
	library, err := beside.Load("libthreads.so")
	if err != nil {
		return err
	}
	var callBack func(callback uintptr) uint64
	purego.RegisterLibFunc(&callBack, library, "call_back")
	if started := callBack(purego.NewCallback(heard)); started < 2 {
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
