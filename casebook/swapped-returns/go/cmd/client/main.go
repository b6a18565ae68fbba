// Command client drives the gates library through its Go client.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"example.org/swapped-returns/internal/drive"
	"example.org/swapped-returns/internal/shop"
)

func main() { os.Exit(run()) }

func run() int {
	var plan shop.Plan
	flags := plan.Flags("client", os.Stderr)
	flags.StringVar(&plan.Specs, "specs", "specs/shop.json", "`file` with what is decided")
	flags.BoolVar(&plan.KeepAnswers, "keep", false, "look at pointers before following them, and give no answer back: lives on, and counts")
	flags.BoolVar(&plan.AskInCallback, "ask-in-callback", false, "ask for a gate whenever exposures are taken")
	if err := plan.Parse(flags, os.Args[1:]); errors.Is(err, flag.ErrHelp) {
		return drive.ExitFine
	} else if err != nil {
		return drive.ExitMisused
	}
	service, err := shop.Open(plan)
	if err != nil {
		fmt.Fprintf(os.Stderr, "client: %v\n", err)
		return drive.ExitNotStarted
	}
	return service.Drive(os.Stdout, os.Stderr)
}
