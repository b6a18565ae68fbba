package origin

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"example.org/early-finalizer/redirects"
)

// The files of a site: its rules in one of two formats, and a folder with a page for each path.
const (
	TextRules = "_redirects"
	JSONRules = "redirects.json"
	Pages     = "public"
	Page      = "index.html"
)

// site is a deployed site on disk.
type site struct {
	folder string
	file   string
	format redirects.Format
}

func open(folder, host string) (site, error) {
	if host == "" || strings.HasPrefix(host, ".") || strings.ContainsAny(host, "/\\") {
		return site{}, os.ErrNotExist
	}
	folder = filepath.Join(folder, host)
	if _, err := os.Stat(filepath.Join(folder, JSONRules)); err == nil {
		return site{folder, JSONRules, redirects.JSON}, nil
	}
	_, err := os.Stat(folder)
	return site{folder, TextRules, redirects.Text}, err
}

// rules reads the site's rules. A site may have none.
func (s site) rules() ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(s.folder, s.file))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// page is the file of the page at the path, which cannot lead out of the site.
func (s site) page(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return filepath.Join(s.folder, Pages, filepath.FromSlash(filepath.Clean("/"+path)), Page)
}

func (s site) hasPage(path string) bool {
	_, err := os.Stat(s.page(path))
	return err == nil
}

func (s site) servePage(w http.ResponseWriter, path string, status int) {
	content, err := os.ReadFile(s.page(path))
	if err != nil {
		http.Error(w, "there is no such page", max(status, http.StatusNotFound))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(content) // a client that has gone needs no answer
}
