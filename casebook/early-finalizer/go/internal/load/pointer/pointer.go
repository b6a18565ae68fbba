// Package pointer loads rules as the published mending does, by returning a pointer, and leaves the rest as it was:
// a match works on rules pulled out of their shared_ptr. While it does, nobody needs the matcher any more, and the
// garbage collector may end it and the rules with it.
package pointer

import (
	"runtime"

	"example.org/early-finalizer/redirects"
)

// Parse reads a site's rules.
func Parse(text []byte, format redirects.Format) *redirects.Matcher {
	m := redirects.New()
	m.Parse(text, format)
	runtime.SetFinalizer(&m, func(p *redirects.Matcher) { p.Free() })
	return &m
}

// Evaluate asks a site's rules.
func Evaluate(text []byte, format redirects.Format, request *redirects.Request) redirects.Answer {
	return Parse(text, format).Match(request)
}
