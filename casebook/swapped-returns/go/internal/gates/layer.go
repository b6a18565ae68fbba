package gates

import (
	"errors"
	"runtime"

	"example.org/swapped-returns/internal/mitigation"
)

// Layer is a layer as a user sees it. It is released when it is no longer used.
type Layer struct {
	handle uint64
}

// Layer asks for a layer. Nobody is exposed to anything yet.
func (c *Client) Layer(user *User, name string) (*Layer, error) {
	mitigation.Dispatch.Lock()
	defer mitigation.Dispatch.Unlock()
	layer := &Layer{functions.layerCreate(c.handle, user.handle, name)}
	runtime.KeepAlive(user)
	runtime.KeepAlive(c)
	if layer.handle == 0 {
		return nil, errors.New("gates: no layer without a client and a user")
	}
	runtime.SetFinalizer(layer, (*Layer).release)
	return layer, nil
}

// Value looks at a parameter, which exposes the user.
func (l *Layer) Value(parameter string) (Parameter, error) {
	var value Parameter
	err := ask(&value, func(length *uint64) mitigation.Answer {
		return functions.layerValue(l.handle, parameter, length)
	})
	runtime.KeepAlive(l)
	return value, err
}

func (l *Layer) release() {
	mitigation.Releasing.Lock()
	defer mitigation.Releasing.Unlock()
	functions.layerRelease(l.handle)
}
