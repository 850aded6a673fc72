//go:build race

package ui_test

// raceOn says that the race detector is on: what it adds makes the compiler keep more on the heap.
const raceOn = true
