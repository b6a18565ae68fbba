package service

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.org/half-atomics/internal/collector"
	"example.org/half-atomics/internal/collector/mended"
)

func ask(s *Service, path, session string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	if session != "" {
		request.AddCookie(&http.Cookie{Name: SessionCookie, Value: session})
	}
	answer := httptest.NewRecorder()
	s.Handler().ServeHTTP(answer, request)
	return answer
}

func TestEveryPageCanBeRead(t *testing.T) {
	s := New(mended.New(), Pace{time.Hour, time.Hour}, 1)
	for path, want := range map[string]string{
		"/":                  "/posts/night-train",
		"/posts/night-train": "By night train to the sea",
		"/posts/log-0":       "Log, day 0",
		"/metrics":           "<th>requests</th>",
		"/api/status":        `"open_connections":0`,
	} {
		answer := ask(s, path, "")
		if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%s answered %d without %q", path, answer.Code, want)
		}
	}
}

func TestEveryRequestIsCountedEvenIfNothingIsFound(t *testing.T) {
	metrics := mended.New()
	s := New(metrics, Pace{time.Hour, time.Hour}, 1)
	ask(s, "/", "one")
	ask(s, "/posts/none", "two")
	ask(s, "/none", "two")
	if got, want := metrics.Counts(), (collector.Counts{Requests: 3, Sessions: 2}); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	if got := metrics.ComputeResponseStats().Count; got != 3 {
		t.Errorf("%d durations, want 3", got)
	}
}

func TestTheMetricsPageShowsTheLatestSnapshot(t *testing.T) {
	metrics := mended.New()
	s := New(metrics, Pace{time.Hour, time.Hour}, 1)
	for range 41 {
		ask(s, "/", "")
	}
	metrics.PruneOldestRequestCount()
	metrics.RefreshSnapshot()
	page := ask(s, "/metrics", "").Body.String()
	for _, want := range []string{"<td>41</td>", "<td>[0 0 0 41 0]</td>"} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %s:\n%s", want, page)
		}
	}
}

func TestAPostIsEscaped(t *testing.T) {
	page := ask(New(mended.New(), Pace{time.Hour, time.Hour}, 1), "/posts/slow-bread", "").Body.String()
	if strings.Contains(page, "<em>") || !strings.Contains(page, "&lt;em&gt;") {
		t.Error("text came out as markup")
	}
}

func TestTheStatusIsASnapshotInJSON(t *testing.T) {
	var got collector.Snapshot
	text := ask(New(mended.New(), Pace{time.Hour, time.Hour}, 1), "/api/status", "").Body.Bytes()
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
}

// TestServingEndsWithEverythingThatItStarted also sees that connections are counted and the background work done.
func TestServingEndsWithEverythingThatItStarted(t *testing.T) {
	metrics := mended.New()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- New(metrics, Pace{time.Hour, time.Millisecond}, 0).Serve(ctx, listener) }()
	answer, err := http.Get("http://" + listener.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, answer.Body) // a connection whose answer was not read to its end would be closed
	answer.Body.Close()
	until(t, func() bool {
		shown := metrics.LatestSnapshot()
		return shown.Requests == 1 && shown.OpenConnections == 1
	})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		t.Error("still listening")
	}
}

// until waits for the condition; the limit is for a machine under heavy load and normally never reached.
func until(t *testing.T, condition func() bool) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("waited in vain")
		}
	}
}
