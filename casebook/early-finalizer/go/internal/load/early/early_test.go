package early

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// These are the facts that the case rests on, without the engine: with it, the first would crash.

type handle struct{ number *int }

var ended atomic.Int64

func (h *handle) free() { ended.Add(1) }

func returnedByCopy() handle {
	h := handle{new(int)}
	runtime.SetFinalizer(&h, func(p *handle) { p.free() })
	return h
}

func capturedByItsFinalizer() handle {
	h := handle{new(int)}
	runtime.SetFinalizer(&h, func(*handle) { h.free() })
	return h
}

// collected is whether a finalizer has run after a few collections.
func collected() bool {
	before := ended.Load()
	for range 20 {
		runtime.GC()
		time.Sleep(time.Millisecond)
		if ended.Load() > before {
			return true
		}
	}
	return false
}

func TestAFinalizerOnALocalRunsWhileTheCopyIsInUse(t *testing.T) {
	h := returnedByCopy()
	if !collected() {
		t.Error("it did not run")
	}
	runtime.KeepAlive(h)
}

func TestAFinalizerThatCapturesItsVariableNeverRuns(t *testing.T) {
	h := capturedByItsFinalizer()
	if collected() {
		t.Error("it ran")
	}
	runtime.KeepAlive(h)
}
