// Package stage is where the Go specimens play: it starts each role in a goroutine of its own, lets them run for
// os.Args[1] seconds (10 by default), raises an atomic flag, waits for them and prints "ops N".
package stage

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"
)

var over atomic.Bool

// Role plays until Over, then returns how many operations it did.
type Role func() uint64

// Over says whether the play has ended.
func Over() bool { return over.Load() }

// Work is a little of what programs do between two shared accesses: about a nanosecond a step.
//
//go:noinline
func Work(steps int) uint64 {
	var cells [64]uint64
	mix := uint64(steps)
	for range steps {
		mix = (mix ^ (mix >> 29)) * 0x9e3779b97f4a7c15
		cells[mix&63] += mix
	}
	return mix + cells[0]
}

// Breathe lets others run after every operation, and sleeps after every 64th: Go sleeps at least a millisecond
// when nothing else runs, so a sleep each time would make a role too rare.
func Breathe(operation uint64) {
	if operation%64 == 63 {
		time.Sleep(20 * time.Microsecond)
		return
	}
	runtime.Gosched()
}

// Seconds is how long the play lasts.
func Seconds() float64 {
	if len(os.Args) < 2 {
		return 10
	}
	seconds, err := strconv.ParseFloat(os.Args[1], 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, "argv[1] is a number of seconds:", err)
		os.Exit(2)
	}
	return seconds
}

// Play runs the whole play.
func Play(roles ...Role) {
	counts := make(chan uint64)
	for _, role := range roles {
		go func() { counts <- role() }()
	}
	time.Sleep(time.Duration(Seconds() * float64(time.Second)))
	over.Store(true)
	var operations uint64
	for range roles {
		operations += <-counts
	}
	fmt.Println("ops", operations)
}
