"""A database's disk that is full to the last block: all is refused in words, and goes on once there is room."""

from pathlib import Path

import pytest

from tests.store.kit.small_disk import run_on_small_disk

pytestmark = [pytest.mark.postgres, pytest.mark.test_all]


def test_a_disk_that_is_full_until_the_database_ends(tmp_path: Path) -> None:
    ran = run_on_small_disk(tmp_path, 96, "-m", "tests.crash.full_database", str(tmp_path), is_root=False)
    assert ran.returncode == 0, ran.stderr.decode()
