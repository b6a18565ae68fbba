// The twin of broken/plugin.go: the same variable under a mutex.
package main

import "sync"

var (
	guard  sync.Mutex
	latest uint64
)

//go:noinline
func Update(value uint64) {
	guard.Lock()
	defer guard.Unlock()
	latest = value
}

//go:noinline
func Snapshot() uint64 {
	guard.Lock()
	defer guard.Unlock()
	return latest
}

func main() {}
