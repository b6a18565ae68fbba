// Command mended serves the site, or drives it, with the mended collector.
package main

import (
	"os"

	"example.org/half-atomics/internal/app"
	"example.org/half-atomics/internal/collector/mended"
)

func main() { os.Exit(app.Main(mended.New())) }
