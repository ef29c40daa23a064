"""A small file system of its own for a test, which any user may mount where the system lets users have namespaces."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import ROOT

MOUNTING = ("unshare", "--user", "--map-root-user", "--mount")
SCRIPT = 'mount -t tmpfs -o size="$1"m none "$2" && shift 2 && exec "$@"'
# PostgreSQL refuses to run as root, which one must be to mount.
AS_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


def run_on_small_disk(
    folder: Path, mebibytes: int, *arguments: str, is_root: bool = True
) -> subprocess.CompletedProcess[bytes]:
    """Run Python with these arguments while `folder` is a disk of so many MiB, as root or as another user."""
    if shutil.which("unshare") is None or subprocess.run([*MOUNTING, "true"], check=False).returncode:
        pytest.skip("no user namespaces here")
    folder.chmod(0o755)
    run = [*(() if is_root else AS_USER), sys.executable, *arguments]
    command = [*MOUNTING, "sh", "-c", SCRIPT, "sh", str(mebibytes), str(folder), *run]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=300)
