// A program with Go's FIPS 140-3 module, which compares its own machine code with a sum before it begins, and ends the program
// if it is not the same.
//
//go:debug fips140=on
package main

import (
	"crypto/fips140"
	"crypto/sha256"
	"fmt"

	_ "checks-itself/aaa"
)

func main() {
	fmt.Printf("enabled %v, %x\n", fips140.Enabled(), sha256.Sum256([]byte("unharmed")))
}
