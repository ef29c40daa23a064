#!/bin/sh
# Usage: python.sh PYTHON. Says in one line what is missing, before anything is installed with it.
set -eu
python=$1

if ! command -v "$python" >/dev/null 2>&1; then
    echo "drempel: no Python found as '$python'. Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "drempel: Python 3.11 or newer is needed, '$python' is $("$python" -c 'import platform; print(platform.python_version())'). Name another: make PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "drempel: '$python' lacks the venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
fi
