#!/usr/bin/env bash
# Writes requirements.txt and requirements-dev.txt from pyproject.toml: every dependency of the
# dependencies too, pinned with hashes, valid on each supported Python and platform. Needs uv.
# Pins that still fit are kept; `scripts/lock.sh --upgrade` moves them to the newest versions.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v uv >/dev/null; then
    echo "make lock needs uv, which is not on PATH (pip install uv)." >&2
    exit 1
fi

lock() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@" pyproject.toml
}

# The dev set contains the other, so it is solved first and the runtime set takes its pins.
lock "$@" --group dev --output-file requirements-dev.txt
lock "$@" --group build --constraint requirements-dev.txt --output-file requirements.txt
echo "Locked $(grep -c == requirements.txt) runtime and $(grep -c == requirements-dev.txt) dev packages."
