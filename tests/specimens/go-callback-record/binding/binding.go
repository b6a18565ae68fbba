// Package binding has threads of C call back into Go without cgo: what they pass is handed on where it lies, on their own stacks.
package binding

import (
	"fmt"

	"github.com/ebitengine/purego"

	"specimens/stage/beside"
)

// Arguments are what a thread passes, and what it gets.
type Arguments struct {
	Thread, Number, Complement, Result uint64
}

var (
	// hear is what the C function calls, which lies at calledABI0.
	hear       func(passed *Arguments)
	calledABI0 uintptr
)

// Begin has the library that lies beside this program start its threads.
func Begin(heard func(passed *Arguments)) error {
	hear = heard
	library, err := beside.Load("libthreads.so")
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
