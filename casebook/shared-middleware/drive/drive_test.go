package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// echo answers everybody with what they brought, but one in ten with what spoil makes of it.
func echo(t *testing.T, spoil func(*answer)) string {
	var answered atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := request{campaign: r.URL.Query().Get("utm_campaign")}
		if cookie, err := r.Cookie("visitor_id"); err == nil {
			q.visitorID = cookie.Value
		}
		if cookie, err := r.Cookie("session_id"); err == nil {
			q.sessionID = cookie.Value
		}
		a := rightAnswer(q)
		if answered.Add(1)%10 == 0 {
			spoil(&a)
		}
		http.SetCookie(w, &http.Cookie{Name: "visitor_id", Value: a.Cookies.VisitorID})
		http.SetCookie(w, &http.Cookie{Name: "session_id", Value: a.Cookies.SessionID})
		json.NewEncoder(w).Encode(a.Body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func driven(t *testing.T, o options) (int, string, error) {
	var out strings.Builder
	status, err := run(t.Context(), o, &out)
	return status, out.String(), err
}

func TestASoundServerIsRight(t *testing.T) {
	status, out, err := driven(t, options{seconds: 0.2, clients: 20, url: echo(t, func(*answer) {})})
	if status != exitRight || err != nil || !strings.HasSuffix(out, ", wrong 0\n") || strings.Contains(out, "ops 0,") {
		t.Errorf("status %d, error %v, output %q", status, err, out)
	}
}

func TestAServerThatIsSometimesWrongIsWrong(t *testing.T) {
	url := echo(t, func(a *answer) { a.Cookies.VisitorID = "x" })
	status, out, err := driven(t, options{seconds: 0.2, clients: 20, url: url})
	if status != exitWrong || err != nil || strings.HasSuffix(out, ", wrong 0\n") {
		t.Errorf("status %d, error %v, output %q", status, err, out)
	}
}

func TestAServerThatAnswersNonsenseCannotBeDriven(t *testing.T) {
	page := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }
	for _, nonsense := range []http.HandlerFunc{http.NotFound, page} {
		server := httptest.NewServer(nonsense)
		status, out, err := driven(t, options{seconds: 1, clients: 2, url: server.URL})
		if status != exitUndriven || err == nil || out != "" {
			t.Errorf("status %d, error %v, output %q", status, err, out)
		}
		server.Close()
	}
}

func TestTheEndOfAServerIsPassedOn(t *testing.T) {
	for script, want := range map[string]int{
		"exit 7":     7,
		"exit 0":     exitUndriven,
		"kill -9 $$": 128 + 9,
		"echo listening on http://127.0.0.1:1; kill -SEGV $$":                                    128 + 11,
		"echo listening on http://127.0.0.1:1; trap 'exit 0' TERM; while :; do sleep 0.05; done": exitUndriven,
	} {
		status, out, err := driven(t, options{seconds: 1, clients: 2, command: []string{"sh", "-c", script}})
		if status != want || err == nil || out != "" {
			t.Errorf("%q: status %d, error %v, output %q, want status %d", script, status, err, out, want)
		}
	}
}

func TestCommandLinesThatAreWrong(t *testing.T) {
	for _, line := range []string{"", "-url http://x server", "-seconds 0 server", "-seconds -1 server", "-seconds NaN server",
		"-clients 0 server", "-events -url http://x", "-nonsense"} {
		if _, err := parse(strings.Fields(line), io.Discard); err == nil {
			t.Errorf("%q was accepted", line)
		}
	}
}
