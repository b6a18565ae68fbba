// Package sites makes sites of many sizes, and visits to them, always the same ones.
package sites

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"

	"example.org/early-finalizer/internal/visitor"
	"example.org/early-finalizer/redirects"
)

// Site is one site and requests for it.
type Site struct {
	Host   string
	Format redirects.Format
	Rules  []byte
	Visits []Visit
}

// Visit is one request.
type Visit struct {
	Path, Query, Country, Language, Roles, Cookie string
}

// visitsPerSite is how many different requests there are for each site.
const visitsPerSite = 32

// pages exist on every site.
var pages = []string{"/", "/about", "/blog/2014/05/how-we-did-it-3", "/internal/team-4", "/search"}

// Sizes are how many rules sites have: most of them few, a few of them many.
func Sizes() []int {
	return []int{40, 400, 1000, 2500, 4000, 6000, 8000, 10000, 12000}
}

// Make makes a site for each size. Every third one writes its rules in JSON.
func Make(sizes []int) []Site {
	var all []Site
	for number, size := range sizes {
		random := rand.New(rand.NewPCG(uint64(number), uint64(size)))
		rules := entries(size, random)
		site := Site{Host: fmt.Sprintf("site-%d.example.org", number), Format: redirects.Text, Rules: asText(rules)}
		if number%3 == 1 {
			site.Format, site.Rules = redirects.JSON, asJSON(rules)
		}
		for range visitsPerSite {
			site.Visits = append(site.Visits, visit(rules, random))
		}
		all = append(all, site)
	}
	return all
}

// visit goes where some rule leads, or to a page, or nowhere.
func visit(rules []entry, random *rand.Rand) Visit {
	pick := func(among ...string) string { return among[random.IntN(len(among))] }
	v := Visit{
		Country:  pick("de", "AT", "fr", ""),
		Language: pick("de-AT,de;q=0.9", "en-GB, de;q=0.5", "fr;q=0.1, de", ""),
		Roles:    pick("editor", "reader", "reader,admin", ""),
		Cookie:   pick("preview=1; theme=dark", "theme=dark", ""),
	}
	switch random.IntN(8) {
	case 0:
		v.Path = pick(pages...)
	case 1:
		v.Path, v.Query = "/nowhere/"+pick("near", "far"), pick("page=2", "")
	default:
		v.follow(rules[random.IntN(len(rules))], pick)
	}
	return v
}

// follow makes the visit one that the rule is for, as far as path and query go.
func (v *Visit) follow(rule entry, pick func(...string) string) {
	rest, slug := pick("a", "a/b/c", ""), pick("rain", "snow")
	blanks := strings.NewReplacer("*", rest, ":year", "2014", ":month", "05", ":slug", slug)
	v.Path = "/" + strings.TrimPrefix(blanks.Replace(rule.From), "/")
	for name, value := range rule.Query {
		v.Query = name + "=" + strings.ReplaceAll(value, ":words", pick("slow", "bread"))
	}
}

// Request is the visit as a request to the service at the address.
func (v Visit) Request(address, host string) *http.Request {
	r, err := http.NewRequest(http.MethodGet, "http://"+address+v.Path+"?"+v.Query, nil)
	if err != nil {
		panic(err) // the paths are our own
	}
	r.Host = host
	for name, value := range map[string]string{
		visitor.CountryHeader: v.Country, visitor.RolesHeader: v.Roles, "Accept-Language": v.Language, "Cookie": v.Cookie,
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return r
}

// HasPage says whether every site has a page there.
func HasPage(path string) bool {
	for _, page := range pages {
		if strings.TrimSuffix(path, "/") == strings.TrimSuffix(page, "/") {
			return true
		}
	}
	return false
}
