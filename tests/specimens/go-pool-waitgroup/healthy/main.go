// What Go's runtime and package sync do for a program, all at once: Mutex, RWMutex, Once, Cond, WaitGroup, Pool, Map,
// context, timers, growing stacks, and garbage enough to keep the collector busy. All of it is healthy.
package main

import (
	"context"
	"runtime"
	"sync"
	"time"

	"specimens/stage"
)

type ledger struct {
	lock    sync.Mutex
	cond    *sync.Cond
	entries uint64

	view  sync.RWMutex
	names map[uint64]string

	once   sync.Once
	tables []uint64

	pool   sync.Pool
	byName sync.Map
}

func newLedger() *ledger {
	l := &ledger{names: make(map[uint64]string)}
	l.cond = sync.NewCond(&l.lock)
	l.pool.New = func() any { return new([256]uint64) }
	return l
}

//go:noinline
func (l *ledger) enter(n uint64) {
	l.lock.Lock()
	l.entries++
	l.lock.Unlock()
	l.cond.Broadcast()
}

//go:noinline
func (l *ledger) await(seen uint64) uint64 {
	l.lock.Lock()
	defer l.lock.Unlock()
	for l.entries == seen && !stage.Over() {
		l.cond.Wait()
	}
	return l.entries
}

// close wakes whoever waits; under the lock, so that nobody is between looking at stage.Over and waiting.
func (l *ledger) close() {
	l.lock.Lock()
	l.cond.Broadcast()
	l.lock.Unlock()
}

//go:noinline
func (l *ledger) table(i uint64) uint64 {
	l.once.Do(func() {
		for i := range uint64(64) {
			l.tables = append(l.tables, i*i)
		}
	})
	return l.tables[i%64]
}

//go:noinline
func (l *ledger) name(n uint64, text string) {
	l.view.Lock()
	l.names[n%32] = text
	l.view.Unlock()
	l.byName.Store(text, n)
}

//go:noinline
func (l *ledger) find(n uint64) uint64 {
	l.view.RLock()
	text := l.names[n%32]
	l.view.RUnlock()
	if found, ok := l.byName.LoadAndDelete(text); ok {
		return found.(uint64)
	}
	return 0
}

//go:noinline
func (l *ledger) scratch(n uint64) uint64 {
	cells := l.pool.Get().(*[256]uint64)
	defer l.pool.Put(cells)
	cells[n%256] += n
	return cells[0]
}

// fan starts goroutines that each fill their own part of one slice.
//
//go:noinline
func fan(n uint64) (sum uint64) {
	parts := make([]uint64, 4)
	var group sync.WaitGroup
	for i := range parts {
		group.Add(1)
		go func() {
			defer group.Done()
			parts[i] = deep(int(n%100), n)
		}()
	}
	group.Wait()
	for _, part := range parts {
		sum += part
	}
	return sum
}

// deep makes a fresh goroutine's stack grow, which copies it.
//
//go:noinline
func deep(depth int, n uint64) uint64 {
	var frame [32]uint64
	if depth == 0 {
		return n
	}
	frame[depth%32] = n
	return deep(depth-1, n) + frame[(depth+1)%32]
}

func expire() error {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Microsecond)
	defer cancel()
	<-ctx.Done()
	return ctx.Err()
}

func writer(l *ledger) (operations uint64) {
	garbage := make([][]byte, 64)
	for ; !stage.Over(); operations++ {
		l.enter(operations)
		l.name(operations, string(rune('a'+operations%26))+"name")
		garbage[operations%64] = make([]byte, 64+operations%4096)
		stage.Work(int((l.scratch(operations)+l.table(operations))&255) + 300)
		if operations%128 == 0 {
			fan(operations)
		}
	}
	l.close()
	return operations
}

func reader(l *ledger) (operations uint64) {
	var seen uint64
	for ; !stage.Over(); operations++ {
		seen = l.await(seen)
		stage.Work(int((l.find(operations) + l.scratch(seen) + l.table(seen)) & 255))
		if operations%512 == 0 {
			_ = expire()
			runtime.GC()
		}
	}
	return operations
}

func main() {
	shared := newLedger()
	stage.Play(
		func() uint64 { return writer(shared) },
		func() uint64 { return reader(shared) },
	)
}
