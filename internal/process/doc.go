// Package process starts and ends commands together with all that they started, on each system in its own way.
package process
