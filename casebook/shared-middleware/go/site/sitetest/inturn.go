// Package sitetest is the test that both variants pass.
package sitetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"example.org/shared-middleware/go/site"
)

// InTurn sends one request after the other.
func InTurn(t *testing.T, handler http.Handler) {
	server := httptest.NewServer(handler)
	defer server.Close()
	for number := range 20 {
		own := fmt.Sprintf("visitor-%d", number)
		if got := ask(t, server.URL, own).VisitorID; got != own {
			t.Errorf("%s was answered as %s", own, got)
		}
	}
}

func ask(t *testing.T, url, visitor string) site.Visit {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.AddCookie(&http.Cookie{Name: "visitor_id", Value: visitor})
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var page site.Visit
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	return page
}
