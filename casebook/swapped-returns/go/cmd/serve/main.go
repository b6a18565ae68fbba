// Command serve greets each visitor of a web page by the name that a C library of one line has for him.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"

	"example.org/swapped-returns/internal/drive"
	"example.org/swapped-returns/internal/minimum"
)

func main() { os.Exit(run()) }

func run() int {
	library := flag.String("library", "", "`file` to load")
	listen := flag.String("listen", "127.0.0.1:0", "`address` to listen on")
	flag.Parse()
	names, err := minimum.Load(*library)
	if err != nil {
		fmt.Fprintf(os.Stderr, "serve: %v\n", err)
		return drive.ExitNotStarted
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Fprintf(os.Stderr, "serve: %v\n", err)
		return drive.ExitNotStarted
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	fmt.Fprintln(os.Stderr, "serve:", http.Serve(listener, &hall{names: names}))
	return drive.ExitNotStarted
}

// hall is where visitors are greeted. Each gets a number, and the library has a name for it.
type hall struct {
	names    *minimum.Names
	arrived  atomic.Uint64
	visitors [minimum.Numbers]atomic.Pointer[string]
}

func (h *hall) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	visitor := request.URL.Query().Get("visitor")
	number := h.arrived.Add(1) % minimum.Numbers
	h.visitors[number].Store(&visitor)
	owner, ok := h.names.Whose(number)
	if !ok {
		http.Error(answer, "the library has no name for you", http.StatusInternalServerError)
		return
	}
	if visitor := h.visitors[owner].Load(); visitor != nil {
		fmt.Fprintf(answer, "hello %s\n", *visitor)
	}
}
