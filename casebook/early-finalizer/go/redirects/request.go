package redirects

/*
#include <stdlib.h>
#include "redirects.h"
*/
import "C"

import "unsafe"

// Visit is what rules are asked about.
type Visit struct {
	Path     string
	Query    string
	Country  string
	Language string
	Roles    string
	Cookies  string
	// Exists says that the site has a page at the path.
	Exists bool
}

// Request is a visit in the engine's memory, with room for an answer. It may be put to any number of matchers.
type Request struct {
	asked C.redirects_request
	said  C.redirects_answer
}

// NewRequest copies the visit. The request is to be freed.
func NewRequest(v Visit) *Request {
	r := &Request{asked: C.redirects_request{
		path:     C.CString(v.Path),
		query:    C.CString(v.Query),
		country:  C.CString(v.Country),
		language: C.CString(v.Language),
		roles:    C.CString(v.Roles),
		cookies:  C.CString(v.Cookies),
	}}
	if v.Exists {
		r.asked.exists = 1
	}
	return r
}

// Free gives the copies back.
func (r *Request) Free() {
	asked := &r.asked
	for _, text := range []*C.char{asked.path, asked.query, asked.country, asked.language, asked.roles, asked.cookies} {
		C.free(unsafe.Pointer(text))
	}
}
