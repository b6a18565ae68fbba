//go:build !uintptr

package mitigation

import "unsafe"

// Answer is a text that the library hands out. A function variable that returns one is what purego dispatches.
type Answer = *byte

// Address is where the answer lies.
func Address(answer Answer) uintptr { return uintptr(unsafe.Pointer(answer)) }

// Pointer is for reading the answer.
func Pointer(answer Answer) *byte { return answer }

const declared = "pointer"
