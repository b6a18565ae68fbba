// The twin of broken: pointers come back as numbers, which purego v0.9.1 copies in time, and with them all else that a
// function may return: strings, structs, truth values, floating-point numbers, nothing, what a callback says. Everything
// is checked.
package main

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/ebitengine/purego"

	"specimens/stage"
	"specimens/stage/beside"
)

type entry struct {
	id, square uint64
	name       [16]byte
}

var (
	prepare func()
	entryOf func(id uint64) uintptr
	nameOf  func(id uint64) string
	isEven  func(id uint64) bool
	halfOf  func(number float64) float64
	forget  func(entry uintptr)
	ask     func(answer uintptr, id uint64) uint64

	double = purego.NewCallback(func(id uint64) uint64 { return 2 * id })
)

// load opens the library that lies beside this program.
func load() error {
	library, err := beside.Load("librecord.so")
	if err != nil {
		return err
	}
	functions := map[string]any{
		"prepare": &prepare, "entry_of": &entryOf, "name_of": &nameOf, "is_even": &isEven, "half_of": &halfOf,
		"forget": &forget, "ask": &ask,
	}
	for name, function := range functions {
		purego.RegisterLibFunc(function, library, name)
	}
	return nil
}

//go:noinline
func entryFor(id uint64) entry {
	address := entryOf(id)
	defer forget(address)
	return **(**entry)(unsafe.Pointer(&address))
}

// isRight asks for everything about one id.
func isRight(id uint64) bool {
	found := entryFor(id)
	return found.id == id && found.square == id*id && nameOf(id) == fmt.Sprintf("entry %d", id) &&
		isEven(id) == (id%2 == 0) && halfOf(float64(id)) == float64(id)/2 && ask(double, id) == 2*id+1
}

// asker asks for its own entries, round and round.
func asker(first uint64) stage.Role {
	return func() (operations uint64) {
		for ; !stage.Over(); operations++ {
			if id := first + operations%256; !isRight(id) {
				fmt.Fprintln(os.Stderr, "wrong answers about", id)
				os.Exit(1)
			}
		}
		return operations
	}
}

func main() {
	if err := load(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	prepare()
	stage.Play(asker(0), asker(256), asker(512), asker(768), asker(1024), asker(1280))
}
