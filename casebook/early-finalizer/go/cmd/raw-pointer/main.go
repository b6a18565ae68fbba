// Command raw-pointer serves sites, or drives them: the finalizer is mended, the rules are still a raw pointer.
package main

import (
	"os"

	"example.org/early-finalizer/internal/app"
	"example.org/early-finalizer/internal/load/pointer"
	"example.org/early-finalizer/internal/origin"
	"example.org/early-finalizer/internal/visitor"
)

func main() {
	os.Exit(app.Main(origin.Variant{Evaluate: pointer.Evaluate, Share: visitor.Cloned}))
}
