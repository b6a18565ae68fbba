package main

import (
	"crypto/rand"
	"encoding/hex"
)

// request is what one browser says of itself. All of it is unguessable and used once, so that whoever is answered
// with it was meant, or got somebody else's.
type request struct {
	// visitorID and sessionID are what the cookies say, empty for a cookie that the browser does not have.
	visitorID, sessionID string
	// campaign is the page's utm_campaign.
	campaign string
}

// newRequest is of one of three kinds: seven browsers in ten come back within their session, two after it, and
// one was never here.
func newRequest(turn int) request {
	asked := request{campaign: newID()}
	switch turn % 10 {
	case 0:
	case 1, 2:
		asked.visitorID = newID()
	default:
		asked.visitorID, asked.sessionID = newID(), newID()
	}
	return asked
}

func newID() string {
	var id [32]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}
