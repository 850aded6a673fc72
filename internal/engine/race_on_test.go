//go:build race

package engine

// raceOn: the race detector makes SQLite some ten times slower.
const raceOn = true
