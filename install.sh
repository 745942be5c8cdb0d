#!/bin/sh
# Make .venv and bring it to a lock file: ./install.sh requirements.txt
# Nothing is done where .venv already holds that lock. PYTHON names another interpreter.
set -eu
cd "$(dirname "$0")"
here=$(pwd -P)
lock=$1
venv=.venv
everything='import kle.serve, kle.rounds, kle.checking, kle.importing, exports.release
from classifier.model import Model
Model.load().predict([""])'

say() { printf '%s\n' "$*" >&2; }

# A name on PATH proves nothing (version managers leave shims that only print an error): run it.
fits() {
    "$1" -c 'import sys, ssl, sqlite3; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
        >/dev/null 2>&1 </dev/null
}

find_python() {
    for name in python3.13 python3.12 python3.11 python3 python; do
        old_ifs=$IFS
        IFS=:
        for folder in $PATH; do
            if [ -x "${folder:-.}/$name" ] && fits "${folder:-.}/$name"; then
                printf '%s\n' "${folder:-.}/$name"
                return 0
            fi
        done
        IFS=$old_ifs
    done
    return 1
}

version() { "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null </dev/null; }

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || {
            say "PYTHON=$PYTHON is no working Python 3.11, 3.12 or 3.13."
            exit 1
        }
    else
        PYTHON=$(find_python) || {
            say "kle-monitor needs Python 3.11, 3.12 or 3.13 and none on PATH works: install one, or name it with PYTHON=/path/to/python3.12."
            exit 1
        }
    fi
}

usable() {
    [ -x "$venv/bin/python" ] && fits "$venv/bin/python" &&
        "$venv/bin/python" -c 'import pip' >/dev/null 2>&1 </dev/null || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version "$venv/bin/python")" = "$(version "$PYTHON")" ] || return 1
    for stamp in "$venv"/.holds-*; do  # a moved folder: the scripts inside name the old place
        [ ! -f "$stamp" ] || [ "$(sed -n 1p "$stamp")" = "$here" ] || return 1
    done
}

# Where a system's Python comes without ensurepip (Debian without python3-venv), virtualenv brings its own pip.
make_venv() {
    rm -rf "$venv"
    "$PYTHON" -m venv "$venv" >/dev/null 2>&1 </dev/null && usable && return 0
    rm -rf "$venv"
    say "This Python has no ensurepip; trying virtualenv."
    "$PYTHON" -m virtualenv --quiet "$venv" >/dev/null 2>&1 </dev/null && usable && return 0
    rm -rf "$venv"
    borrowed=$(mktemp -d)
    if "$PYTHON" -m pip install -qq --disable-pip-version-check --target "$borrowed" \
        --require-hashes -r requirements-venv.txt </dev/null &&
        PYTHONPATH="$borrowed" "$PYTHON" -m virtualenv --quiet "$venv" </dev/null; then
        rm -rf "$borrowed"
        usable && return 0
    fi
    rm -rf "$borrowed" "$venv"
    say "$PYTHON can make no virtual environment: install its venv module (Debian: apt install python3-venv) or virtualenv."
    exit 1
}

wanted() {
    printf '%s\n' "$here"
    cat "$1" pyproject.toml | cksum
}

if ! usable; then
    choose_python
    say "Making .venv with $PYTHON ($(version "$PYTHON"))."
    make_venv
fi
if [ "$(cat "$venv/.holds-$lock" 2>/dev/null)" != "$(wanted "$lock")" ]; then
    say "Installing $lock (once; some minutes on a slow line)."
    # The lock is whole, so nothing is left to resolve: pip 23 would else take a release newer than the lock's for
    # a package that another one asks for with extras, and stop. Byte code is written for what the program imports
    # (below); for all that is installed it would be a third of the environment.
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-compile --no-deps \
        --require-hashes -r "$lock" </dev/null
    said=$("$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps \
        --no-build-isolation --no-index -e . </dev/null 2>&1) || {
        say "$said"
        exit 1
    }
    PYTHONDONTWRITEBYTECODE='' "$venv/bin/python" -c "$everything" >/dev/null 2>&1 </dev/null || true
    [ "$lock" != requirements-dev.txt ] || wanted requirements.txt >"$venv/.holds-requirements.txt"
    wanted "$lock" >"$venv/.holds-$lock"
fi
