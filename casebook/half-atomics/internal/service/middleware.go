package service

import (
	"net"
	"net/http"
	"time"
)

// SessionCookie is the name of the cookie that holds the session id.
const SessionCookie = "session"

// measured counts every request, whatever becomes of it, and notes how long it took.
func (s *Service) measured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		defer func() { s.metrics.RecordDuration(time.Since(started)) }()
		s.metrics.IncrementRequests()
		if cookie, err := r.Cookie(SessionCookie); err == nil {
			s.metrics.TouchSession(cookie.Value)
		}
		next.ServeHTTP(w, r)
	})
}

// noteConnection keeps the number of open connections.
func (s *Service) noteConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.metrics.ConnOpen()
	case http.StateClosed, http.StateHijacked:
		s.metrics.ConnClose()
	}
}
