// Package beside loads what lies beside a specimen, without cgo.
package beside

import (
	"os"
	"path/filepath"

	"github.com/ebitengine/purego"
)

// Load loads the library of this name that lies beside this program.
func Load(name string) (uintptr, error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	return purego.Dlopen(filepath.Join(filepath.Dir(program), name), purego.RTLD_NOW|purego.RTLD_LOCAL)
}
