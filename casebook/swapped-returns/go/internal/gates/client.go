// Package gates is the Go client of libgates.so, over purego: no C compiler is needed to build it.
package gates

import (
	"encoding/json"
	"errors"
	"runtime"

	"example.org/swapped-returns/internal/mitigation"
)

// Options are how a client works.
type Options struct {
	// Specs are what it decides by; without them, those in the store are.
	Specs string `json:"-"`
	// IntervalMS is how often the store is asked and exposures are handed over.
	IntervalMS int `json:"interval_ms,omitempty"`
	// ExposurePercent is the share of users whose exposures are noted.
	ExposurePercent float64 `json:"exposure_percent"`
	// Store, Observe and TakeExposures may be nil. They are called from any thread.
	Store         Store                           `json:"-"`
	Observe       func(name string, count uint64) `json:"-"`
	TakeExposures func(exposures string)          `json:"-"`
}

// Client asks the library. It may be used by many goroutines at once.
type Client struct {
	handle uint64
	lent   *lent
}

// NewClient makes a client. It works in the background until it is closed or no longer used.
func NewClient(options Options) (*Client, error) {
	settings, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	mitigation.Dispatch.Lock()
	defer mitigation.Dispatch.Unlock()
	lent := lend(options)
	client := &Client{lent: lent}
	client.handle = functions.clientCreate(
		optional(options.Specs), string(settings), lent.store, lent.observer, lent.takeExposures)
	lent.release()
	if client.handle == 0 {
		return nil, errors.New("gates: the library refuses the specs")
	}
	runtime.SetFinalizer(client, (*Client).release)
	return client, nil
}

// Close hands over the last exposures and ends the work in the background.
func (c *Client) Close() {
	runtime.SetFinalizer(c, nil)
	c.release()
}

func (c *Client) release() {
	mitigation.Releasing.Lock()
	defer mitigation.Releasing.Unlock()
	functions.clientRelease(c.handle)
	runtime.KeepAlive(c.lent)
}

// CheckGate tells whether a gate is open for the user.
func (c *Client) CheckGate(user *User, name string) bool {
	mitigation.Dispatch.Lock()
	defer mitigation.Dispatch.Unlock()
	open := functions.checkGate(c.handle, user.handle, name)
	runtime.KeepAlive(user)
	runtime.KeepAlive(c)
	return open
}

// Gate asks for a gate, and why it is open or not.
func (c *Client) Gate(user *User, name string) (Gate, error) {
	var gate Gate
	err := c.ask(user, &gate, func(length *uint64) mitigation.Answer {
		return functions.getGate(c.handle, user.handle, name, length)
	})
	return gate, err
}

// Config asks for a dynamic config.
func (c *Client) Config(user *User, name string) (Values, error) {
	var values Values
	err := c.ask(user, &values, func(length *uint64) mitigation.Answer {
		return functions.getConfig(c.handle, user.handle, name, length)
	})
	return values, err
}

// Experiment asks for the user's group in an experiment.
func (c *Client) Experiment(user *User, name string) (Values, error) {
	var values Values
	err := c.ask(user, &values, func(length *uint64) mitigation.Answer {
		return functions.getExperiment(c.handle, user.handle, name, length)
	})
	return values, err
}

// Parameter asks for a parameter of a parameter store.
func (c *Client) Parameter(user *User, store, parameter string) (Parameter, error) {
	var value Parameter
	err := c.ask(user, &value, func(length *uint64) mitigation.Answer {
		return functions.getParameter(c.handle, user.handle, store, parameter, length)
	})
	return value, err
}

// Bootstrap asks for everything that is decided for the user.
func (c *Client) Bootstrap(user *User) (Bootstrap, error) {
	var everything Bootstrap
	err := c.ask(user, &everything, func(length *uint64) mitigation.Answer {
		return functions.bootstrap(c.handle, user.handle, length)
	})
	return everything, err
}

// ask asks about a user, who must not be released meanwhile.
func (c *Client) ask(user *User, value any, question func(length *uint64) mitigation.Answer) error {
	err := ask(value, question)
	runtime.KeepAlive(user)
	runtime.KeepAlive(c)
	return err
}

// LogEvent notes an event beside the exposures.
func (c *Client) LogEvent(user *User, name, value string) bool {
	mitigation.Dispatch.Lock()
	defer mitigation.Dispatch.Unlock()
	noted := functions.logEvent(c.handle, user.handle, name, value)
	runtime.KeepAlive(user)
	runtime.KeepAlive(c)
	return noted
}

// Update decides by newer specs from now on; false if they are older or of no use.
func (c *Client) Update(specs string) bool {
	mitigation.Dispatch.Lock()
	defer mitigation.Dispatch.Unlock()
	taken := functions.clientUpdate(c.handle, specs)
	runtime.KeepAlive(c)
	return taken
}

// Flush hands over the exposures that wait, and returns when the taker has them.
func (c *Client) Flush() uint64 {
	mitigation.Dispatch.Lock()
	defer mitigation.Dispatch.Unlock()
	count := functions.clientFlush(c.handle)
	runtime.KeepAlive(c)
	return count
}
