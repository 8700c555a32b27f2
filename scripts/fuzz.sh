#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# fuzz.sh [SECONDS [TARGET...]]
# Builds every fuzz target (or those named) in build/asan and runs each for the given number of seconds, one per core at a
# time. A finding fails and is kept in build/fuzz/findings; what was learnt stays in build/fuzz/corpus. Runs begin with fuzz/seeds/TARGET, with what
# the transcripts hold for the target, and with sample messages; fuzz/TARGET.dict has its words.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift $(($# > 0))
cmake --preset asan >/dev/null
targets=${*:-$(cd fuzz && ls ./*_fuzz.cc | sed 's|^\./||; s|\.cc$||')}
cmake --build --preset asan -j "$(nproc)" --target $targets
mkdir -p build/fuzz/findings build/fuzz/corpus
/usr/bin/python3 scripts/fuzz_seeds.py build/fuzz/seeds

run_one() {
  local target=$1 seeds=() folder
  mkdir -p "build/fuzz/corpus/$target"
  # What is longer is cut: more runs find more than longer ones, except where structure needs room.
  local folders=("fuzz/seeds/$target" "build/fuzz/seeds/$target") longest=4096
  case $target in
    mime_* | charset_* | address_* | preview_*) folders+=(tests/data/eml ../shared/corpus/eml) ;;
    document_zip_*) folders+=(tests/data/documents) ;;
    mbox_*) folders+=(tests/data/eml ../shared/corpus/mbox) ;;
  esac
  case $target in document_* | mime_structure_* | archive_* | mbox_* | mapi_item_*) longest=16384 ;; esac
  for folder in "${folders[@]}"; do [ -d "$folder" ] && seeds+=("$folder"); done
  local dictionary=()
  [ -f "fuzz/$target.dict" ] && dictionary=("-dict=fuzz/$target.dict")
  if "build/asan/$target" "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=2048 "-max_len=$longest" -print_final_stats=1 \
    "-artifact_prefix=build/fuzz/findings/$target-" "${dictionary[@]}" "build/fuzz/corpus/$target" "${seeds[@]}" \
    >"build/fuzz/$target.log" 2>&1; then
    echo "ok      $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$target.log") runs"
  else
    echo "FAILED  $target"
    tail -n 40 "build/fuzz/$target.log"
    return 1
  fi
}
export -f run_one
export seconds
printf '%s\n' $targets | xargs -P "$(nproc)" -I{} bash -c 'run_one {}'
