// Goroutines ask a C function of one line, through purego v0.9.1, for pointers. It gives the record of a call back before it
// has read the pointer from it, so that now and then one goroutine is handed what was returned to another. No two threads are
// ever at the same bytes. Nobody follows the pointers.
package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/ebitengine/purego"

	"specimens/stage"
	"specimens/stage/beside"
)

type entry struct{ id uint64 }

var entryOf func(id uint64) *entry

// load opens the library that lies beside this program.
func load() error {
	library, err := beside.Load("librecord.so")
	if err != nil {
		return err
	}
	purego.RegisterLibFunc(&entryOf, library, "entry_of")
	return nil
}

//go:noinline
func entryFor(id uint64) *entry { return entryOf(id) }

// asker asks for its own entries, round and round.
func asker(first uint64) stage.Role {
	return func() (operations uint64) {
		for ; !stage.Over(); operations++ {
			runtime.KeepAlive(entryFor(first + operations%256))
			stage.Work(100)
		}
		return operations
	}
}

func main() {
	if err := load(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stage.Play(asker(0), asker(256), asker(512), asker(768), asker(1024), asker(1280))
}
