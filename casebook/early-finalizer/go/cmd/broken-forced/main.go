// Command broken-forced serves sites, or drives them: as broken, and garbage is collected between Parse and Match.
package main

import (
	"os"

	"example.org/early-finalizer/internal/app"
	"example.org/early-finalizer/internal/load/early"
	"example.org/early-finalizer/internal/origin"
	"example.org/early-finalizer/internal/visitor"
)

func main() {
	os.Exit(app.Main(origin.Variant{Evaluate: early.EvaluateForced, Share: visitor.AsItIs}))
}
