// Package sync/atomic, its functions and its types. A Go atomic load is a plain MOV, a store always an XCHG.
package main

import (
	"sync/atomic"

	"specimens/stage"
)

type config struct {
	version uint64
	name    string
}

type metrics struct {
	plain    uint64 // only through the functions of sync/atomic
	small    uint32 // likewise
	signed   atomic.Int64
	unsigned atomic.Uint64
	word     atomic.Uint32
	ready    atomic.Bool
	current  atomic.Pointer[config]
	value    atomic.Value
	address  atomic.Uintptr
}

//go:noinline
func (m *metrics) write(n uint64) {
	atomic.StoreUint64(&m.plain, n)
	atomic.AddUint32(&m.small, 1)
	m.signed.Store(-int64(n))
	m.unsigned.Add(2)
	m.word.Or(uint32(n) | 1)
	m.ready.Store(n&1 == 0)
	m.current.Store(&config{version: n, name: "published by its pointer: the fields are plain"})
	m.value.Store(config{version: n})
	m.address.Store(uintptr(n))
}

//go:noinline
func (m *metrics) read() uint64 {
	sum := atomic.LoadUint64(&m.plain) + uint64(atomic.LoadUint32(&m.small))
	sum += uint64(m.signed.Load()) + m.unsigned.Load() + uint64(m.word.Load()) + uint64(m.address.Load())
	if m.ready.Load() {
		sum++
	}
	if current := m.current.Load(); current != nil {
		sum += current.version + uint64(len(current.name))
	}
	if value, ok := m.value.Load().(config); ok {
		sum += value.version
	}
	return sum
}

//go:noinline
func (m *metrics) change(n uint64) {
	atomic.CompareAndSwapUint64(&m.plain, n, n+1)
	atomic.SwapUint32(&m.small, uint32(n))
	m.unsigned.CompareAndSwap(n, 0)
	m.signed.Swap(int64(n))
	m.word.And(0xffff)
}

func main() {
	shared := new(metrics)
	stage.Play(
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				shared.write(operations)
				stage.Work(1500)
			}
			return operations
		},
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				shared.change(shared.read())
				stage.Work(300)
				stage.Breathe(operations)
			}
			return operations
		},
	)
}
