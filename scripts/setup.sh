#!/bin/sh
# Installs merpati into .venv, from the lock file: needs Python 3.11 or newer, and the package registries once.
# PYTHON names another interpreter than python3.
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
VENV=.venv

stop() {
    echo "setup: $*" >&2
    exit 1
}

need_311() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "$1 is $("$1" --version 2>&1); merpati needs Python 3.11 or newer: install one, then \`make setup PYTHON=python3.13\`${2-}."
}

need_ensurepip() {
    "$1" -c 'import venv, ensurepip' 2>/dev/null ||
        stop "$1 cannot make virtual environments: install the system package python3-venv (Debian, Ubuntu: apt install python3-venv), then run this again."
}

if ! [ -x $VENV/bin/python ]; then
    command -v "$PYTHON" >/dev/null 2>&1 ||
        stop "there is no $PYTHON: install Python 3.11 or newer (Debian, Ubuntu: apt install python3 python3-venv), then run this again."
    need_311 "$PYTHON"
    need_ensurepip "$PYTHON"
    "$PYTHON" -m venv --clear $VENV
fi
need_311 $VENV/bin/python " after \`rm -r $VENV\`"

if ! [ -x $VENV/bin/uv ]; then
    if ! $VENV/bin/python -m pip --version >/dev/null 2>&1; then # a .venv that uv made has no pip
        need_ensurepip $VENV/bin/python
        $VENV/bin/python -m ensurepip --default-pip >/dev/null
    fi
    $VENV/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
fi
UV_PROJECT_ENVIRONMENT=$VENV $VENV/bin/uv sync --quiet --frozen --no-python-downloads
