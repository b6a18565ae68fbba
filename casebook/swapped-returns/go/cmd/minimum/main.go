// Command minimum drives a C library of one line through purego.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"example.org/swapped-returns/internal/drive"
	"example.org/swapped-returns/internal/minimum"
)

func main() { os.Exit(run()) }

func run() int {
	var plan drive.Plan
	if err := plan.Parse(plan.Flags("minimum", os.Stderr), os.Args[1:]); errors.Is(err, flag.ErrHelp) {
		return drive.ExitFine
	} else if err != nil {
		return drive.ExitMisused
	}
	names, err := minimum.Load(plan.Library)
	if err != nil {
		fmt.Fprintf(os.Stderr, "minimum: %v\n", err)
		return drive.ExitNotStarted
	}
	var visitors []drive.Visitor
	for number := range plan.Visitors {
		visitors = append(visitors, names.Visitor(number))
	}
	load := drive.Drive{Plan: plan, Out: os.Stdout, Err: os.Stderr}
	return load.Run(visitors)
}
