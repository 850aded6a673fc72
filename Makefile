# make run    the demo in this terminal        make test   everything CI checks
# make help   all targets
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

MODULE       := github.com/openticketai/otai-tui
VERSION      ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LINT_VERSION := 2.15.0
LINT         := .bin/golangci-lint
PLATFORMS    := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
SIDECAR      := cmd/otai-classifier
BUILD        := CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)'
TEST_TIMEOUT := 15m
E2E_TIMEOUT  := 8m
BENCH        ?= .

# The version is stamped with -ldflags, so that a clone that git distrusts (another owner) still builds.
export GOFLAGS := $(filter-out -buildvcs=%,$(GOFLAGS)) -buildvcs=false

.PHONY: help run build classifier test unit soak e2e bench lint lint-selftest fmt fmt-check vet cross pictures clean

help: ## list the targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: build ## build, then open the demo console
	@bin/otai-tui --demo

build: ## bin/otai-tui, one static binary
	@$(BUILD) -o bin/ ./cmd/otai-tui

# A module of its own: the console's go.mod and binary stay free of the model runtime.
classifier: ## bin/otai-classifier, which serves local ONNX models
	@cd $(SIDECAR) && $(BUILD) -o ../../bin/ .

# The order ends with the go test runs, whose closing lines say what passed.
test: fmt-check vet lint lint-selftest cross unit soak e2e ## everything CI checks: format, vet, lint, cross-compile, race, golden, e2e

unit: ## unit, golden and race tests
	@race=$$(scripts/race-flag); set -x; go test $$race -timeout $(TEST_TIMEOUT) ./...; \
	  go -C $(SIDECAR) test $$race -timeout $(TEST_TIMEOUT) ./...

soak: ## a simulated month of 1,000 runners, without the race detector; OTAI_FULL=1 for one due each hour
	@set -x; go test -run '^TestSoak$$' -count=1 -timeout $(TEST_TIMEOUT) ./internal/engine

e2e: ## end-to-end tests with the real binary in tmux
	@command -v tmux >/dev/null || echo "tmux is not installed: the console's end-to-end tests are skipped (in CI they fail)"
	@set -x; go test -tags e2e -count=1 -timeout $(E2E_TIMEOUT) ./test/e2e/...

bench: ## the figures of docs/benchmarks; BENCH=regexp selects
	@go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 30m ./...

lint: $(LINT) ## golangci-lint, pinned in .bin
	@$(LINT) run
	@cd $(SIDECAR) && $(CURDIR)/$(LINT) run

lint-selftest: $(LINT) ## plant one violation per rule of ours and see each turn red
	@scripts/lint-selftest $(LINT)

# Always looked at, installed only when the version differs (about 90 s).
.PHONY: $(LINT)
$(LINT):
	@$(LINT) version 2>/dev/null | grep -qF 'version $(LINT_VERSION) ' || { \
	  echo "installing golangci-lint $(LINT_VERSION) into .bin/"; \
	  GOBIN="$(CURDIR)/.bin" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(LINT_VERSION); }

fmt: $(LINT) ## format all Go files
	@$(LINT) fmt

fmt-check:
	@bad=$$(git ls-files -co --exclude-standard '*.go' | while read -r f; do [ ! -f "$$f" ] || gofmt -l "$$f"; done); \
	  [ -z "$$bad" ] || { printf 'not formatted (make fmt):\n%s\n' "$$bad"; exit 1; }

vet:
	@go vet ./... && go vet -tags e2e ./test/... && go -C $(SIDECAR) vet ./...

cross: ## compile for every platform, CGO-free
	@for p in $(PLATFORMS); do echo "cross $$p"; \
	  CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go build -o /dev/null ./...; done
	@for p in linux/arm64 darwin/arm64 windows/amd64; do echo "cross $(SIDECAR) $$p"; \
	  CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go -C $(SIDECAR) build -o /dev/null .; done

pictures: build ## docs/pictures from the real program, in tmux
	@scripts/pictures bin/otai-tui

clean: ## remove what was built
	@rm -rf bin .bin coverage.out
