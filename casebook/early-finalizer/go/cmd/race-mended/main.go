// Command race-mended serves sites, or drives them: as broken, but no two goroutines share a visitor or a request.
package main

import (
	"os"

	"example.org/early-finalizer/internal/app"
	"example.org/early-finalizer/internal/load/early"
	"example.org/early-finalizer/internal/origin"
	"example.org/early-finalizer/internal/visitor"
)

func main() {
	os.Exit(app.Main(origin.Variant{Evaluate: early.EvaluateInto, Share: visitor.Cloned}))
}
