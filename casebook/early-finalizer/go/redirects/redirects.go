// Package redirects binds the C++ rule engine. What it allocates there is given back by Free alone: who wants the
// garbage collector to see to that sets a finalizer.
package redirects

/*
#cgo CFLAGS: -I${SRCDIR}/../../redirects/include
#cgo !asan LDFLAGS: ${SRCDIR}/../../build/libredirects.a -lstdc++
#cgo asan LDFLAGS: ${SRCDIR}/../../build/libredirects-asan.a -lstdc++
#include <stdlib.h>
#include "redirects.h"
*/
import "C"

import "unsafe"

// Format is how rules are written down.
type Format int

// The formats.
const (
	Text Format = C.REDIRECTS_TEXT
	JSON Format = C.REDIRECTS_JSON
)

// Answer is what the first rule says that is for a request. The zero answer says that there is none.
type Answer struct {
	Status int
	Line   int
	Target string
}

// BadLine is a line that could not be read.
type BadLine struct {
	Line   int
	Reason string
}

// Matcher holds the rules of one site. Copies are the same matcher.
type Matcher struct {
	b builder
}

// builder is what a matcher consists of on the other side.
type builder struct {
	owner *C.redirects_matcher
	rules *C.redirects_rules // pulled out of their shared_ptr
}

// New returns a matcher without rules.
func New() Matcher {
	return Matcher{builder{owner: C.redirects_new()}}
}

// Parse reads the rules and returns how many there are.
func (m *Matcher) Parse(text []byte, format Format) int {
	start := (*C.char)(unsafe.Pointer(unsafe.SliceData(text)))
	count := C.redirects_parse(m.b.owner, start, C.size_t(len(text)), C.redirects_format(format))
	m.b.rules = C.redirects_rules_of(m.b.owner)
	return int(count)
}

// BadLines are the lines that Parse has left out.
func (m *Matcher) BadLines() []BadLine {
	bad := make([]BadLine, C.redirects_bad_lines(m.b.owner))
	for index := range bad {
		var reason *C.char
		bad[index].Line = int(C.redirects_bad_line(m.b.owner, C.size_t(index), &reason))
		bad[index].Reason = C.GoString(reason)
	}
	return bad
}

// Match asks the rules that Parse has pulled out.
func (m *Matcher) Match(request *Request) Answer {
	var said C.redirects_answer
	return answer(C.redirects_rules_match(m.b.rules, &request.asked, &said), &said)
}

// MatchInto does the same, and puts what they say into the request, which must then be the caller's alone.
func (m *Matcher) MatchInto(request *Request) Answer {
	return answer(C.redirects_rules_match(m.b.rules, &request.asked, &request.said), &request.said)
}

// MatchShared asks the owner of the rules, which keeps a share in them while it is asked.
func (m *Matcher) MatchShared(request *Request) Answer {
	var said C.redirects_answer
	return answer(C.redirects_match(m.b.owner, &request.asked, &said), &said)
}

// Free ends the matcher and all its copies.
func (m *Matcher) Free() { C.redirects_free(m.b.owner) }

// answer is what was said, if anything was found.
func answer(found C.int, said *C.redirects_answer) Answer {
	if found == 0 {
		return Answer{}
	}
	defer C.redirects_string_free(said.target)
	return Answer{int(said.status), int(said.line), C.GoString(said.target)}
}
