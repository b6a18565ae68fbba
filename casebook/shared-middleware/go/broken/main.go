// Command broken keeps the visit in a field of the handler. There is one handler, and a goroutine for every request.
package main

import (
	"context"
	"net/http"

	"example.org/shared-middleware/go/site"
)

type tracking struct {
	visit site.Visit
	next  http.Handler
}

func newTracking() *tracking {
	t := &tracking{}
	t.next = site.Slow(func(context.Context) site.Visit { return t.visit })
	return t
}

func (t *tracking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.visit = site.VisitOf(r)
	t.visit.SetCookies(w)
	t.next.ServeHTTP(w, r)
}

func main() { site.Serve(newTracking()) }
