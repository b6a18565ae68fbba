// Command redirects fails in C, in the way that its argument names.
package main

/*
#cgo CFLAGS: -g -O0
#include <stdlib.h>
#include <string.h>

static int match(const char *rule) { return rule[0] == '/'; }

static void free_twice(void) {
	char *rule = malloc(2000), *guard = malloc(16);
	free(rule);
	free(rule);
	free(guard);
}
*/
import "C"

import (
	"os"
	"unsafe"
)

type matcher struct{ rule *C.char }

//go:noinline
func (m *matcher) match() bool { return C.match(m.rule) != 0 }

//go:noinline
func (m *matcher) release() { C.free_twice() }

func main() {
	switch os.Args[1] {
	case "segv":
		address := uintptr(0xdead_0000)
		(&matcher{*(**C.char)(unsafe.Pointer(&address))}).match()
	case "abort":
		new(matcher).release()
	}
}
