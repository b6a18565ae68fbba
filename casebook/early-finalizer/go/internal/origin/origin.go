// Package origin is the service behind the edge: it loads a site's rules for each request, asks them, and serves what
// they say. The edge in front of it keeps the answers. It knows no variant.
package origin

import (
	"net/http"
	"strconv"
	"sync/atomic"

	"example.org/early-finalizer/internal/original"
	"example.org/early-finalizer/internal/visitor"
	"example.org/early-finalizer/redirects"
)

// The headers that tell the edge which rule has answered, and where a rewrite leads.
const (
	RuleHeader    = "X-Rule"
	RewriteHeader = "X-Rewrite"
)

// Variant is what the binaries differ in.
type Variant struct {
	// Evaluate asks a site's rules through the C++ engine.
	Evaluate func(text []byte, format redirects.Format, request *redirects.Request) redirects.Answer
	// Share hands the visitor to the other goroutine.
	Share func(*visitor.Visitor) *visitor.Visitor
}

// Service answers requests for the sites in a folder. Make one with New.
type Service struct {
	folder      string
	variant     Variant
	differences atomic.Uint64
}

// New returns a service for the sites in the folder.
func New(folder string, variant Variant) *Service {
	return &Service{folder: folder, variant: variant}
}

// Differences is how often the two implementations disagreed.
func (s *Service) Differences() uint64 { return s.differences.Load() }

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	site, err := open(s.folder, r.Host)
	if err != nil {
		http.Error(w, "there is no such site", http.StatusNotFound)
		return
	}
	text, err := site.rules()
	if err != nil {
		http.Error(w, "the rules cannot be read", http.StatusInternalServerError)
		return
	}
	v := visitor.Of(r, site.hasPage(r.URL.Path))
	respond(w, site, r.URL.Path, s.decide(text, site.format, v))
}

// decide asks both implementations at once. What the original says counts.
func (s *Service) decide(text []byte, format redirects.Format, v *visitor.Visitor) redirects.Answer {
	beside := make(chan redirects.Answer, 1)
	shared := s.variant.Share(v)
	go func() { beside <- original.Parse(text, format).Match(shared) }()
	asked := request(v)
	defer asked.Free()
	answer := s.variant.Evaluate(text, format, asked)
	trusted := <-beside
	if answer != trusted {
		s.differences.Add(1)
	}
	return trusted
}

// request is the visitor in the engine's words.
func request(v *visitor.Visitor) *redirects.Request {
	return redirects.NewRequest(redirects.Visit{
		Path:     v.Path,
		Query:    v.RawQuery,
		Country:  v.Country,
		Language: v.Language(),
		Roles:    v.RoleNames(),
		Cookies:  v.CookieNames(),
		Exists:   v.Exists,
	})
}

func respond(w http.ResponseWriter, site site, path string, answer redirects.Answer) {
	if answer.Line > 0 {
		w.Header().Set(RuleHeader, strconv.Itoa(answer.Line))
	}
	switch {
	case answer.Status == 0:
		site.servePage(w, path, http.StatusOK)
	case answer.Status >= 300 && answer.Status < 400:
		w.Header().Set("Location", answer.Target)
		w.WriteHeader(answer.Status)
	default:
		w.Header().Set(RewriteHeader, answer.Target)
		site.servePage(w, answer.Target, answer.Status)
	}
}
