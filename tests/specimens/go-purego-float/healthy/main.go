// The twin of broken: what was returned is copied before the record is given back. Every number is checked.
package main

import (
	"fmt"
	"os"

	"specimens/go-purego-float/binding"
	"specimens/stage"
)

//go:noinline
func halfOf(function uintptr, number float64) float64 { return 1 + binding.Copied(function, number) }

// asker asks for the halves of its own numbers, round and round.
func asker(function uintptr, first uint64) stage.Role {
	return func() (operations uint64) {
		for ; !stage.Over(); operations++ {
			number := float64(first + operations%256)
			if half := halfOf(function, number); half != 1+number/2 {
				fmt.Fprintln(os.Stderr, "wrong half of", number, "and one:", half)
				os.Exit(1)
			}
			stage.Work(100)
		}
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
