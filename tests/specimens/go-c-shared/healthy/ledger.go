// The twin of broken: the same ledger, touched only under a mutex.
package main

import "C"
import "sync"

type ledger struct {
	lock  sync.Mutex
	total uint64
}

var books ledger

//go:noinline
func (l *ledger) record(amount uint64) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.total += amount
}

//go:noinline
func (l *ledger) sum() uint64 {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.total
}

//export LedgerRecord
func LedgerRecord(amount C.ulonglong) { books.record(uint64(amount)) }

//export LedgerSum
func LedgerSum() C.ulonglong { return C.ulonglong(books.sum()) }

func main() {}
