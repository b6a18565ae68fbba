// The one between: called by Rust, calls C++.
package main

// struct Gate;
// int gate_evaluate(const struct Gate *gate, int user);
import "C"

import "unsafe"

//export CheckGate
func CheckGate(address uintptr, user int32) int32 {
	return check(address, user) + 1
}

//go:noinline
func check(address uintptr, user int32) int32 {
	return int32(C.gate_evaluate((*C.struct_Gate)(unsafe.Pointer(address)), C.int(user)))
}

func main() {}
