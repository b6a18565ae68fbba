// Package original is the rules' first implementation, in Go alone. The new one is checked against it, and wherever
// the two disagree its answer counts.
package original

import (
	"strings"

	"example.org/early-finalizer/internal/visitor"
	"example.org/early-finalizer/redirects"
)

// Rules are those of one site.
type Rules struct {
	rules []rule
	bad   []redirects.BadLine
}

type rule struct {
	from       pattern
	query      []parameter
	to         target
	status     int
	forced     bool
	conditions []condition
	line       int
}

// parameter must be in the query. If captures is set, value is the name that its value is captured under.
type parameter struct {
	name, value string
	captures    bool
}

// Parse reads a site's rules.
func Parse(text []byte, format redirects.Format) *Rules {
	if format == redirects.JSON {
		return parseJSON(text)
	}
	return parseText(string(text))
}

// BadLines are the lines that could not be read.
func (r *Rules) BadLines() []redirects.BadLine { return r.bad }

// Match is the answer of the first rule that is for the visitor.
func (r *Rules) Match(v *visitor.Visitor) redirects.Answer {
	path := strings.TrimSuffix(v.Path, "/")
	for i := range r.rules {
		if answer, ok := r.rules[i].answer(path, v); ok {
			return answer
		}
	}
	return redirects.Answer{}
}

func (r *rule) answer(path string, v *visitor.Visitor) (redirects.Answer, bool) {
	if v.Exists && !r.forced {
		return redirects.Answer{}, false
	}
	captured, ok := r.from.match(path)
	if !ok {
		return redirects.Answer{}, false
	}
	captured, ok = r.matchQuery(v, captured)
	if !ok || !r.holdsFor(v) {
		return redirects.Answer{}, false
	}
	where := r.to.expand(captured)
	if len(r.query) == 0 && v.RawQuery != "" && !r.to.hasQuery() {
		where += "?" + v.RawQuery
	}
	return redirects.Answer{Status: r.status, Line: r.line, Target: where}, true
}

func (r *rule) matchQuery(v *visitor.Visitor, captured []capture) ([]capture, bool) {
	for _, wanted := range r.query {
		value, ok := v.Query()[wanted.name]
		if !ok || !wanted.captures && value != wanted.value {
			return nil, false
		}
		if wanted.captures {
			captured = append(captured, capture{wanted.value, value})
		}
	}
	return captured, true
}

func (r *rule) holdsFor(v *visitor.Visitor) bool {
	for _, c := range r.conditions {
		if !c.holdsFor(v) {
			return false
		}
	}
	return true
}
