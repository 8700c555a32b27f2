#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Builds the load programs, then measures Kontor beside Dovecot and others. Options go to bench/run.py.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset release -DKONTOR_BENCH=ON >/dev/null
cmake --build --preset release -j "$(nproc)" --target kontor kontor-migrate bench_load bench_rocksdb bench_cost bench_expansion >/dev/null
exec /usr/bin/python3 bench/run.py "$@"
