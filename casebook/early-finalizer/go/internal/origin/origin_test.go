package origin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"example.org/early-finalizer/internal/load/mended"
	"example.org/early-finalizer/internal/origin"
	"example.org/early-finalizer/internal/sites"
	"example.org/early-finalizer/internal/visitor"
	"example.org/early-finalizer/redirects"
)

// liar is an engine that is always wrong.
func liar([]byte, redirects.Format, *redirects.Request) redirects.Answer {
	return redirects.Answer{Status: 301, Line: 1, Target: "/lie"}
}

var sound = origin.Variant{Evaluate: mended.Evaluate, Share: visitor.Cloned}

func service(t *testing.T, rules string, variant origin.Variant) *origin.Service {
	t.Helper()
	folder := t.TempDir()
	if err := sites.Write(folder, []sites.Site{{Host: "a.example.org", Rules: []byte(rules)}}); err != nil {
		t.Fatal(err)
	}
	return origin.New(folder, variant)
}

func ask(s *origin.Service, host, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestRulesDecideWhatIsServed(t *testing.T) {
	s := service(t, "/old /about\n/here /about 200\n/lost /about 404\n/about /hidden\n/search /find 302!\n", sound)
	for path, want := range map[string]struct {
		status         int
		rule, location string
	}{
		"/old":     {301, "1", "/about"},
		"/here":    {200, "2", ""},
		"/lost":    {404, "3", ""},
		"/about":   {200, "", ""},
		"/search":  {302, "5", "/find"},
		"/nowhere": {404, "", ""},
	} {
		w := ask(s, "a.example.org", path)
		rule, location := w.Header().Get(origin.RuleHeader), w.Header().Get("Location")
		if w.Code != want.status || rule != want.rule || location != want.location {
			t.Errorf("%s: %d, rule %q, to %q", path, w.Code, rule, location)
		}
	}
	if s.Differences() != 0 {
		t.Errorf("%d differences", s.Differences())
	}
}

func TestADifferenceIsCountedAndTheOriginalAnswerUsed(t *testing.T) {
	s := service(t, "/old /new\n", origin.Variant{Evaluate: liar, Share: visitor.Cloned})
	if w := ask(s, "a.example.org", "/old"); w.Header().Get("Location") != "/new" || s.Differences() != 1 {
		t.Errorf("led to %q with %d differences", w.Header().Get("Location"), s.Differences())
	}
}

func TestAHostCannotLeadOutOfTheFolder(t *testing.T) {
	s := service(t, "", sound)
	for _, host := range []string{"", "..", ".", "../a.example.org", "b.example.org"} {
		if w := ask(s, host, "/"); w.Code != http.StatusNotFound {
			t.Errorf("%q answered %d", host, w.Code)
		}
	}
}
