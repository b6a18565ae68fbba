//go:build mutex

package mitigation

import "sync"

// Dispatch is held around every call into the library, until its answer is no longer needed. What the library calls
// back must not take it: the caller in whose call it is called holds it already.
var Dispatch sync.Mutex

// Releasing is held by finalizers.
var Releasing = &Dispatch

const locking = "mutex"
