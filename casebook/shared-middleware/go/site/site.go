package site

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// work is what every page takes, as one that asks a database does.
const work = 10 * time.Millisecond

// Slow is the site. It asks the middleware whose request this is, as templates and models do.
func Slow(current func(context.Context) Visit) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(work)
		page := struct {
			Path string `json:"path"`
			Visit
		}{r.URL.Path, current(r.Context())}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(page)
	}
}

// Serve serves until the process is asked to end, and exits.
func Serve(handler http.Handler) {
	port := flag.Int("port", 0, "`port` to listen on; 0 takes a free one")
	flag.Parse()
	if err := serve(handler, *port); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
}

func serve(handler http.Handler, port int) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Printf("listening on http://%s\n", listener.Addr())
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return server.Shutdown(context.Background())
	}
}
