// A service that has little to do, and three fields that no lock guards beside two that one does.
package main

import (
	"encoding/json"
	"flag"
	"net/http"
	"strings"
	"sync"
	"time"
)

type statistics struct {
	visits int64
	recent []string
	next   int

	lock  sync.Mutex
	paths map[string]int
	last  time.Time
}

var all = statistics{recent: make([]string, 64), paths: map[string]int{}}

func (s *statistics) count() {
	s.visits++
}

func (s *statistics) remember(path string) {
	s.recent[s.next%len(s.recent)] = path
	s.next++
}

func (s *statistics) note(path string) {
	s.lock.Lock()
	s.paths[path]++
	s.last = time.Now()
	s.lock.Unlock()
}

func page(lines int) string {
	var text strings.Builder
	for range lines {
		text.WriteString("abc")
	}
	return text.String()
}

func main() {
	listen := flag.String("listen", "", "address")
	flag.Parse()
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		all.count()
		text := page(200)
		all.remember(r.URL.Path)
		all.note(r.URL.Path)
		json.NewEncoder(w).Encode(map[string]any{"length": len(text), "visits": all.visits})
	})
	http.ListenAndServe(*listen, nil)
}
