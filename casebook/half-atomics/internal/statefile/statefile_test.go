package statefile

import (
	"os"
	"path/filepath"
	"testing"

	"example.org/half-atomics/internal/collector"
)

func TestSavedCountsAreLoadedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counts.json")
	for _, want := range []collector.Counts{{Requests: 7, Sessions: 2}, {Requests: 1 << 63, Sessions: 3}} {
		if err := Save(path, want); err != nil {
			t.Fatal(err)
		}
		if got, err := Load(path); err != nil || got != want {
			t.Errorf("loaded %+v, %v, want %+v", got, err, want)
		}
	}
}

func TestSavingLeavesNoOtherFileBehind(t *testing.T) {
	folder := t.TempDir()
	if err := Save(filepath.Join(folder, "counts.json"), collector.Counts{}); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestAMissingFileHoldsZeroCounts(t *testing.T) {
	got, err := Load(filepath.Join(t.TempDir(), "none"))
	if err != nil || got != (collector.Counts{}) {
		t.Errorf("loaded %+v, %v", got, err)
	}
}

func TestADamagedFileIsNotTakenForZeroCounts(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "cut": `{"version":1,"requ`, "newer": `{"version":2,"requests":5}`, "other": `{}`,
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Load(path); err == nil {
			t.Errorf("%s file was loaded as %+v", name, got)
		}
	}
}

func TestSavingWhereNoFolderIsFails(t *testing.T) {
	if err := Save(filepath.Join(t.TempDir(), "no", "counts.json"), collector.Counts{}); err == nil {
		t.Error("saved into a folder that does not exist")
	}
}
