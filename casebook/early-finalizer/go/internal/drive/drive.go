// Package drive visits the sites of a running service over loopback connections, and knows what each must answer.
package drive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"example.org/early-finalizer/internal/origin"
	"example.org/early-finalizer/internal/original"
	"example.org/early-finalizer/internal/sites"
	"example.org/early-finalizer/internal/visitor"
)

// answerPatience is how long one answer may take. It is long because a watched service may be held.
const answerPatience = 30 * time.Second

// Tally is what became of the requests.
type Tally struct {
	// Answered is the number of requests that got an answer.
	Answered uint64
	// Wrong is how many of these got another one than the rules say.
	Wrong uint64
	// Failed is the number of requests that got none.
	Failed uint64
}

// Drive is a running service under load.
type Drive struct {
	address string
	calls   []call
}

// call is a request and its right answer.
type call struct {
	host  string
	visit sites.Visit
	right answer
}

// answer is what of an answer depends on the rules.
type answer struct {
	status                  int
	rule, location, rewrite string
}

// New prepares a drive of the service at the address, which serves these sites. What is right it learns from the
// original implementation, one request after the other.
func New(address string, all []sites.Site) *Drive {
	d := &Drive{address: address}
	for _, site := range all {
		rules := original.Parse(site.Rules, site.Format)
		for _, visit := range site.Visits {
			d.calls = append(d.calls, call{site.Host, visit, right(rules, visit, site.Host)})
		}
	}
	return d
}

func right(rules *original.Rules, visit sites.Visit, host string) answer {
	r := visit.Request("any", host)
	exists := sites.HasPage(visit.Path)
	said := rules.Match(visitor.Of(r, exists))
	expected := answer{status: said.Status}
	if said.Line > 0 {
		expected.rule = strconv.Itoa(said.Line)
	}
	switch {
	case said.Status == 0 && exists:
		expected.status = http.StatusOK
	case said.Status == 0:
		expected.status = http.StatusNotFound
	case said.Status < 400 && said.Status >= 300:
		expected.location = said.Target
	default:
		expected.rewrite = said.Target
		if !sites.HasPage(said.Target) {
			expected.status = max(said.Status, http.StatusNotFound)
		}
	}
	return expected
}

// Run lets so many clients send requests until the time is over.
func (d *Drive) Run(ctx context.Context, clients int, lasting time.Duration) Tally {
	ctx, cancel := context.WithTimeout(ctx, lasting)
	defer cancel()
	tallies := make([]Tally, clients)
	var visiting sync.WaitGroup
	for number := range clients {
		visiting.Go(func() { tallies[number] = d.visit(ctx, uint64(number)) })
	}
	visiting.Wait()
	var sum Tally
	for _, tally := range tallies {
		sum.Answered += tally.Answered
		sum.Wrong += tally.Wrong
		sum.Failed += tally.Failed
	}
	return sum
}

// visit sends one request after the other, over a connection of its own.
func (d *Drive) visit(ctx context.Context, number uint64) Tally {
	var tally Tally
	random := rand.New(rand.NewPCG(number, 1))
	line := &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true}
	defer line.CloseIdleConnections()
	for ctx.Err() == nil {
		call := &d.calls[random.IntN(len(d.calls))]
		got, err := ask(line, call.visit.Request(d.address, call.host))
		switch {
		case err != nil:
			tally.Failed++
		case got != call.right:
			tally.Answered++
			tally.Wrong++
		default:
			tally.Answered++
		}
	}
	return tally
}

func ask(line *http.Transport, r *http.Request) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerPatience)
	defer cancel()
	response, err := line.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	got := answer{
		status:   response.StatusCode,
		rule:     response.Header.Get(origin.RuleHeader),
		location: response.Header.Get("Location"),
		rewrite:  response.Header.Get(origin.RewriteHeader),
	}
	return got, errors.Join(err, response.Body.Close())
}

// String is one line of the report.
func (t Tally) String() string {
	return fmt.Sprintf("%d requests answered, %d of them wrongly; %d failed", t.Answered, t.Wrong, t.Failed)
}
