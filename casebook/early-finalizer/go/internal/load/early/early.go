// Package early loads rules as the service first did: the finalizer is set on a variable of Parse, of which the caller
// gets a copy. As soon as Parse has returned, nobody holds that variable any more, and the next garbage collection
// ends the matcher, whatever the copy is used for.
package early

import (
	"runtime"

	"example.org/early-finalizer/redirects"
)

// Parse reads a site's rules.
func Parse(text []byte, format redirects.Format) redirects.Matcher {
	m := redirects.New()
	m.Parse(text, format)
	runtime.SetFinalizer(&m, func(p *redirects.Matcher) { p.Free() })
	return m
}

// Evaluate asks a site's rules.
func Evaluate(text []byte, format redirects.Format, request *redirects.Request) redirects.Answer {
	m := Parse(text, format)
	return m.Match(request)
}

// EvaluateInto is for requests that no two goroutines share: they hold the answer, too. So nothing is allocated between
// Parse and the engine's work any more, where the garbage collector used to catch most requests.
func EvaluateInto(text []byte, format redirects.Format, request *redirects.Request) redirects.Answer {
	m := Parse(text, format)
	return m.MatchInto(request)
}

// EvaluateShared lets each match hold a share in the rules, so that they cannot go while it looks through them.
func EvaluateShared(text []byte, format redirects.Format, request *redirects.Request) redirects.Answer {
	m := Parse(text, format)
	return m.MatchShared(request)
}

// EvaluateForced is what settled the matter: it collects garbage at the worst moment.
func EvaluateForced(text []byte, format redirects.Format, request *redirects.Request) redirects.Answer {
	m := Parse(text, format)
	runtime.GC()
	runtime.GC()
	return m.Match(request)
}
