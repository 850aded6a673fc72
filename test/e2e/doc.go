// Package e2e drives the real binary: in tmux as an operator sees it, and headless as a service manager does.
//
// The driver builds without tags; the tests need `-tags e2e` (make e2e). A screen is always polled for with a deadline,
// never slept for.
package e2e
