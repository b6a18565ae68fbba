package app

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

// options are what the command line says.
type options struct {
	listen  string
	sites   string
	lasting time.Duration
	clients int
}

func (o options) driven() bool { return o.lasting > 0 }

// parse reads the arguments, without the program's name. What it rejects it explains on the writer.
func parse(arguments []string, explain io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("early-finalizer", flag.ContinueOnError)
	flags.SetOutput(explain)
	flags.StringVar(&o.listen, "listen", "", "`address` to listen on (default 127.0.0.1:8080, under -drive any free port)")
	flags.StringVar(&o.sites, "sites", "", "`folder` with a site for each host (default: made up, of many sizes)")
	flags.DurationVar(&o.lasting, "drive", 0, "visit the made up sites for so long, check every answer, and end")
	flags.IntVar(&o.clients, "clients", 4, "clients that visit at the same time, under -drive")
	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}
	if err := o.check(flags.Args()); err != nil {
		fmt.Fprintf(explain, "early-finalizer: %v\n", err)
		return options{}, err
	}
	if o.listen == "" {
		o.listen = "127.0.0.1:8080"
		if o.driven() {
			o.listen = "127.0.0.1:0"
		}
	}
	return o, nil
}

func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.lasting < 0:
		return errors.New("a time cannot be negative")
	case o.clients < 1:
		return errors.New("a drive needs at least one client")
	case o.driven() && o.sites != "":
		return errors.New("only the made up sites can be driven")
	}
	return nil
}
