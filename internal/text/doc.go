// Package text makes foreign text safe to print on one terminal line, and prints widths, durations and times the way
// every screen and command of the program does. All functions are pure.
package text
