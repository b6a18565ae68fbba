// Package statefile keeps the counts in a file while the service is down.
package statefile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"example.org/half-atomics/internal/collector"
)

// version changes whenever an older binary could misread the file.
const version = 1

type content struct {
	Version int `json:"version"`
	collector.Counts
}

// Load reads the counts. A file that does not exist holds zero counts: that is how every first start looks.
func Load(path string) (collector.Counts, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return collector.Counts{}, nil
	}
	if err != nil {
		return collector.Counts{}, fmt.Errorf("load counts: %w", err)
	}
	return parse(path, text)
}

func parse(path string, text []byte) (collector.Counts, error) {
	var kept content
	if err := json.Unmarshal(text, &kept); err != nil {
		return collector.Counts{}, fmt.Errorf("load counts: %s: %w", path, err)
	}
	if kept.Version != version {
		return collector.Counts{}, fmt.Errorf("load counts: %s: version %d, expected %d", path, kept.Version, version)
	}
	return kept.Counts, nil
}

// Save writes the counts. A reader sees the old file or the new one, never a part of it.
func Save(path string, counts collector.Counts) error {
	text, err := json.Marshal(content{Version: version, Counts: counts})
	if err != nil {
		return fmt.Errorf("save counts: %w", err)
	}
	if err := replace(path, append(text, '\n')); err != nil {
		return fmt.Errorf("save counts: %w", err)
	}
	return nil
}

func replace(path string, text []byte) error {
	fresh, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name()) // does nothing once the file carries its final name
	_, err = fresh.Write(text)
	if err := errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	return os.Rename(fresh.Name(), path)
}
