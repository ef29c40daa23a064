#!/bin/sh
# Usage: python.sh PYTHON. Says in one line what is missing, before anything is installed with it.
set -eu
python=$1

if ! command -v "$python" >/dev/null 2>&1; then
    echo "drempel: no Python found as '$python'. Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3" >&2
    exit 1
fi
# Asked twice, since not all that is named python3 does as it is told.
old=no
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || old=yes
version=$("$python" -c 'import platform; print(platform.python_version())' 2>&1 | sed 's/^Python //') || version=
case $version in [012].* | 3.[0-9] | 3.[0-9].* | 3.10 | 3.10.*) old=yes ;; esac
if [ "$old" = yes ]; then
    echo "drempel: Python 3.11 or newer is needed, '$python' is ${version:-something else}. Name another: make PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    echo "drempel: '$python' lacks the venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
fi
