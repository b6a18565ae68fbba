package sites

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"

	"example.org/early-finalizer/internal/origin"
	"example.org/early-finalizer/redirects"
)

// Folder is where the sites are on disk, as the service wants to find them. They are always the same, so what an earlier
// run has written is used again: a run that crashes could not tidy up after itself.
func Folder(all []Site) (string, error) {
	sum := fnv.New64a()
	for _, site := range all {
		sum.Write(site.Rules)
	}
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("early-finalizer-%d-%x", os.Getuid(), sum.Sum64()))
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	fresh, err := os.MkdirTemp("", "early-finalizer-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh) // does nothing once the folder carries its final name
	if err := Write(fresh, all); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, folder); err != nil && !os.IsExist(err) {
		return "", err
	}
	return folder, nil
}

// Write puts the sites into the folder.
func Write(folder string, all []Site) error {
	for _, site := range all {
		file := origin.TextRules
		if site.Format == redirects.JSON {
			file = origin.JSONRules
		}
		files := map[string][]byte{file: site.Rules}
		for _, page := range pages {
			name := filepath.Join(origin.Pages, page, origin.Page)
			files[name] = []byte("<!doctype html>\n<title>" + page + "</title>\n")
		}
		if err := writeAll(filepath.Join(folder, site.Host), files); err != nil {
			return err
		}
	}
	return nil
}

func writeAll(folder string, files map[string][]byte) error {
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
