# Two commands for a newcomer: make run, make test.

WEB  := agentui/web
BIN  := .bin/gateway
DATA ?= .data
export CGO_ENABLED ?= 0

.PHONY: run test web check e2e desk nodes drill build fuzz fuzz-mail loadtest clean

## run: the demo, with nothing to install but Go and Node; state is kept in .data
run: need-run web build
	$(BIN) demo --data $(DATA)

## test: everything, against real servers
test: need-test web check
	CGO_ENABLED=1 go test -race -shuffle=on -timeout 12m ./...
	$(MAKE) desk
	$(MAKE) --jobs=2 --output-sync nodes drill

## e2e: agent and visitor in two browsers, and several gateways some of which die, with real mail servers, PostgreSQL and Redis
e2e: desk nodes

E2E := go test -tags e2e -count=1 -timeout 12m -v ./cmd/gateway -run
desk: web
	$(E2E) '^TestE2E$$'

nodes: web
	$(E2E) '^TestE2E.'

## drill: a copy of the whole system is broken on purpose for a minute; SEED and MINUTES say how and how long
SEED    ?= 1
MINUTES ?= 1
drill: build
	$(BIN) drill --minutes $(MINUTES) --seed $(SEED)

## drill-defects: the drill finds each of the defects that are built in for it (slow)
DEFECTS := ack dedupe claim relay clock
drill-defects:
	@for d in $(DEFECTS); do \
	  go build -trimpath -tags defect_$$d -o $(BIN)-$$d ./cmd/gateway || exit 1; \
	  $(BIN)-$$d drill --minutes $(MINUTES) --seed $(SEED) > $(BIN)-$$d.txt; \
	  if grep -q '^FAIL:' $(BIN)-$$d.txt; then echo "$$d: found: $$(grep -m1 '^- ' $(BIN)-$$d.txt)"; else echo "$$d: not found"; exit 1; fi; done

## check: what is found without running
check:
	go vet ./...
	go vet -tags e2e ./cmd/...
	go vet -tags "$(DEFECTS:%=defect_%)" ./channels/... ./inbox/...
	test -z "$$(gofmt -l cmd channels router inbox agentui/*.go)"
	cd $(WEB) && npm run --silent check && npm run --silent test

## web: the console and the widget, built when their sources changed
web: $(WEB)/dist/.built

WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/*.html $(WEB)/*.json $(WEB)/*.ts $(WEB)/public agentui/wire router/hub inbox channels/chat -type f \
	! -name '*_test.go' ! -name types.ts 2>/dev/null)

$(WEB)/dist/.built: $(WEB)/node_modules/.ready $(WEB_SOURCES)
	go run ./agentui/web/tsgen > $(WEB)/src/wire/types.ts
	cd $(WEB) && npm run --silent build
	touch $@

$(WEB)/node_modules/.ready: $(WEB)/package.json $(WEB)/package-lock.json
	cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error
	touch $@

build:
	go build -trimpath -o $(BIN) ./cmd/gateway

## fuzz: every fuzz target for FUZZTIME each
FUZZTIME ?= 30s
fuzz:
	@for f in $$(grep -rlE '^func Fuzz' --include='*_test.go' .); do \
	  for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$f); do \
	    echo "$$t $$f"; go test -run '^$$' -fuzz "^$$t$$" -fuzztime $(FUZZTIME) ./$$(dirname $$f) || exit 1; done; done

## loadtest: what the gateway can do on this machine, against what the machine can do; LOAD holds further flags (see `go run ./cmd/loadtest up --help`)
LOAD ?=
loadtest: need-test
	go run ./cmd/loadtest up $(LOAD)

## fuzz-mail: reads 100,000 mutated mails; prints how many, the slowest, panics, peak memory
fuzz-mail:
	go test -count=1 -run 'TestREQEM3MutatedMails' -v ./channels/email/letter -mails $(or $(MAILS),100000)

need-%:
	@.ci/need $*

clean:
	rm -rf .bin .cache $(WEB)/dist/* $(WEB)/node_modules
