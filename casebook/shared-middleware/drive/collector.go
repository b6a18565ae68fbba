package main

import (
	"encoding/json"
	"net"
	"net/http"
	"sync"
)

// event is what a tracked site reports of a session that begins.
type event struct {
	VisitorID string `json:"visitor_id"`
	SessionID string `json:"session_id"`
	Campaign  string `json:"utm_campaign"`
}

// collector is the far end of event sending. It takes arrays of events by POST.
type collector struct {
	url     string
	server  *http.Server
	mutex   sync.Mutex
	arrived []event
}

func newCollector() (*collector, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &collector{url: "http://" + listener.Addr().String() + "/events"}
	c.server = &http.Server{Handler: c}
	go c.server.Serve(listener)
	return c, nil
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var batch []event
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.arrived = append(c.arrived, batch...)
	w.WriteHeader(http.StatusAccepted)
}

// all are the events that have arrived.
func (c *collector) all() []event {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.arrived
}

func (c *collector) close() { c.server.Close() }
