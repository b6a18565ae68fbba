// Package aaa is initialized before all others, by its name, and takes its time: whoever watches has set his traps by then.
package aaa

import "runtime"

func init() {
	done := make(chan bool)
	for range 2 {
		go func() {
			for range 5_000_000 {
				runtime.Gosched()
			}
			done <- true
		}()
	}
	<-done
	<-done
}
