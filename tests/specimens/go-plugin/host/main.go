// A program that opens a Go plugin, which lies beside it under its own name: see broken/plugin.go and healthy/plugin.go.
// It races nowhere itself.
package main

import (
	"fmt"
	"os"
	"plugin"

	"specimens/stage"
)

// open returns the two functions of the plugin.
func open() (update func(uint64), snapshot func() uint64, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	opened, err := plugin.Open(program + ".so")
	if err != nil {
		return nil, nil, err
	}
	updater, err := opened.Lookup("Update")
	if err != nil {
		return nil, nil, err
	}
	reader, err := opened.Lookup("Snapshot")
	if err != nil {
		return nil, nil, err
	}
	return updater.(func(uint64)), reader.(func() uint64), nil
}

func main() {
	update, snapshot, err := open()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stage.Play(
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				update(stage.Work(1500))
				stage.Breathe(operations)
			}
			return operations
		},
		func() (operations uint64) {
			for ; !stage.Over(); operations++ {
				stage.Work(int(snapshot() & 255))
				stage.Breathe(operations)
			}
			return operations
		},
	)
}
