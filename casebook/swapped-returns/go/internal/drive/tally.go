package drive

import (
	"fmt"
	"io"
	"sync/atomic"
)

// Origin is where an answer comes from, as far as can be told.
type Origin int

// The origins.
const (
	Own              Origin = iota // the answer to what was asked
	SiblingsReturn                 // what was answered to somebody else
	SiblingsArgument               // what somebody else asked with: it has not even been through the library
	SiblingsHandle                 // a handle, which may be an argument or the return of a call that makes one
	Nothing                        // null
	Unknown                        // anything else, such as memory that was freed and used again
	origins          = int(Unknown) + 1
)

func (o Origin) String() string {
	return [origins]string{
		"own", "a sibling's return", "a sibling's argument", "a sibling's handle", "nothing", "of unknown origin",
	}[o]
}

// shown is how many wrong answers of one visitor are told one by one.
const shown = 1

// Tally counts one visitor's answers. It may be read while the visitor is visiting.
type Tally struct {
	counts [origins]atomic.Uint64
	out    io.Writer
}

// Note counts an answer. For a wrong one, detail tells what was asked and what came.
func (t *Tally) Note(origin Origin, detail func() string) {
	t.counts[origin].Add(1)
	if origin != Own && t.wrong() <= shown {
		fmt.Fprintf(t.out, "wrong: %s: %s\n", origin, detail())
	}
}

func (t *Tally) wrong() uint64 { return t.all() - t.counts[Own].Load() }

func (t *Tally) all() uint64 {
	var sum uint64
	for origin := range t.counts {
		sum += t.counts[origin].Load()
	}
	return sum
}
