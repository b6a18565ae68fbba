// Tells what Go's own runtime knows of this program's code and stack, for comparison.
//
// It prints the stack of a goroutine (registers first, then every frame), then where main.main stands, and then
// answers each code address on its standard input with the function, file and line there.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
)

func here(registers *[3]uint64)

// Before the registers are taken, so that nothing called later has to move the stack.
//
//go:noinline
func growStack(n int) int {
	var space [1024]int
	if n == 0 {
		return 0
	}
	space[n] = growStack(n - 1)
	return space[n] + 1
}

func printFrames(frames *runtime.Frames) {
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		fmt.Printf("%s\t%s\t%d\n", frame.Function, frame.File, frame.Line)
	}
}

//go:noinline
func stop() {
	var registers [3]uint64
	callers := make([]uintptr, 64)
	growStack(64)
	here(&registers)
	callers = callers[:runtime.Callers(1, callers)]
	fmt.Printf("registers %x %x %x\n", registers[0], registers[1], registers[2])
	printFrames(runtime.CallersFrames(callers))
	fmt.Println()
	answer()
}

func inner() { stop() }

func middle() {
	if len(os.Args) < 9 {
		inner()
	}
}

type shape interface{ area(n int) int }

type square struct{ side int }

//go:noinline
func (s square) area(n int) int {
	defer func() { s.side++ }()
	middle()
	return n * s.side
}

//go:noinline
func generic[T any](value T, call func(T) int) int { return call(value) + 1 }

func answer() {
	fmt.Printf("main %x\n", runtime.FuncForPC(entry()).Entry())
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		pc, _ := strconv.ParseUint(input.Text(), 16, 64)
		// A caller's address is meant here: the byte before it is looked up.
		printFrames(runtime.CallersFrames([]uintptr{uintptr(pc) + 1}))
	}
}

var started uintptr

func entry() uintptr { return started }

func main() {
	started, _, _, _ = runtime.Caller(0)
	done := make(chan int)
	var s shape = square{len(os.Args)}
	go func() { done <- generic(3, s.area) }()
	<-done
}
