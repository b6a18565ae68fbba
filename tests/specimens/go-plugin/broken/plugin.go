// The race: the store in Update against the load in Snapshot.
package main

var latest uint64

//go:noinline
func Update(value uint64) { latest = value } // races with Snapshot

//go:noinline
func Snapshot() uint64 { return latest } // races with Update

func main() {}
