package gates

import (
	"encoding/json"
	"errors"
	"fmt"
	"unsafe"

	"example.org/swapped-returns/internal/mitigation"
)

// KeepAnswers makes the binding look at each pointer before it follows it, and give none back with free_string. So
// a process in which pointers are swapped lives on, and leaks. To be set before the first question.
var KeepAnswers bool

// ErrNothing means that the library gave no answer.
var ErrNothing = errors.New("gates: no answer")

// NoAddressError means that what came back can be no address.
type NoAddressError struct {
	Value uintptr
}

func (e NoAddressError) Error() string {
	return fmt.Sprintf("gates: %#x is no address of an answer", e.Value)
}

// BadAnswerError means that what came back is not the JSON that was asked for.
type BadAnswerError struct {
	Text string
	Why  error
}

func (e BadAnswerError) Error() string { return fmt.Sprintf("gates: answer %.80q: %v", e.Text, e.Why) }
func (e BadAnswerError) Unwrap() error { return e.Why }

// ask asks the library, and reads the answer into a value.
func ask(value any, question func(length *uint64) mitigation.Answer) error {
	text, err := receive(question)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), value); err != nil {
		return BadAnswerError{text, err}
	}
	return nil
}

// receive copies an answer to Go and gives it back to the library.
func receive(question func(length *uint64) mitigation.Answer) (string, error) {
	mitigation.Dispatch.Lock()
	defer mitigation.Dispatch.Unlock()
	var length uint64
	answer := question(&length)
	address := mitigation.Address(answer)
	switch {
	case address == 0:
		return "", ErrNothing
	case KeepAnswers && !canBeFollowed(address):
		return "", NoAddressError{address}
	}
	text := string(unsafe.Slice(mitigation.Pointer(answer), length))
	if !KeepAnswers {
		functions.freeString(answer)
	}
	return text, nil
}

// canBeFollowed tells whether a value can be an address of this process at all. Handles cannot.
func canBeFollowed(address uintptr) bool {
	const lowest, end = 1 << 16, 1 << 47
	return lowest <= address && address < end
}
