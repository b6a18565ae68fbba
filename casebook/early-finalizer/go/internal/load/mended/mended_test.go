package mended

import (
	"runtime"
	"testing"

	"example.org/early-finalizer/redirects"
)

func TestCollectionsBetweenParseAndMatchChangeNothing(t *testing.T) {
	r := redirects.NewRequest(redirects.Visit{Path: "/blog/2014/05/a-long-way"})
	defer r.Free()
	for range 100 {
		m := Parse([]byte("/blog/2014/05/:slug /articles/:slug\n"), redirects.Text)
		runtime.GC()
		if answer := m.Match(r); answer.Target != "/articles/a-long-way" {
			t.Fatalf("said %v", answer)
		}
	}
}
