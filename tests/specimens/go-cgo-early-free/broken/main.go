// Rules that C++ allocates, replaced while goroutines match against them. The pointer is atomic; the old rules are freed
// as soon as there are new ones.
// The use after free: `delete rules` in rules_free against the loop in rules_match (rules.cpp).
package main

/*
#include "rules.h"
*/
import "C"

import (
	"sync/atomic"

	"specimens/stage"
)

// site holds its rules; the garbage collector knows nothing of them.
type site struct{ rules *C.struct_rules }

var current atomic.Pointer[site]

func replaceRules() (operations uint64) {
	for ; !stage.Over(); operations++ {
		old := current.Swap(&site{C.rules_new(C.uint64_t(operations))})
		C.rules_free(old.rules) // matchRules may be using them
		stage.Work(20000)
	}
	return operations
}

func matchRules() (operations uint64) {
	for ; !stage.Over(); operations++ {
		sum := C.rules_match(current.Load().rules, C.uint64_t(operations))
		stage.Work(int(sum&63) + 100)
	}
	return operations
}

func main() {
	current.Store(&site{C.rules_new(1)})
	stage.Play(replaceRules, matchRules, matchRules)
}
