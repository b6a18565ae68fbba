// A goroutine calls C, which calls Go, which calls C, which stops: all without cgo.
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"

	"github.com/ebitengine/purego"
)

var (
	first func(callback uintptr, n int32) int32
	stop  func(n int32) int32
)

//go:noinline
func growStack(n int) int {
	var space [1024]int
	if n == 0 {
		return int(stop(1))
	}
	space[n] = growStack(n - 1)
	return space[n] + 1
}

func inner(n int32) int32 { return int32(growStack(int(n))) }

//go:noinline
func outer(n int) int { return int(first(purego.NewCallback(inner), int32(n))) + 1 }

func printGoroutine() {
	var text [64]byte
	runtime.Stack(text[:], false)
	fmt.Printf("%s\n", bytes.Fields(text[:])[1])
}

//go:noinline
func work(done chan int) {
	printGoroutine()
	done <- outer(2)
}

func main() {
	library, err := purego.Dlopen(os.Args[1], purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		panic(err)
	}
	purego.RegisterLibFunc(&first, library, "first")
	purego.RegisterLibFunc(&stop, library, "stop")
	done := make(chan int)
	go func() { work(done) }()
	<-done
}
