// Goroutines have a C function of one line halve their numbers, through a binding that gives the record of a call back before it
// has read the result from it, so that now and then one goroutine is handed what was returned to another. No two threads are
// ever at the same bytes, and what goes wrong is in a floating-point register. Nobody looks at the numbers.
package main

import (
	"fmt"
	"os"

	"specimens/go-purego-float/binding"
	"specimens/stage"
)

//go:noinline
func halfOf(function uintptr, number float64) float64 { return 1 + binding.Referred(function, number) }

// asker asks for the halves of its own numbers, round and round.
func asker(function uintptr, first uint64) stage.Role {
	return func() (operations uint64) {
		var sum float64
		for ; !stage.Over(); operations++ {
			sum += halfOf(function, float64(first+operations%256))
			stage.Work(100)
		}
		fmt.Fprintln(os.Stderr, sum)
		return operations
	}
}

func main() {
	function, err := binding.Load("librecord.so", "half_of")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stage.Play(asker(function, 1), asker(function, 257), asker(function, 513), asker(function, 769), asker(function, 1025), asker(function, 1281))
}
