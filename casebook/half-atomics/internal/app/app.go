// Package app is the command line of all variants: it joins a collector, the service, the file and the driver.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.org/half-atomics/internal/collector"
	"example.org/half-atomics/internal/drive"
	"example.org/half-atomics/internal/service"
	"example.org/half-atomics/internal/statefile"
)

// The exit statuses.
const (
	exitFine      = 0 // served until told to stop, or driven and nothing was wrong
	exitWrong     = 1 // driven, and the books do not agree
	exitMisused   = 2 // the command line is wrong
	exitNotServed = 4 // the service could not start or not stop
)

// Main runs the service with the collector and returns the exit status.
func Main(counts collector.Collector) int {
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitFine
	case err != nil:
		return exitMisused
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	status, err := run(ctx, o, counts, os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "half-atomics: %v\n", err)
		return exitNotServed
	}
	return status
}

// run restores the counts, serves or drives, and saves the counts again.
func run(ctx context.Context, o options, counts collector.Collector, out io.Writer) (int, error) {
	if err := restore(o.state, counts); err != nil {
		return 0, err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return 0, err
	}
	status, err := serveOrDrive(ctx, o, counts, listener, out)
	return status, errors.Join(err, save(o.state, counts))
}

func serveOrDrive(ctx context.Context, o options, counts collector.Collector, listener net.Listener, out io.Writer) (int, error) {
	if o.driven() {
		return driven(ctx, o, counts, listener, out)
	}
	fmt.Fprintf(out, "listening on http://%s\n", listener.Addr())
	return exitFine, service.New(counts, o.pace, o.archive).Serve(ctx, listener)
}

func driven(ctx context.Context, o options, counts collector.Collector, listener net.Listener, out io.Writer) (int, error) {
	witness := drive.NewWitness(counts)
	served := service.New(witness, o.pace, o.archive)
	serving, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- served.Serve(serving, listener) }()
	quiesce := func() error { stop(); return <-ended }

	started := time.Now()
	load := drive.Drive{Witness: witness, Handler: served.Handler(), Address: listener.Addr().String()}
	verdict, err := load.Run(ctx, o.plan, quiesce)
	if err != nil {
		return 0, err
	}
	tell(out, verdict, time.Since(started))
	if verdict.Wrong() > 0 {
		return exitWrong, nil
	}
	return exitFine, nil
}

// tell prints the report. Its last line is made for programs.
func tell(out io.Writer, verdict drive.Verdict, lasted time.Duration) {
	rate := float64(verdict.Answered) / lasted.Seconds()
	fmt.Fprintf(out, "%d requests in %.1f s (%.0f/s), %d of them over HTTP, %d failed\n",
		verdict.Answered, lasted.Seconds(), rate, verdict.OverHTTP, verdict.Failed)
	for _, objection := range verdict.Objections {
		fmt.Fprintf(out, "wrong: %s\n", objection)
	}
	fmt.Fprintf(out, "ops %d, wrong %d\n", verdict.Answered, verdict.Wrong())
}

func restore(file string, counts collector.Collector) error {
	if file == "" {
		return nil
	}
	earlier, err := statefile.Load(file)
	if err == nil {
		counts.Restore(earlier)
	}
	return err
}

func save(file string, counts collector.Collector) error {
	if file == "" {
		return nil
	}
	return statefile.Save(file, counts.Counts())
}
