// Package mended loads rules into an object that the finalizer is set on and that the caller gets, keeps it alive until
// every call is over, and lets each match hold a share in the rules.
package mended

import (
	"runtime"

	"example.org/early-finalizer/redirects"
)

// Matcher holds the rules of one site until nobody uses it any more.
type Matcher struct {
	rules redirects.Matcher
}

// Parse reads a site's rules.
func Parse(text []byte, format redirects.Format) *Matcher {
	m := &Matcher{redirects.New()}
	runtime.SetFinalizer(m, func(m *Matcher) { m.rules.Free() })
	m.rules.Parse(text, format)
	runtime.KeepAlive(m)
	return m
}

// Match asks the rules.
func (m *Matcher) Match(request *redirects.Request) redirects.Answer {
	answer := m.rules.MatchShared(request)
	runtime.KeepAlive(m)
	return answer
}

// Evaluate asks a site's rules.
func Evaluate(text []byte, format redirects.Format, request *redirects.Request) redirects.Answer {
	return Parse(text, format).Match(request)
}
