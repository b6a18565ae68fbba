// Package minimum asks a C function of one line, which returns a pointer, from many goroutines at once. There is no
// memory to free and none to read: the pointer itself tells whose it is.
package minimum

import (
	"fmt"
	"sync/atomic"

	"github.com/ebitengine/purego"

	"example.org/swapped-returns/internal/drive"
	"example.org/swapped-returns/internal/mitigation"
)

// As in minimum/names.c. The first id is larger than anything that Go's runtime takes for a broken pointer, and
// smaller than any address.
const (
	firstID  = 1 << 20
	ids      = 1 << 16
	nameSize = 16
)

// idsEach is how many ids each visitor has to himself.
const idsEach = ids / drive.MostVisitors

// Numbers is how many names there are.
const Numbers = ids

// Names is the library.
type Names struct {
	nameOf func(id uint64) mitigation.Answer
	start  uintptr
}

// Load loads the library and asks for the first name, while nobody else asks.
func Load(path string) (*Names, error) {
	library, err := purego.Dlopen(path, purego.RTLD_NOW)
	if err != nil {
		return nil, err
	}
	address, err := purego.Dlsym(library, "name_of")
	if err != nil {
		return nil, err
	}
	names := &Names{}
	purego.RegisterFunc(&names.nameOf, address)
	names.start = mitigation.Address(names.nameOf(firstID))
	return names, nil
}

// Visitor asks for its own names, round and round.
func (n *Names) Visitor(number int) drive.Visitor {
	first := uint64(firstID + number*idsEach)
	return func(stop *atomic.Bool, tally *drive.Tally) {
		for round := uint64(0); !stop.Load(); round++ {
			id := first + round%idsEach
			address := n.ask(id)
			tally.Note(n.origin(id, address), func() string { return n.explain(id, address) })
		}
	}
}

// Whose asks for the name of a number, which is counted from 0 and taken modulo Numbers, and tells whose name came back.
func (n *Names) Whose(number uint64) (owner uint64, ok bool) {
	id := firstID + number%ids
	address := n.ask(id)
	switch n.origin(id, address) {
	case drive.Own, drive.SiblingsReturn:
		return uint64(address-n.start) / nameSize, true
	}
	return 0, false
}

func (n *Names) ask(id uint64) uintptr {
	mitigation.Dispatch.Lock()
	defer mitigation.Dispatch.Unlock()
	return mitigation.Address(n.nameOf(id))
}

// origin tells whose answer it is.
func (n *Names) origin(id uint64, address uintptr) drive.Origin {
	switch {
	case address == n.nameAt(id):
		return drive.Own
	case address == 0:
		return drive.Nothing
	case firstID <= address && address < firstID+ids:
		return drive.SiblingsArgument
	case n.start <= address && address < n.start+ids*nameSize:
		return drive.SiblingsReturn
	}
	return drive.Unknown
}

func (n *Names) explain(id uint64, address uintptr) string {
	asked := fmt.Sprintf("asked for id %d, got %#x", id, address)
	switch n.origin(id, address) {
	case drive.SiblingsReturn:
		return fmt.Sprintf("%s, the name of id %d", asked, (address-n.start)/nameSize+firstID)
	case drive.SiblingsArgument:
		return fmt.Sprintf("%s, which is id %d itself", asked, address)
	}
	return asked
}

func (n *Names) nameAt(id uint64) uintptr { return n.start + uintptr(id-firstID)*nameSize }
