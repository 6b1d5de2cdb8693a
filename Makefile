# Needs make, Python 3.11-3.13 and a C++20 compiler; everything else is installed into .venv.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test spark check format bench sanitize fuzz docs dist clean

# The first Python on the PATH that is new enough, else plain python3 (and a line saying so).
SUPPORTED = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,\
	$(shell $(p) -c '$(SUPPORTED)' 2>/dev/null && echo $(p))) python3)

BIN := .venv/bin
PIP = $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input -c requirements-dev.lock
BUILD_TOOLS := scikit-build-core nanobind cmeel-eigen cmake ninja
CPP := $(wildcard cpp/*/*.cpp cpp/*/*.hpp)
BUILD_INPUTS := pyproject.toml requirements-dev.lock CMakeLists.txt src/ranef/_version.py \
	$(wildcard cmake/*.cmake) $(filter-out cpp/tests/%,$(CPP))
# An added or removed C++ file or Python package is a change too (the editable install lists packages).
SOURCE_LIST := .venv/.sources
SOURCES := $(sort $(BUILD_INPUTS) $(shell find src -name __init__.py))

# $(call try,COMMAND): "yes" when COMMAND succeeds.
try = $(shell ( $(1) ) >/dev/null 2>&1 && echo yes)
# $(call need,COMMAND,MESSAGE): stop with the one line MESSAGE unless COMMAND succeeds.
need = $(if $(call try,$(1)),,$(error $(2)))

# make's own default for CXX is no choice of the user's; CMake then looks for c++, g++, clang++.
ifeq ($(origin CXX),default)
COMPILERS := c++ g++ clang++
else
COMPILERS := $(firstword $(CXX))
endif
CXX_PROBE = for c in $(COMPILERS); do echo "\#include <concepts>" | $$c -std=c++20 -fsyntax-only -x c++ - && exit 0; done; exit 1
need_compiler = $(call need,$(CXX_PROBE),ranef needs a C++20 compiler: \
	apt-get install g++ (Debian/Ubuntu)$(comma) dnf install gcc-c++ (Fedora)$(comma) xcode-select --install (macOS))
need_python = $(call need,$(PYTHON) -c '$(SUPPORTED)',ranef needs Python 3.11$(comma) 3.12 or 3.13 as \
	python3: apt-get install python3 (Debian/Ubuntu)$(comma) dnf install python3.12 (Fedora)$(comma) or make PYTHON=/path/to/python3.12)
need_venv = $(call need,$(PYTHON) -c 'import venv$(comma) ensurepip',ranef needs Python's venv module: \
	apt-get install python3-venv (Debian/Ubuntu)$(comma) dnf install python3 (Fedora))
need_headers = $(call need,test -e "`$(PYTHON) -c 'import sysconfig; print(sysconfig.get_path(\"include\"))'`/Python.h",\
	ranef needs Python's C headers: apt-get install python3-dev (Debian/Ubuntu)$(comma) dnf install python3-devel (Fedora))
comma := ,

help: ## show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

demo: .venv/.run ## install and run the worked example on the bundled data
	@$(BIN)/ranef demo

test: .venv/.test ## install and run the tests
	@$(BIN)/python -m pytest -n 2

spark: .venv/.test ## install PySpark, half a gigabyte that needs Java, and test sources with it
	@$(PIP) -e '.[spark]' --no-build-isolation
	@$(BIN)/python -m pytest tests/streams/test_spark.py

check: .venv/.dev ## lint, types, layers, C++ format and warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	@$(if $(CPP),$(BIN)/clang-format --dry-run --Werror $(CPP) && echo "clang-format: $(words $(CPP)) files in form")
	@$(BIN)/python tools/check_includes.py
	@$(BIN)/python tools/draw_house.py --check
	@echo "C++: compiled with warnings as errors"
	@$(BIN)/python tools/count_instructions.py

format: $(if $(wildcard .venv/.dev),,.venv/.dev) ## rewrite Python and C++ in the project's form
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format
	$(if $(CPP),$(BIN)/clang-format -i $(CPP))

bench: .venv/.test ## time ranef on the benchmark problems
	@$(BIN)/python -m benchmarks

sanitize: .venv/.dev ## run the C++ tests under the address, undefined-behaviour and thread sanitizers
	@$(if $(wildcard cpp/tests/*.cpp),$(SANITIZE),echo "cpp/tests is empty: nothing to run")

fuzz: .venv/.dev ## call the sanitized core with wrong arguments
	@$(call configure,sanitize,address$(comma)undefined,ON) && \
	$(BIN)/cmake --build build/sanitize --target _core -- --quiet && \
	LD_PRELOAD="$(call library,libasan.so) $(call library,libstdc++.so)" ASAN_OPTIONS=detect_leaks=0 \
	RANEF_CORE="$$(ls $(CURDIR)/build/sanitize/_core*.so)" $(BIN)/python -m studies fuzz

docs: .venv/.dev ## run every example of the documentation and build the site
	@begun=$$(date +%s); \
	$(BIN)/python -m sphinx -b html -d build/site-state -j 2 -W --keep-going -q docs build/site && \
	echo "The site: build/site/index.html, built in $$(( $$(date +%s) - begun )) s"

dist: .venv/.dev ## build the sdist and a wheel into dist/, and use the wheel where there is no compiler
	@rm -rf dist
	@echo "Building the sdist, and from it the wheel. The core is compiled anew: two to four minutes."
	@$(BIN)/python -m build --no-isolation >build/dist.log 2>&1 || { tail -30 build/dist.log; exit 1; }
	@$(BIN)/python tools/check_dist.py
	@ls -l dist

clean: ## remove .venv, builds and caches
	rm -rf .venv build dist docs/_pictures docs/reference/generated src/ranef/_core.pyi .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

CMAKE_TOOLS = -DPython_EXECUTABLE="$(CURDIR)/$(BIN)/python" -DCMAKE_MAKE_PROGRAM="$(CURDIR)/$(BIN)/ninja"
# $(call library,NAME): a library of the compiler's, by its path.
library = $(shell $(firstword $(COMPILERS)) -print-file-name=$(1))
# $(call configure,FOLDER,SANITIZERS,PYTHON MODULE): a build of the core with them.
configure = $(BIN)/cmake -S . -B build/$(1) -G Ninja --log-level=ERROR $(CMAKE_TOOLS) \
	-DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g" -DRANEF_PYTHON=$(3) \
	-DRANEF_SANITIZE=$(2) -Dnanobind_DIR="$$($(BIN)/python -m nanobind --cmake_dir)" >/dev/null
# $(call sanitized,FOLDER,SANITIZERS): build the core and its tests with them, and run the tests.
sanitized = $(call configure,$(1),$(2),OFF) && \
	$(BIN)/cmake --build build/$(1) -- --quiet && \
	$(BIN)/ctest --test-dir build/$(1) --output-on-failure
SANITIZE = $(call sanitized,sanitize,address$(comma)undefined) && $(call sanitized,sanitize-thread,thread)

# Installation. One stamp per set of extras; the larger set covers the smaller ones.
.venv/.tools: requirements-dev.lock
	$(need_python)$(need_venv)$(need_headers)$(need_compiler)
	@echo "Creating .venv with the build tools"
	@$(PYTHON) -m venv .venv
	@$(PIP) $(BUILD_TOOLS)
	@touch $@

$(SOURCE_LIST): .venv/.tools FORCE
	@echo "$(SOURCES)" | cmp -s - $@ || echo "$(SOURCES)" > $@

.PHONY: FORCE
FORCE:

# $(call install,EXTRAS,PIP OPTIONS)
install = $(need_compiler)@echo "Installing ranef$(1) into .venv. If C++ files are new or have changed, they are compiled now:"; \
	echo "all of them take one and a half to four minutes on two cores, and nothing is printed meanwhile."; \
	begun=$$(date +%s); $(PIP) --no-build-isolation $(2) -e '.$(1)' && \
	echo "Installed in $$(( $$(date +%s) - begun )) s"

.venv/.run: .venv/.tools $(SOURCE_LIST) $(BUILD_INPUTS)
	$(call install,,)
	@touch $@

.venv/.test: .venv/.tools $(SOURCE_LIST) $(BUILD_INPUTS)
	$(call install,[test],)
	@touch .venv/.run $@

# Warnings are errors from here on in this build folder, so that checking compiles nothing twice.
.venv/.dev: .venv/.tools $(SOURCE_LIST) $(BUILD_INPUTS)
	$(call install,[dev],-C cmake.define.RANEF_WERROR=ON -C cmake.define.RANEF_COUNTS=ON)
	@touch .venv/.run .venv/.test $@
