package original

import (
	"slices"
	"strings"

	"example.org/early-finalizer/internal/visitor"
)

// condition is what a rule asks of the visitor besides the path: one of the values.
type condition struct {
	kind   string
	values []string
}

func parseCondition(kind string, values []string) (condition, bool) {
	if len(values) == 0 {
		return condition{}, false
	}
	switch kind {
	case "Country", "Language":
		lowered := make([]string, len(values))
		for i, value := range values {
			lowered[i] = strings.ToLower(value)
		}
		return condition{kind, lowered}, true
	case "Role", "Cookie":
		return condition{kind, values}, true
	}
	return condition{}, false
}

func (c condition) holdsFor(v *visitor.Visitor) bool {
	switch c.kind {
	case "Country":
		return slices.Contains(c.values, strings.ToLower(v.Country))
	case "Language":
		full := strings.ToLower(v.Language())
		primary, _, _ := strings.Cut(full, "-")
		return slices.Contains(c.values, full) || slices.Contains(c.values, primary)
	case "Role":
		for role := range strings.SplitSeq(v.RoleNames(), ",") {
			if slices.Contains(c.values, role) {
				return true
			}
		}
	case "Cookie":
		for _, name := range c.values {
			if _, ok := v.Cookies()[name]; ok {
				return true
			}
		}
	}
	return false
}
