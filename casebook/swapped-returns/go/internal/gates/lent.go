package gates

import (
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Store keeps specs between runs. It is called from any thread and must not ask the client anything.
type Store interface {
	Get(key string) (text string, found bool)
	Set(key, text string)
}

// lent are the callbacks of one client. purego keeps them for as long as the process lives.
//
// They run inside calls of the library, and so, under mitigation.Dispatch, on behalf of a caller who holds it. Nothing
// here may take it.
type lent struct {
	store, observer uint64
	takeExposures   uintptr

	lending sync.Mutex
	// The last texts that went out. The library copies a text as soon as it has it, so two are plenty.
	texts [2]*byte
}

// lend makes C functions of what the options hold. The caller holds mitigation.Dispatch.
func lend(options Options) *lent {
	l := &lent{}
	if store := options.Store; store != nil {
		get := func(key *byte) *byte { return l.lendText(store.Get(goString(key))) }
		set := func(key, text *byte) { store.Set(goString(key), goString(text)) }
		l.store = functions.storeCreate(purego.NewCallback(get), purego.NewCallback(set))
	}
	if observe := options.Observe; observe != nil {
		note := func(name *byte, count uint64) { observe(goString(name), count) }
		l.observer = functions.observerCreate(purego.NewCallback(note))
	}
	if take := options.TakeExposures; take != nil {
		l.takeExposures = purego.NewCallback(func(exposures *byte) { take(goString(exposures)) })
	}
	return l
}

// release lets go of the handles; a client that was made with them goes on using what they name.
func (l *lent) release() {
	functions.storeRelease(l.store)
	functions.observerRelease(l.observer)
}

func (l *lent) lendText(text string, found bool) *byte {
	if !found {
		return nil
	}
	l.lending.Lock()
	defer l.lending.Unlock()
	l.texts[0], l.texts[1] = l.texts[1], cString(text)
	return l.texts[1]
}

// goString copies a C string.
func goString(text *byte) string {
	length := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(text), length)) != 0 {
		length++
	}
	return strings.Clone(unsafe.String(text, length))
}

// cString copies a string for C, in memory that Go collects.
func cString(text string) *byte { return unsafe.SliceData(append([]byte(text), 0)) }

// optional is null for an empty text.
func optional(text string) *byte {
	if text == "" {
		return nil
	}
	return cString(text)
}
