package drive

import (
	"fmt"
	"net/http"
	"runtime"

	"example.org/half-atomics/internal/service"
)

// requestsPerYield lets the background work have its turn about every tenth of a millisecond. Without it, it would
// wait for the scheduler's time slice of 10 ms.
const requestsPerYield = 8

// sessionsPerVisitor is how many sessions one visitor takes turns with.
const sessionsPerVisitor = 16

// visited are the pages that every visitor asks for in turn.
var visited = []string{"/", "/posts/night-train", "/api/status", "/posts/slow-bread", "/metrics", "/posts/rain-gauge"}

// visitor sends one request after the other.
type visitor struct {
	cookies []string
	tally   Tally
}

func newVisitor(name string) *visitor {
	v := &visitor{}
	for session := range sessionsPerVisitor {
		v.cookies = append(v.cookies, fmt.Sprintf("%s=%s-%d", service.SessionCookie, name, session))
	}
	return v
}

// visit asks for the next page until the channel is closed.
func (v *visitor) visit(stop <-chan struct{}, ask func(path, cookie string) error) {
	for turn := 0; !closed(stop); turn++ {
		session := turn % sessionsPerVisitor
		if err := ask(visited[turn%len(visited)], v.cookies[session]); err != nil {
			v.tally.Failed++
			continue
		}
		v.tally.Answered++
		v.tally.Sessions = min(v.tally.Sessions+1, sessionsPerVisitor)
	}
}

func closed(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// direct asks the handler without a connection in between.
type direct struct {
	handler  http.Handler
	requests map[string]*http.Request
	asked    int
}

func newDirect(handler http.Handler) *direct {
	d := &direct{handler: handler, requests: make(map[string]*http.Request)}
	for _, path := range visited {
		d.requests[path], _ = http.NewRequest(http.MethodGet, path, nil) // fails for malformed constants only
	}
	return d
}

// ask gives the processor away now and then, as a server does that waits for its next request.
func (d *direct) ask(path, cookie string) error {
	request := d.requests[path]
	request.Header.Set("Cookie", cookie)
	answer := sink{header: make(http.Header), status: http.StatusOK}
	d.handler.ServeHTTP(&answer, request)
	if d.asked++; d.asked%requestsPerYield == 0 {
		runtime.Gosched()
	}
	return expectOK(answer.status)
}

func expectOK(status int) error {
	if status != http.StatusOK {
		return fmt.Errorf("answered with status %d", status)
	}
	return nil
}

// sink is a response writer that keeps nothing of the body.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header                  { return s.header }
func (s *sink) WriteHeader(status int)               { s.status = status }
func (s *sink) Write(part []byte) (int, error)       { return len(part), nil }
func (s *sink) WriteString(part string) (int, error) { return len(part), nil }
