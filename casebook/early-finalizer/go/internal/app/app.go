// Package app is the command line of all variants: it joins a variant, the service, the sites and the driver.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.org/early-finalizer/internal/drive"
	"example.org/early-finalizer/internal/origin"
	"example.org/early-finalizer/internal/sites"
)

// The exit statuses.
const (
	exitFine      = 0   // served until told to stop, or driven and every answer was right
	exitWrong     = 1   // driven, and some answer was wrong
	exitMisused   = 2   // the command line is wrong
	exitNotServed = 4   // the service could not start
	exitHung      = 124 // driven, and some request did not end
)

// hangPatience is how much longer than planned a drive may take.
const hangPatience = 60 * time.Second

// Main runs the service with the variant and returns the exit status.
func Main(variant origin.Variant) int {
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitFine
	case err != nil:
		return exitMisused
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	status, err := run(ctx, o, variant, os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "early-finalizer: %v\n", err)
		return exitNotServed
	}
	return status
}

// run serves or drives the sites in the given folder, or made up ones.
func run(ctx context.Context, o options, variant origin.Variant, out io.Writer) (int, error) {
	made := sites.Make(sites.Sizes())
	folder := o.sites
	if folder == "" {
		var err error
		if folder, err = sites.Folder(made); err != nil {
			return 0, err
		}
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return 0, err
	}
	service := origin.New(folder, variant)
	server := &http.Server{Handler: service, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	defer server.Close()
	if o.driven() {
		return driven(ctx, o, service, drive.New(listener.Addr().String(), made), out), nil
	}
	fmt.Fprintf(out, "listening on http://%s, for sites such as %s\n", listener.Addr(), made[0].Host)
	select {
	case err := <-stopped:
		return 0, err
	case <-ctx.Done():
		return exitFine, nil
	}
}

// driven drives the service and tells how it went. The last line is made for programs.
func driven(ctx context.Context, o options, service *origin.Service, load *drive.Drive, out io.Writer) int {
	hung := time.AfterFunc(o.lasting+hangPatience, func() {
		fmt.Fprintln(os.Stderr, "early-finalizer: the drive does not end")
		os.Exit(exitHung)
	})
	defer hung.Stop()
	tally := load.Run(ctx, o.clients, o.lasting)
	differences := service.Differences()
	fmt.Fprintf(out, "%v\n%d differences between the two matchers\n", tally, differences)
	wrong := tally.Wrong + differences
	fmt.Fprintf(out, "ops %d, wrong %d\n", tally.Answered, wrong)
	if wrong > 0 {
		return exitWrong
	}
	return exitFine
}
