// The twin of broken: whoever matches holds a read lock, and the old rules are freed under the write lock.
package main

/*
#include "rules.h"
*/
import "C"

import (
	"sync"

	"specimens/stage"
)

var (
	lock    sync.RWMutex
	current *C.struct_rules
)

func replaceRules() (operations uint64) {
	for ; !stage.Over(); operations++ {
		made := C.rules_new(C.uint64_t(operations))
		lock.Lock()
		C.rules_free(current)
		current = made
		lock.Unlock()
		stage.Work(20000)
	}
	return operations
}

func matchRules() (operations uint64) {
	for ; !stage.Over(); operations++ {
		lock.RLock()
		sum := C.rules_match(current, C.uint64_t(operations))
		lock.RUnlock()
		stage.Work(int(sum&63) + 100)
	}
	return operations
}

func main() {
	current = C.rules_new(1)
	stage.Play(replaceRules, matchRules, matchRules)
}
