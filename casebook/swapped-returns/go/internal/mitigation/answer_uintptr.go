//go:build uintptr

package mitigation

import "unsafe"

// Answer is a text that the library hands out. Declared a number, it is copied out of purego's record before that
// record goes back to the pool; a pointer is read from there only afterwards.
type Answer = uintptr

// Address is where the answer lies.
func Address(answer Answer) uintptr { return answer }

// Pointer is for reading the answer. It lies in the library's memory, of which Go's collector knows nothing.
func Pointer(answer Answer) *byte { return *(**byte)(unsafe.Pointer(&answer)) }

const declared = "uintptr"
