#!/usr/bin/env bash
# The one command: ./run.sh [STAGE ...] [-c CONFIG] [key=value ...]
#
# Makes .venv on first use and installs requirements.txt into it; a later call starts at once, and a
# changed requirements file installs again. PIPELINE_PYTHON names an interpreter to use as it is,
# with the packages it has (cloud images bring their own torch); nothing is installed into it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export NO_ALBUMENTATIONS_UPDATE=1

fail() { printf 'run.sh: %s\n' "$1" >&2; exit 2; }

# install STAMP REQUIREMENTS...: installs the files unless the stamp already holds their hash.
install() {
  local stamp=.venv/$1 hash
  shift
  hash=$(cat "$@" | sha256sum | cut -d' ' -f1)
  [[ -f $stamp && $(<"$stamp") == "$hash" ]] && return
  exec 9>.venv.lock && flock 9  # two first calls at once: the second waits
  [[ -f $stamp && $(<"$stamp") == "$hash" ]] && return
  echo "run.sh: installing $* into .venv (minutes the first time)" >&2
  # all lists at once: pip then knows every version that it must keep
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "${@/#/--requirement=}" 1>&2 ||
    fail "pip could not install them; its own message is above. Nothing else was changed."
  echo "$hash" >"$stamp"
  flock -u 9
}

# Rejects what cannot work before anything is downloaded.
check_version() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "$1 is not a Python 3.11 or newer. Name one: $2=/path/to/python3.11 ./run.sh"
}

if [[ -n ${PIPELINE_PYTHON:-} ]]; then
  python=$PIPELINE_PYTHON
  check_version "$python" PIPELINE_PYTHON
  "$python" -m pipeline.console.packages || exit 2
else
  if [[ ! -x .venv/bin/python ]]; then
    [[ -w . ]] || fail "$PWD can't be written: copy the folder to a place that can, or name an interpreter that has the packages: PIPELINE_PYTHON=/path/to/python ./run.sh"
    base=${PYTHON:-python3}
    check_version "$base" PYTHON
    "$base" -m venv .venv || fail "$base could not make .venv (Debian: apt install python3-venv)"
  fi
  install requirements.sha256 requirements.txt
  python=$PWD/.venv/bin/python
fi

if [[ ${1:-} == test ]]; then
  shift
  [[ -n ${PIPELINE_PYTHON:-} ]] || install requirements-test.sha256 \
    requirements{,-test,-tune,-audit,-cluster,-export,-explain,-demo}.txt
  "$python" -c 'import pytest, hypothesis, ruff, xdist' 2>/dev/null ||
    fail "the tests need the packages of requirements-test.txt in $python"
  what=(-m "not slow")
  [[ ${1:-} == --all ]] && { what=(); shift; }
  "$python" -m ruff check pipeline benchmarks docs examples tests
  "$python" -m ruff format --check --quiet pipeline benchmarks docs examples tests
  # two processes, a file at a time: the suite is made for two cores
  exec "$python" -m pytest -n 2 --dist loadfile "${what[@]}" "$@"
fi
if [[ ${1:-} == bench ]]; then
  shift
  exec "$python" -m benchmarks "$@"
fi
exec "$python" -m pipeline "$@"
