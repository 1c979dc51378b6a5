#!/usr/bin/env bash
# Put Superset into a virtual environment of its own: install.sh DEST | install.sh --version
# Every package is checked against the hash in requirements.lock. About half a minute and 700 MB.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if [ "${1:-}" = --version ]; then
  sha256sum "$here/requirements.lock" | cut -c1-16
  exit 0
fi
dest=$(realpath -m "${1:?usage: install.sh DEST | install.sh --version}")
python=${PYTHON:-python3}
# Under its last name from the start, because scripts in it name their interpreter; the mark says that it is whole.
if [ ! -e "$dest/.installed" ]; then
  "$python" -m venv --clear "$dest"
  pip=("$dest/bin/python" -m pip --quiet --disable-pip-version-check install --no-cache-dir --require-hashes)
  # An older pip cannot check hashes of packages with extras.
  "${pip[@]}" -r "$here/../../requirements-pip.lock"
  "${pip[@]}" -r "$here/requirements.lock"
  touch "$dest/.installed"
fi
