// Command broken serves the site, or drives it, with the broken collector.
package main

import (
	"os"

	"example.org/half-atomics/internal/app"
	"example.org/half-atomics/internal/collector/broken"
)

func main() { os.Exit(app.Main(broken.New())) }
