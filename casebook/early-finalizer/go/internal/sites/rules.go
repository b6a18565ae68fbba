package sites

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// entry is a rule as both formats write it.
type entry struct {
	From       string              `json:"from"`
	Query      map[string]string   `json:"query,omitempty"`
	To         string              `json:"to"`
	Status     int                 `json:"status,omitempty"`
	Force      bool                `json:"force,omitempty"`
	Conditions map[string][]string `json:"conditions,omitempty"`
	// bad is a line that is none, instead of all others.
	bad string
}

// entries makes the rules of a site. Most are for single pages that have moved, as in a site that was migrated.
func entries(count int, random *rand.Rand) []entry {
	all := make([]entry, 0, count)
	for number := range count {
		switch kind := random.IntN(20); {
		case number%97 == 96:
			all = append(all, entry{bad: fmt.Sprintf("blog/draft-%d /lost", number)})
		case kind < len(kinds):
			all = append(all, kinds[kind](number))
		default:
			all = append(all, moved(number))
		}
	}
	return append(all, entry{From: "/old/*", To: "/:splat"}, entry{From: "/gone/*", To: "/not-found", Status: 404})
}

func moved(n int) entry {
	return entry{From: fmt.Sprintf("/blog/2014/05/how-we-did-it-%d", n), To: fmt.Sprintf("/articles/how-we-did-it-%d", n)}
}

var kinds = []func(n int) entry{
	func(n int) entry {
		return entry{From: "/shop/item", Query: map[string]string{"id": fmt.Sprint(n)}, To: fmt.Sprintf("/products/%d", n)}
	},
	func(n int) entry {
		return entry{From: fmt.Sprintf("/documentation/v%d/*", n), To: fmt.Sprintf("/manual/%d/:splat", n), Status: 302}
	},
	func(n int) entry {
		return entry{From: fmt.Sprintf("/archive/%d/:year/:month/:slug", n), To: "/blog/:year/:slug", Status: 308}
	},
	func(n int) entry {
		return entry{From: fmt.Sprintf("/promotion-%d", n), To: fmt.Sprintf("/de/promotion-%d", n), Status: 302,
			Conditions: map[string][]string{"Country": {"de", "at"}, "Language": {"de"}}}
	},
	func(n int) entry {
		return entry{From: fmt.Sprintf("/internal/team-%d/*", n), To: "/console/:splat", Status: 200, Force: true,
			Conditions: map[string][]string{"Role": {"admin", "editor"}}}
	},
	func(n int) entry {
		return entry{From: fmt.Sprintf("/preview-%d", n), To: "/", Status: 200,
			Conditions: map[string][]string{"Cookie": {"preview"}}}
	},
	func(n int) entry {
		return entry{From: fmt.Sprintf("/find-%d", n), Query: map[string]string{"q": ":words"},
			To: fmt.Sprintf("/search?words=:words&from=%d", n)}
	},
}

// line writes the rule as text.
func (e entry) line() string {
	if e.bad != "" {
		return e.bad
	}
	words := []string{e.From}
	for name, value := range e.Query {
		words = append(words, name+"="+value)
	}
	words = append(words, e.To)
	if status := e.statusWord(); status != "" {
		words = append(words, status)
	}
	for _, kind := range slices.Sorted(maps.Keys(e.Conditions)) {
		words = append(words, kind+"="+strings.Join(e.Conditions[kind], ","))
	}
	return strings.Join(words, " ")
}

func (e entry) statusWord() string {
	switch {
	case e.Status == 0:
		return ""
	case e.Force:
		return fmt.Sprintf("%d!", e.Status)
	}
	return fmt.Sprint(e.Status)
}

func asText(all []entry) []byte {
	var text strings.Builder
	text.WriteString("# pages that have moved, sections, visitors of all kinds\n")
	for _, e := range all {
		text.WriteString(e.line() + "\n")
	}
	return []byte(text.String())
}

func asJSON(all []entry) []byte {
	whole := map[string]any{"redirects": all}
	text, err := json.Marshal(whole)
	if err != nil {
		panic(err) // strings and numbers can always be written
	}
	return text
}
