package service

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"time"

	"example.org/half-atomics/internal/collector"
)

func (s *Service) showIndex(w http.ResponseWriter, _ *http.Request) {
	var page strings.Builder
	page.WriteString("<ul>\n")
	for _, p := range newest {
		fmt.Fprintf(&page, "<li><a href=\"/posts/%s\">%s</a></li>\n", p.slug, html.EscapeString(p.title))
	}
	page.WriteString("</ul>\n")
	writePage(w, "Posts", page.String())
}

func (s *Service) showPost(w http.ResponseWriter, r *http.Request) {
	found, ok := s.posts[r.PathValue("slug")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	var page strings.Builder
	for _, paragraph := range found.paragraphs {
		fmt.Fprintf(&page, "<p>%s</p>\n", html.EscapeString(paragraph))
	}
	writePage(w, found.title, page.String())
}

func (s *Service) showMetrics(w http.ResponseWriter, _ *http.Request) {
	writePage(w, "Metrics", metricsTable(s.metrics.LatestSnapshot()))
}

// metricsTable shows a snapshot as the rows of one table.
func metricsTable(shown *collector.Snapshot) string {
	var table strings.Builder
	row := func(name string, value any) { fmt.Fprintf(&table, "<tr><th>%s</th><td>%v</td></tr>\n", name, value) }
	table.WriteString("<table>\n")
	row("uptime", shown.Uptime.Round(time.Second))
	row("memory (KiB)", shown.HeapBytes/1024)
	row("goroutines", shown.Goroutines)
	row("open connections", shown.OpenConnections)
	row("sessions", shown.Sessions)
	row("requests", shown.Requests)
	row("requests lately", shown.RecentRequests)
	row("per minute, oldest first", shown.PerMinute)
	row("mean", shown.Response.Mean)
	row("median", shown.Response.P50)
	row("95 %", shown.Response.P95)
	row("99 %", shown.Response.P99)
	row("slowest", shown.Response.Max)
	table.WriteString("</table>\n")
	return table.String()
}

func (s *Service) showStatus(w http.ResponseWriter, _ *http.Request) {
	text, err := json.Marshal(s.metrics.LatestSnapshot())
	if err != nil {
		http.Error(w, "cannot show the status", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(text) // a client that has gone needs no answer
}

func writePage(w http.ResponseWriter, title, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, "<!doctype html>\n<title>"+html.EscapeString(title)+"</title>\n"+body)
}
