#!/usr/bin/env bash
# Sets up .venv for the Makefile. usage: setup-venv.sh run|dev
#   run: what papertrader itself needs (requirements.txt)
#   dev: that and the tools to test and check it (requirements-dev.txt)
# Uses uv where it is installed, else python -m venv and pip. PYTHON names the interpreter for a
# new .venv; without it the newest one found is taken.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
    run) requirements=requirements.txt ;;
    dev) requirements=requirements-dev.txt ;;
    *) echo "usage: setup-venv.sh run|dev" >&2; exit 2 ;;
esac

python=.venv/bin/python

say() { printf '==> %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# A new enough Python that really starts (version managers put stand-ins on PATH that do not).
fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' </dev/null >/dev/null 2>&1; }

find_python() {
    local candidate
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || fail "PYTHON=$PYTHON is not a Python 3.11 or newer."
        echo "$PYTHON"
        return
    fi
    for candidate in python3.13 python3.12 python3.11 python3 python; do
        if fits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "papertrader needs Python 3.11 or newer, and none is on PATH." \
        "Install one, or name it: make PYTHON=/path/to/python3 ..."
}

# Its scripts hold absolute paths, so a .venv that was moved or copied is as good as none.
usable() { [ "$(cat .venv/.home 2>/dev/null)" = "$(pwd -P)" ] && fits "$python"; }

# pip's log as one moving line on a terminal, and as a line now and then elsewhere.
progress() {
    awk -v total="$(grep == "$requirements" | grep -cv win32)" -v tty="$1" '
        /^(Collecting|Requirement already satisfied:) / {
            name = $2 == "already" ? $4 : $2
            sub(/[=<>~!;].*/, "", name)
            n++
            if (tty) printf "\r    %d of %d: %-36s", n, total, name
            else if (n % 20 == 0) printf "    %d of %d\n", n, total
            fflush()
        }
        /^Installing collected packages/ {
            if (tty) printf "\r    %-48s\r    unpacking %d packages", "", split($0, parts, ", ")
            else printf "    unpacking %d packages\n", split($0, parts, ", ")
            fflush()
        }
        END { if (tty) print "" }
    '
}

if ! usable; then
    base=$(find_python)
    say "Making .venv with $("$base" --version)"
    rm -rf .venv
    if command -v uv >/dev/null; then
        uv venv --quiet --no-project --python "$("$base" -c 'import sys; print(sys.executable)')" .venv
    else
        "$base" -m venv .venv || fail "that Python cannot make virtual environments" \
            "(on Debian and Ubuntu: apt install python3-venv)."
    fi
    pwd -P >.venv/.home
fi

tty=
quiet=--quiet
if [ -t 1 ] && [ -t 2 ]; then
    tty=1
    quiet=
fi

if command -v uv >/dev/null; then
    say "Installing $requirements with uv"
    uv pip install $quiet --compile-bytecode --python "$python" --require-hashes -r "$requirements" \
        || fail "the packages could not be installed; what is above says why."
    uv pip install --quiet --python "$python" --no-deps --no-build-isolation --editable .
else
    say "Installing $requirements with pip (the first time takes a minute)"
    # A .venv that uv made has no pip.
    "$python" -m pip --version >/dev/null 2>&1 || "$python" -m ensurepip >/dev/null
    "$python" -m pip install --disable-pip-version-check --progress-bar off \
        --require-hashes -r "$requirements" | progress "$tty" \
        || fail "the packages could not be installed; what is above says why."
    "$python" -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation \
        --editable .
fi

# Compiled here once, so that no start has to: some machines let Python write no bytecode.
"$python" -m compileall -q src

touch .venv/.run
if [ "$1" = dev ]; then touch .venv/.dev; fi
say "Ready"
