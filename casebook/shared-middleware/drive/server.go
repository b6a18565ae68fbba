package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const announcement = "listening on "

// diedError says that the server ended without having been asked to, or not well.
type diedError struct{ status int }

func (e diedError) Error() string { return fmt.Sprintf("the server ended with status %d", e.status) }

// server is a server to drive. Only one that we started has a process.
type server struct {
	url     string
	process *exec.Cmd
	ended   chan error
}

// reach starts the server, unless it runs already.
func reach(o options, collectorURL string) (*server, error) {
	if o.url != "" {
		return &server{url: o.url}, nil
	}
	return start(o.command, "TRACKER_COLLECTOR="+collectorURL)
}

// start runs the command and waits until it says where it listens.
func start(command []string, setting string) (*server, error) {
	process := exec.Command(command[0], command[1:]...)
	process.Env = append(os.Environ(), setting)
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	s := &server{process: process, ended: make(chan error, 1)}
	announced := make(chan string, 1)
	go func() {
		announced <- readAnnouncement(output)
		io.Copy(io.Discard, output)
		s.ended <- process.Wait()
	}()
	select {
	case s.url = <-announced:
	case <-time.After(startPatience):
		process.Process.Kill()
		return nil, fmt.Errorf("the server did not say within %v where it listens: %w", startPatience, context.DeadlineExceeded)
	}
	if s.url == "" {
		return nil, s.diagnose(<-s.ended)
	}
	return s, nil
}

// readAnnouncement reads up to the line with the address, which is empty if there is none.
func readAnnouncement(output io.Reader) string {
	lines := bufio.NewReader(output)
	for {
		line, err := lines.ReadString('\n')
		if address, found := strings.CutPrefix(line, announcement); found {
			return strings.TrimSpace(address)
		}
		if err != nil {
			return ""
		}
	}
}

// stop asks the server to end and waits until it has. One that may be about to die gets a moment to do so first, lest
// our signal be taken for the reason.
func (s *server) stop(moment time.Duration) error {
	if s.process == nil {
		return nil
	}
	select {
	case err := <-s.ended:
		return s.diagnose(err)
	case <-time.After(moment):
	}
	s.process.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.ended:
		if err != nil {
			return s.diagnose(err)
		}
		return nil
	case <-time.After(stopPatience):
		s.process.Process.Kill()
		return fmt.Errorf("the server did not stop within %v: %w", stopPatience, context.DeadlineExceeded)
	}
}

// diagnose turns the way a process ended into an error.
func (s *server) diagnose(ended error) error {
	var exit *exec.ExitError
	if !errors.As(ended, &exit) {
		return diedError{exitUndriven}
	}
	if wait, ok := exit.Sys().(syscall.WaitStatus); ok && wait.Signaled() {
		return diedError{128 + int(wait.Signal())}
	}
	return diedError{exit.ExitCode()}
}
