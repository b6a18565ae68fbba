package original_test

import (
	"slices"
	"testing"

	"example.org/early-finalizer/internal/original"
	"example.org/early-finalizer/internal/sites"
	"example.org/early-finalizer/internal/visitor"
	"example.org/early-finalizer/redirects"
)

// engine asks the C++ engine, which stays until the answer is there.
func engine(text []byte, format redirects.Format, v *visitor.Visitor) (redirects.Answer, []redirects.BadLine) {
	m := redirects.New()
	defer m.Free()
	m.Parse(text, format)
	r := redirects.NewRequest(redirects.Visit{Path: v.Path, Query: v.RawQuery, Country: v.Country,
		Language: v.Language(), Roles: v.RoleNames(), Cookies: v.CookieNames(), Exists: v.Exists})
	defer r.Free()
	return m.Match(r), m.BadLines()
}

func TestBothImplementationsAgreeOnEveryVisit(t *testing.T) {
	found := make(map[int]int)
	for _, site := range sites.Make([]int{50, 300, 300, 1000}) {
		for _, visit := range site.Visits {
			v := visitor.Of(visit.Request("any", site.Host), sites.HasPage(visit.Path))
			rules := original.Parse(site.Rules, site.Format)
			answer, bad := engine(site.Rules, site.Format, v)
			if trusted := rules.Match(v); answer != trusted {
				t.Errorf("%s %+v: the engine says %v, the original %v", site.Host, visit, answer, trusted)
			}
			if !slices.Equal(bad, rules.BadLines()) {
				t.Errorf("%s: bad lines %v and %v", site.Host, bad, rules.BadLines())
			}
			found[answer.Status]++
		}
	}
	for _, status := range []int{0, 200, 301, 302} {
		if found[status] == 0 {
			t.Errorf("no visit was answered with %d: %v", status, found)
		}
	}
}

func TestBothImplementationsAgreeOnBadRules(t *testing.T) {
	nobody := &visitor.Visitor{Path: "/y"}
	for format, texts := range map[redirects.Format][]string{
		redirects.Text: {"", "# only\n\n", "nowhere /b\n/c\n/d word /e\n/f /g 3o1\n/h /i 299\n/j /k 301 Planet=mars\n" +
			"/l/*/m /n\n/o /p/:q\n/r* /s\n/t /u 301 Role=\n/v a=:b /w/:b?c\r\n/y/ /z # yes\n"},
		redirects.JSON: {"", "{", "[]", `{"redirects": 7}`, `{"redirects": [{"from": "/a"}, {"from": 7, "to": "/b"},
			{"from": "c", "to": "/d"}, {"from": "/e", "to": "/f", "conditions": {"Planet": ["mars"]}},
			{"from": "/y", "to": "/z", "status": 303}]}`},
	} {
		for _, text := range texts {
			rules := original.Parse([]byte(text), format)
			answer, bad := engine([]byte(text), format, nobody)
			if trusted := rules.Match(nobody); answer != trusted || !slices.Equal(bad, rules.BadLines()) {
				t.Errorf("%q: the engine says %v, %v, the original %v, %v", text, answer, bad, trusted, rules.BadLines())
			}
		}
	}
}
