// Command drive sends rounds of simultaneous requests to a tracked site and asks of every answer whose it is.
//
//	drive [-seconds 5] [-clients 50] [-events] -- COMMAND...   starts the server, drives it, and stops it
//	drive [-seconds 5] [-clients 50] -url URL                  drives a server that runs already
//
// The last line is "ops N, wrong M". Exit status: 0 all answers were right, 1 some were not, 2 wrong command line,
// 4 the server could not be driven, 124 it hung; a server that ends by itself passes its status on (128+N by a signal).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	exitRight     = 0
	exitWrong     = 1
	exitMisused   = 2
	exitUndriven  = 4
	exitTimedOut  = 124
	maxSeconds    = 3600
	stopPatience  = 10 * time.Second
	startPatience = 60 * time.Second
	dyingPatience = 2 * time.Second
)

// options are what the command line says.
type options struct {
	seconds float64
	clients int
	events  bool
	url     string
	command []string
}

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(exitRight)
	case err != nil:
		os.Exit(exitMisused)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status, err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "drive: %v\n", err)
	}
	os.Exit(status)
}

func parse(arguments []string, explain io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("drive", flag.ContinueOnError)
	flags.SetOutput(explain)
	flags.Float64Var(&o.seconds, "seconds", 5, "`time` to send requests for")
	flags.IntVar(&o.clients, "clients", 50, "requests in a round")
	flags.BoolVar(&o.events, "events", false, "the server sends events: collect them, and judge them as well")
	flags.StringVar(&o.url, "url", "", "drive the server at `URL` instead of starting one")
	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}
	o.command = flags.Args()
	if err := o.check(); err != nil {
		fmt.Fprintf(explain, "drive: %v\n", err)
		return options{}, err
	}
	return o, nil
}

func (o options) check() error {
	switch {
	case !(o.seconds > 0 && o.seconds <= maxSeconds):
		return fmt.Errorf("a drive lasts more than 0 and at most %d seconds", maxSeconds)
	case o.clients < 1 || o.clients > 1000:
		return errors.New("a round has 1 to 1000 clients")
	case (o.url == "") == (len(o.command) == 0):
		return errors.New("either -url or the command of a server is needed")
	case o.events && o.url != "":
		return errors.New("-events needs a server that drive starts itself")
	}
	return nil
}

// run drives, tells the result, and returns the exit status.
func run(ctx context.Context, o options, out io.Writer) (int, error) {
	events, err := newCollector()
	if err != nil {
		return exitUndriven, err
	}
	defer events.close()
	target, err := reach(o, events.url)
	if err != nil {
		return statusOf(err), err
	}
	books := newBooks()
	began := time.Now()
	driven := drive(ctx, o, target.url, books)
	lasted := time.Since(began)
	moment := time.Duration(0)
	if driven != nil {
		moment = dyingPatience
	}
	if err := target.stop(moment); err != nil {
		return statusOf(err), errors.Join(driven, err)
	}
	if driven != nil {
		return statusOf(driven), driven
	}
	if o.events {
		books.judgeEvents(events.all())
	}
	books.tell(out, lasted)
	if books.wrong() > 0 {
		return exitWrong, nil
	}
	return exitRight, nil
}

func statusOf(err error) int {
	var died diedError
	switch {
	case errors.As(err, &died):
		return died.status
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimedOut
	}
	return exitUndriven
}
