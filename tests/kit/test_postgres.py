"""A server for tests is there when it is asked for, and leaves nothing behind, however its process ends."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit import postgres
from tests.kit.serving import until
from tests.project import ROOT

START = """
from tests.kit import postgres
with postgres.running() as cluster:
    print(cluster.pid, cluster.folder, flush=True)
    input()
"""


@pytest.mark.postgres
@pytest.mark.parametrize("end", ["in order", "killed"])
def test_it_ends_with_the_process_that_started_it(end: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid, folder = owner.stdout.readline().split()
        assert postgres.is_running(int(pid))
        if end == "killed":
            owner.kill()
        else:
            owner.communicate("\n")
    until(lambda: not postgres.is_running(int(pid)), "the server was left behind")
    assert Path(folder).exists() == (end == "killed")
    shutil.rmtree(folder, ignore_errors=True)


def test_without_it_the_tests_fail_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(postgres, "VERSIONS", tmp_path)
    with pytest.raises(AssertionError, match="please install: postgresql"), postgres.running():
        pass
