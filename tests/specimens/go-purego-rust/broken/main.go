// A Go program without cgo calls a Rust library through purego; the library counts without a lock.
// The race is inside the library, between the callers visit and opened: see gate.rs.
//
// Handles cross the boundary as uintptr: purego v0.9.1 itself races when a function returns a pointer.
package main

import (
	"fmt"
	"os"

	"github.com/ebitengine/purego"

	"specimens/stage"
	"specimens/stage/beside"
)

var (
	gateNew    func() uintptr
	gateOpen   func(gate uintptr, visitor uint64)
	gateOpened func(gate uintptr) uint64
)

// load opens the library that lies beside this program.
func load(name string) error {
	library, err := beside.Load(name)
	if err != nil {
		return err
	}
	purego.RegisterLibFunc(&gateNew, library, "gate_new")
	purego.RegisterLibFunc(&gateOpen, library, "gate_open")
	purego.RegisterLibFunc(&gateOpened, library, "gate_opened")
	return nil
}

//go:noinline
func visit(gate uintptr, visitor uint64) { gateOpen(gate, visitor) }

//go:noinline
func opened(gate uintptr) uint64 { return gateOpened(gate) }

func main() {
	if err := load("libgate-broken.so"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	gate := gateNew()
	stage.Play(
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				visit(gate, operations)
				stage.Work(1000)
			}
			return operations
		},
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				stage.Work(int(opened(gate) & 255))
				stage.Breathe(operations)
			}
			return operations
		},
	)
}
