// Command mended keeps the visit in the request's context.
package main

import (
	"context"
	"net/http"

	"example.org/shared-middleware/go/site"
)

type visitKey struct{}

type tracking struct{ next http.Handler }

func newTracking() *tracking { return &tracking{site.Slow(current)} }

func (t *tracking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	visit := site.VisitOf(r)
	visit.SetCookies(w)
	t.next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitKey{}, visit)))
}

func current(ctx context.Context) site.Visit { return ctx.Value(visitKey{}).(site.Visit) }

func main() { site.Serve(newTracking()) }
