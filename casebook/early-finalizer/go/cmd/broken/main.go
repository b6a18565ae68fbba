// Command broken serves sites, or drives them: the finalizer is early, the visitor shared, the rules a raw pointer.
package main

import (
	"os"

	"example.org/early-finalizer/internal/app"
	"example.org/early-finalizer/internal/load/early"
	"example.org/early-finalizer/internal/origin"
	"example.org/early-finalizer/internal/visitor"
)

func main() {
	os.Exit(app.Main(origin.Variant{Evaluate: early.Evaluate, Share: visitor.AsItIs}))
}
