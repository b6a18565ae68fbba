// A ledger that a C program keeps in Go. The race: `l.total += amount` in record against `return l.total` in sum, which two threads
// of C are in at the same time.
package main

import "C"

type ledger struct{ total uint64 }

var books ledger

//go:noinline
func (l *ledger) record(amount uint64) { l.total += amount } // races with sum

//go:noinline
func (l *ledger) sum() uint64 { return l.total } // races with record

//export LedgerRecord
func LedgerRecord(amount C.ulonglong) { books.record(uint64(amount)) }

//export LedgerSum
func LedgerSum() C.ulonglong { return C.ulonglong(books.sum()) }

func main() {}
