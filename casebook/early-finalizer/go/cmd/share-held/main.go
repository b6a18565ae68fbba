// Command share-held serves sites, or drives them: as broken, but each match holds a share in the rules.
package main

import (
	"os"

	"example.org/early-finalizer/internal/app"
	"example.org/early-finalizer/internal/load/early"
	"example.org/early-finalizer/internal/origin"
	"example.org/early-finalizer/internal/visitor"
)

func main() {
	os.Exit(app.Main(origin.Variant{Evaluate: early.EvaluateShared, Share: visitor.AsItIs}))
}
