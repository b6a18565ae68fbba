// The twin of broken: both languages touch the counter atomically.
package main

/*
#include "counter.h"
*/
import "C"

import (
	"sync/atomic"
	"unsafe"

	"specimens/stage"
)

//go:noinline
func readCounter(counter *uint64) uint64 { return atomic.LoadUint64(counter) }

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
