// Command half-mended serves the site, or drives it, with the half-mended collector.
package main

import (
	"os"

	"example.org/half-atomics/internal/app"
	"example.org/half-atomics/internal/collector/halfmended"
)

func main() { os.Exit(app.Main(halfmended.New())) }
