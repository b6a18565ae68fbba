// Package binding calls native functions from numbers to numbers without cgo, as purego does it: through a record, which
// comes from a pool and goes back there.
package binding

import (
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"

	"specimens/stage/beside"
)

// record is what the trampoline gets: what to call, and with what. It leaves there what was returned.
type record struct {
	function uintptr
	integer  uintptr
	number   float64
}

var records = sync.Pool{New: func() any { return new(record) }}

//go:linkname cgocall runtime.cgocall
func cgocall(function uintptr, argument unsafe.Pointer) int32

// syscall1XABI0 is where the trampoline lies.
var syscall1XABI0 uintptr

// Load finds a function of a library that lies beside this program.
func Load(library, function string) (uintptr, error) {
	loaded, err := beside.Load(library)
	if err != nil {
		return 0, err
	}
	return purego.Dlsym(loaded, function)
}

// call has one function called.
func (r *record) call(function uintptr, number float64) {
	r.function, r.number = function, number
	cgocall(syscall1XABI0, unsafe.Pointer(r))
}

// Copied calls a function, and copies what it returned before it gives the record back.
//
//go:noinline
func Copied(function uintptr, number float64) float64 { return copied(function, number) }

//go:noinline
func copied(function uintptr, number float64) float64 {
	r := records.Get().(*record)
	defer records.Put(r)
	r.call(function, number)
	return r.number
}

// Referred calls a function, and copies what it returned after it has given the record back.
//
//go:noinline
func Referred(function uintptr, number float64) float64 { return value(referred(function, number)) }

//go:noinline
func referred(function uintptr, number float64) *float64 {
	r := records.Get().(*record)
	defer records.Put(r)
	r.call(function, number)
	return &r.number
}

// value checks what it is given, as reflect does.
//
//go:noinline
func value(number *float64) float64 {
	if number == nil {
		panic("there is no number")
	}
	return *number
}
