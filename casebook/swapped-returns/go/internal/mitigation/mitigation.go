// Package mitigation is what a binding can do about a dispatcher that swaps pointers. Which of it is done is chosen
// by build tags, so that each program is one binding as somebody would ship it:
//
//	(none)       pointers are returned as pointers, calls are not ordered: how the binding was written
//	uintptr      what the library returns is declared a number
//	mutex        one lock for the process is held from the call until its answer has been copied and freed
//	leakymutex   the same, but finalizers release what they release without it
package mitigation

// Name tells what is done.
const Name = "lock: " + locking + ", answers declared " + declared
