// Package visitor is a request as both matchers see it. What takes work to find out is found out when it is first
// asked for, and kept.
package visitor

import (
	"net/http"
	"sort"
	"strconv"
	"strings"
)

// The headers that the edge adds to each request.
const (
	CountryHeader = "X-Country"
	RolesHeader   = "X-Roles"
)

// Visitor is one request.
type Visitor struct {
	Path     string
	RawQuery string
	Country  string
	// Exists says that the site has a page at the path.
	Exists bool

	accepted string
	roles    string
	header   []string

	query    map[string]string
	cookies  map[string]string
	language *string
}

// Of reads the request.
func Of(r *http.Request, exists bool) *Visitor {
	return &Visitor{
		Path:     r.URL.Path,
		RawQuery: r.URL.RawQuery,
		Country:  r.Header.Get(CountryHeader),
		Exists:   exists,
		accepted: r.Header.Get("Accept-Language"),
		roles:    r.Header.Get(RolesHeader),
		header:   r.Header["Cookie"],
	}
}

// AsItIs hands the visitor itself to another goroutine.
func AsItIs(v *Visitor) *Visitor { return v }

// Cloned hands another goroutine a visitor of its own.
func Cloned(v *Visitor) *Visitor { return v.Clone() }

// Clone is the same request, with everything still to be found out.
func (v *Visitor) Clone() *Visitor {
	clone := *v
	clone.query, clone.cookies, clone.language = nil, nil, nil
	return &clone
}

// Query is the parameters with the first value of each, as they were sent.
func (v *Visitor) Query() map[string]string {
	if v.query == nil {
		v.query = make(map[string]string)
		for part := range strings.SplitSeq(v.RawQuery, "&") {
			name, value, _ := strings.Cut(part, "=")
			if _, known := v.query[name]; !known && part != "" {
				v.query[name] = value
			}
		}
	}
	return v.query
}

// Cookies is the cookies by name.
func (v *Visitor) Cookies() map[string]string {
	if v.cookies == nil {
		v.cookies = make(map[string]string)
		for _, line := range v.header {
			for part := range strings.SplitSeq(line, ";") {
				if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
					v.cookies[name] = value
				}
			}
		}
	}
	return v.cookies
}

// CookieNames is the names of the cookies in order, separated by commas.
func (v *Visitor) CookieNames() string {
	var names []string
	for name := range v.Cookies() {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ",")
}

// RoleNames is the roles that the edge has found in the visitor's token, separated by commas.
func (v *Visitor) RoleNames() string { return v.roles }

// Language is the one that the visitor likes best.
func (v *Visitor) Language() string {
	if v.language == nil {
		best := preferred(v.accepted)
		v.language = &best
	}
	return *v.language
}

// preferred is the language with the highest weight in an Accept-Language header, the first of several.
func preferred(accepted string) string {
	best, most := "", 0.0
	for part := range strings.SplitSeq(accepted, ",") {
		language, parameter, _ := strings.Cut(strings.TrimSpace(part), ";")
		weight := 1.0
		if text, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			weight, _ = strconv.ParseFloat(text, 64) // what is no number weighs nothing
		}
		if weight > most {
			best, most = language, weight
		}
	}
	return best
}
