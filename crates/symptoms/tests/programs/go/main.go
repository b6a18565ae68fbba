// Command orders fails in the way that its argument names.
package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type order struct{ total int }

type book struct {
	orders map[string]*order
	mutex  sync.Mutex
}

//go:noinline
func (b *book) total(name string) int { return b.orders[name].total }

//go:noinline
func last(values []int, n int) int { return values[n] }

//go:noinline
func follow(address uintptr) byte { return **(**byte)(unsafe.Pointer(&address)) }

func rethrow() {
	defer func() {
		if why := recover(); why != nil {
			panic(why)
		}
	}()
	new(book).total("none")
}

func panicWhilePanicking() {
	defer func() { panic(errors.New("could not roll back")) }()
	panic(errors.New("could not commit"))
}

func concurrentWrites() {
	counts := map[int]int{}
	for worker := 0; worker < 4; worker++ {
		go func() {
			for i := 0; ; i++ {
				counts[i%8]++
			}
		}()
	}
	time.Sleep(10 * time.Second)
}

func deadlock() {
	var b book
	b.mutex.Lock()
	b.mutex.Lock()
}

func hang() {
	orders := make(chan int)
	go func() { orders <- 1; orders <- 2 }()
	<-orders
	go func() { time.Sleep(time.Second); syscall.Kill(os.Getpid(), syscall.SIGQUIT) }()
	var done sync.WaitGroup
	done.Add(1)
	done.Wait()
}

func overflow(n int) int { return overflow(n+1) + n }

func serve() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, new(book).total(r.URL.Path))
	}))
	response, err := http.Get(server.URL)
	if err == nil {
		io.Copy(io.Discard, response.Body)
	}
	server.Close()
}

type node struct{ next *node }

var sink []*node

// Keeps a number where the collector expects a pointer, into memory that was given back.
func badPointer() {
	block := new([1 << 18]node)
	sink = append(sink, &block[0])
	address := uintptr(unsafe.Pointer(&block[9000]))
	block, sink = nil, nil
	debug.FreeOSMemory()
	debug.FreeOSMemory()
	keeper := new(node)
	*(*uintptr)(unsafe.Pointer(&keeper.next)) = address
	sink = append(sink, keeper)
	runtime.GC()
	runtime.GC()
}

//go:noinline
func beyond(first *node) *node {
	return (*node)(unsafe.Pointer(uintptr(unsafe.Pointer(first)) + 64))
}

func main() {
	fmt.Println("orders: started")
	switch os.Args[1] {
	case "nil":
		new(book).total("none")
	case "bounds":
		last([]int{1, 2, 3}, len(os.Args)+3)
	case "error":
		panic(fmt.Errorf("order %d: %w", 17, os.ErrNotExist))
	case "recovered":
		rethrow()
	case "nested":
		panicWhilePanicking()
	case "map":
		concurrentWrites()
	case "deadlock":
		deadlock()
	case "hang":
		hang()
	case "overflow":
		overflow(0)
	case "unlock":
		new(book).mutex.Unlock()
	case "closed":
		orders := make(chan int)
		close(orders)
		close(orders)
	case "negative":
		new(sync.WaitGroup).Add(-1)
	case "wild":
		follow(0xdead_beef_0000_1000)
	case "unmapped":
		follow(0x7fff_0000)
	case "serve":
		serve()
	case "badpointer":
		badPointer()
	case "checkptr":
		sink = append(sink, new(node))
		fmt.Println(beyond(sink[0]) == nil)
	case "race":
		race()
	}
	fmt.Println("orders: done")
}

type counter struct{ n int }

//go:noinline
func (c *counter) add() { c.n++ }

func race() {
	var c counter
	done := make(chan bool)
	go func() { c.add(); done <- true }()
	c.add()
	<-done
}
