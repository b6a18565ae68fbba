// A goroutine that calls C, which calls Go back, which calls C: and there everything is recorded to argv[1].
package main

/*
int first(int n);
void record_to(char *path);
void snapshot(void);
*/
import "C"

import "os"

//export called_back
func called_back(n C.int) C.int {
	return inner(n)
}

func inner(n C.int) C.int {
	C.snapshot()
	return n + 1
}

type worker struct{ total C.int }

//go:noinline
func (w *worker) run(n C.int) {
	w.total += C.first(n)
}

func main() {
	C.record_to(C.CString(os.Args[1]))
	done := make(chan bool)
	go func() {
		w := worker{}
		w.run(5)
		done <- w.total > 0
	}()
	<-done
}
