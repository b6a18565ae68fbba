//go:build leakymutex

package mitigation

import "sync"

// Dispatch is held around every call into the library that returns something.
var Dispatch sync.Mutex

// Releasing is held by finalizers: by nobody, since a release returns nothing that could be swapped. But its argument
// goes through the same pool of records, into one from which another call has yet to read its answer.
var Releasing unlocked

type unlocked struct{}

func (unlocked) Lock()   {}
func (unlocked) Unlock() {}

const locking = "leaky mutex"
