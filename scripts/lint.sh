#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Formatting, the rules that no compiler checks, and clang-tidy. LINT=fast leaves clang-tidy out.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0

echo "clang-format"
git ls-files 'src/*.cc' 'src/*.h' 'fuzz/*.cc' 'bench/*.cc' 'bench/*.h' | xargs clang-format-19 --dry-run --Werror || failed=1

echo "house rules"
/usr/bin/python3 scripts/house_rules.py || failed=1

if [ "${LINT:-}" != fast ]; then
  echo "clang-tidy"
  # On large unity batches: each outside header is then read once for many of our files.
  cmake --preset dev -B build/lint -DKONTOR_TESTS=OFF -DKONTOR_BATCH=40 >/dev/null || exit 1
  cmake --build build/lint --target generated_headers >/dev/null || exit 1
  /usr/bin/python3 -c 'import json; print("\n".join(unit["file"] for unit in json.load(open("build/lint/compile_commands.json"))))' |
    grep -v asio_src.cc |
    xargs -P "$(nproc)" -n 1 clang-tidy-19 -p build/lint --quiet 2>/dev/null || failed=1
fi
exit $failed
