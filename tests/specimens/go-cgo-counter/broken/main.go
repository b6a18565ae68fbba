// A counter that C allocates and bumps, and that Go reads through a pointer without asking C.
// The race: `*counter += by` in counter_bump (counter.c) against `return *counter` in readCounter.
package main

/*
#include "counter.h"
*/
import "C"

import (
	"unsafe"

	"specimens/stage"
)

//go:noinline
func readCounter(counter *uint64) uint64 { return *counter } // races with counter_bump in counter.c

func main() {
	counter := C.counter_new()
	inGo := (*uint64)(unsafe.Pointer(counter))
	stage.Play(
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				C.counter_bump(counter, 1)
				stage.Work(2000)
			}
			return operations
		},
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				stage.Work(int(readCounter(inGo) & 255))
				stage.Breathe(operations)
			}
			return operations
		},
	)
}
