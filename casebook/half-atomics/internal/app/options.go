package app

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"example.org/half-atomics/internal/drive"
	"example.org/half-atomics/internal/service"
)

// options are what the command line says.
type options struct {
	listen  string
	state   string
	archive int
	pace    service.Pace
	plan    drive.Plan
}

// everyday is the pace of a service that nobody drives.
var everyday = service.Pace{Prune: time.Minute, Refresh: time.Second}

func (o options) driven() bool { return o.plan.Lasting > 0 }

// parse reads the arguments, without the program's name. What it rejects it explains on the writer.
func parse(arguments []string, explain io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("half-atomics", flag.ContinueOnError)
	flags.SetOutput(explain)
	flags.StringVar(&o.listen, "listen", "", "`address` to listen on (default 127.0.0.1:8080, under -drive any free port)")
	flags.StringVar(&o.state, "state", "", "`file` that keeps the counts over a restart")
	flags.IntVar(&o.archive, "archive", service.DefaultArchive, "older `posts` to keep in memory; 0 means a nearly empty heap")
	flags.DurationVar(&o.pace.Prune, "prune-every", 0, "time per bucket of the window (default 1m, under -drive 1ms)")
	flags.DurationVar(&o.pace.Refresh, "refresh-every", 0, "age of the shown snapshot (default 1s, under -drive 3ms)")
	flags.DurationVar(&o.plan.Lasting, "drive", 0, "hammer every path for so long, audit the counts, and end")
	flags.IntVar(&o.plan.Direct, "workers", 4, "visitors that call the handler, under -drive")
	flags.IntVar(&o.plan.Connected, "clients", 2, "visitors that come over a connection, under -drive")
	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}
	if err := o.check(flags.Args()); err != nil {
		fmt.Fprintf(explain, "half-atomics: %v\n", err)
		return options{}, err
	}
	return o.completed(), nil
}

func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.pace.Prune < 0 || o.pace.Refresh < 0 || o.plan.Lasting < 0:
		return errors.New("a time cannot be negative")
	case o.archive < 0:
		return errors.New("an archive cannot hold less than nothing")
	case o.plan.Direct < 0 || o.plan.Connected < 0 || o.plan.Direct+o.plan.Connected == 0:
		return errors.New("a drive needs at least one worker or client")
	}
	return nil
}

// completed fills in what was left open.
func (o options) completed() options {
	pace, listen := everyday, "127.0.0.1:8080"
	if o.driven() {
		pace, listen = drive.Pace, "127.0.0.1:0"
	}
	if o.pace.Prune == 0 {
		o.pace.Prune = pace.Prune
	}
	if o.pace.Refresh == 0 {
		o.pace.Refresh = pace.Refresh
	}
	if o.listen == "" {
		o.listen = listen
	}
	return o
}
