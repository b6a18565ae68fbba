// Command mended serves sites, or drives them: the finalizer is on what is returned and kept alive over every call.
package main

import (
	"os"

	"example.org/early-finalizer/internal/app"
	"example.org/early-finalizer/internal/load/mended"
	"example.org/early-finalizer/internal/origin"
	"example.org/early-finalizer/internal/visitor"
)

func main() {
	os.Exit(app.Main(origin.Variant{Evaluate: mended.Evaluate, Share: visitor.Cloned}))
}
