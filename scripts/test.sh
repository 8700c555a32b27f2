#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# `make test`: everything that CI runs. Prints the runners' summaries again at the end; exits with 1 if any step failed.
set -uo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)
python=/usr/bin/python3
log=build/test-logs
# The closing lines of ctest, pytest and GoogleTest.
runners='^[0-9]+% tests passed|^[0-9]+ (passed|failed).* in [0-9.]+s|^\[==========\] [0-9]+ tests .* ran'
summary=()
failed=0

# step NAME COMMAND...: runs it with its output in a log, shows the tail where it failed.
step() {
  local name=$1 begin=$SECONDS
  shift
  printf '== %s\n' "$name"
  if "$@" >"$log/$name.log" 2>&1; then
    summary+=("ok      $name ($((SECONDS - begin)) s)")
  else
    summary+=("FAILED  $name ($((SECONDS - begin)) s), see $log/$name.log")
    failed=1
    tail -n 80 "$log/$name.log"
  fi
  grep -hE "$runners" "$log/$name.log" || true
}

build() {
  cmake --preset "$1" "${@:3}" && cmake --build --preset "$1" -j "$jobs" --target $2
}

# Begins a later build with what the tests leave of the processors: they mostly wait. Its own step waits for it, builds what
# is missing and tells what is wrong.
build_ahead() {
  (nice -n 19 cmake --preset "$1" "${@:3}" && nice -n 19 cmake --build --preset "$1" -j "$jobs" --target $2) >/dev/null 2>&1 &
}
build_rest() {
  wait
  build "$@"
}

# The rooms that threads meet in; what the others do in them is the same with any sanitizer.
# Debian's RocksDB is not built with it and cannot be judged: its tests stay out here.
threaded="base_test store_test net_test groupware_test transport_test protocols_imap_test protocols_import_test"
run_threaded() {
  local test
  for test in $threaded; do
    "build/tsan/$test" --gtest_brief=1 '--gtest_filter=-*/1.*:Rocksdb.*:Crash.*:DiskFull.*' || return 1
  done
}

# What nobody will change one file of is built in larger batches: less is read twice.
large=-DKONTOR_BATCH=24

scripts/packages.sh build test lint fuzz || exit 1
mkdir -p "$log"

step build-release build release "kontor kontor-migrate" $large
[ $failed = 0 ] || { printf '%s\n' "${summary[@]}"; exit 1; }
build_ahead asan all $large
step end-to-end $python -m pytest tests/e2e -q -n 2 --durations=15
step demo env DEMO=once make demo
step build-asan build_rest asan all $large
build_ahead tsan "$threaded" $large
step unit-asan ctest --test-dir build/asan -j "$jobs" --output-on-failure
step end-to-end-asan env KONTOR_BUILD=build/asan $python -m pytest tests/e2e -q -n 2 -m short
step build-tsan build_rest tsan "$threaded" $large
step unit-tsan run_threaded
step fuzz scripts/fuzz.sh 6
step lint scripts/lint.sh

printf '\n'
printf '%s\n' "${summary[@]}"
grep -hE "$runners" "$log"/*.log
exit $failed
