// Package site is what both variants need: who comes, the two cookies, the slow page, and the server.
// Nothing here is kept between requests.
package site

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"regexp"
)

// The lifetimes of the two cookies, in seconds. As every answer sets them again, the session's end slides.
const (
	visitorLifetime = 2 * 365 * 24 * 60 * 60
	sessionLifetime = 30 * 60
)

var id = regexp.MustCompile(`^[A-Za-z0-9_-]{8,128}$`)

// Visit is what is known of one request.
type Visit struct {
	VisitorID string  `json:"visitor_id"`
	SessionID string  `json:"session_id"`
	Campaign  *string `json:"campaign"`
}

// VisitOf lets whoever brings an id keep it, and gives a new one to whoever does not.
func VisitOf(r *http.Request) Visit {
	visit := Visit{VisitorID: ownOrNew(r, "visitor_id"), SessionID: ownOrNew(r, "session_id")}
	if campaign := r.URL.Query().Get("utm_campaign"); campaign != "" {
		visit.Campaign = &campaign
	}
	return visit
}

func ownOrNew(r *http.Request, name string) string {
	if cookie, err := r.Cookie(name); err == nil && id.MatchString(cookie.Value) {
		return cookie.Value
	}
	var fresh [32]byte
	rand.Read(fresh[:])
	return hex.EncodeToString(fresh[:])
}

// SetCookies tells the browser who it is.
func (v Visit) SetCookies(w http.ResponseWriter) {
	setCookie(w, "visitor_id", v.VisitorID, visitorLifetime)
	setCookie(w, "session_id", v.SessionID, sessionLifetime)
}

func setCookie(w http.ResponseWriter, name, value string, lifetime int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: lifetime, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
