package drive

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

// Plan is how hard to drive.
type Plan struct {
	// Library is the file to load.
	Library string
	// Lasting is how long visitors visit.
	Lasting time.Duration
	// Patience is how long the last answer may take to come. Answers take microseconds; who waits so long, hangs.
	Patience time.Duration
	// Visitors is how many visit at once, each in a goroutine.
	Visitors int
}

// MostVisitors is how many can have ids of their own.
const MostVisitors = 64

// Flags are the flags of every driver.
func (p *Plan) Flags(name string, explain io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(explain)
	flags.StringVar(&p.Library, "library", "", "`file` to load")
	flags.DurationVar(&p.Lasting, "for", 10*time.Second, "how long to drive")
	flags.DurationVar(&p.Patience, "patience", 5*time.Second, "how much longer the last answer may take")
	flags.IntVar(&p.Visitors, "visitors", 8, fmt.Sprintf("`goroutines` that ask at once, %d at most", MostVisitors))
	return flags
}

// Check tells what is wrong with the plan.
func (p *Plan) Check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case p.Library == "":
		return errors.New("-library is missing")
	case p.Lasting <= 0 || p.Patience <= 0:
		return errors.New("a time must be longer than nothing")
	case p.Visitors < 1 || p.Visitors > MostVisitors:
		return fmt.Errorf("%d visitors; there can be 1 to %d", p.Visitors, MostVisitors)
	}
	return nil
}

// Parse reads the command line; whatever is wrong with it has been told when it returns an error.
func (p *Plan) Parse(flags *flag.FlagSet, arguments []string) error {
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	err := p.Check(flags.Args())
	if err != nil {
		fmt.Fprintf(flags.Output(), "%s: %v\n", flags.Name(), err)
	}
	return err
}
