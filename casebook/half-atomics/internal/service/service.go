// Package service is a small site that shows what its metrics collector counts. It knows no variant of it.
package service

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"example.org/half-atomics/internal/collector"
)

// shutdownPatience is how long requests in flight may take to end once the service is told to stop.
const shutdownPatience = 5 * time.Second

// Pace is how often the background work is done.
type Pace struct {
	// Prune is the time one bucket of the window stands for.
	Prune time.Duration
	// Refresh is the age at which the shown snapshot is replaced.
	Refresh time.Duration
}

// Service is the site. Make one with New.
type Service struct {
	metrics collector.Collector
	pace    Pace
	posts   map[string]post
	handler http.Handler
}

// New returns a service with so many archived posts. It does nothing until Serve is called.
func New(metrics collector.Collector, pace Pace, archived int) *Service {
	s := &Service{metrics: metrics, pace: pace, posts: archive(archived)}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", s.showIndex)
	routes.HandleFunc("GET /posts/{slug}", s.showPost)
	routes.HandleFunc("GET /metrics", s.showMetrics)
	routes.HandleFunc("GET /api/status", s.showStatus)
	s.handler = s.measured(routes)
	return s
}

// Handler answers requests, the middleware included.
func (s *Service) Handler() http.Handler { return s.handler }

// Serve answers on the listener and does the background work until the context ends. When it returns,
// everything that it started has ended.
func (s *Service) Serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer background.Wait()
	defer cancel()
	background.Go(func() { Every(ctx, s.pace.Prune, s.metrics.PruneOldestRequestCount) })
	background.Go(func() { Every(ctx, s.pace.Refresh, s.metrics.RefreshSnapshot) })
	return s.serveHTTP(ctx, listener)
}

func (s *Service) serveHTTP(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s.handler, ConnState: s.noteConnection, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.Background(), shutdownPatience)
	defer cancel()
	err := server.Shutdown(patience)
	if ended := <-stopped; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

// Every does the work once per period, in the calling goroutine, until the context ends.
func Every(ctx context.Context, period time.Duration, work func()) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			work()
		}
	}
}
