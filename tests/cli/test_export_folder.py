"""The folder of an export on a disk without room: an error, and never a file that is cut off and said to be whole."""

from pathlib import Path

import pytest

from intake.cli.export_folder import ExportFolder
from tests.store.test_faults import files_limited_to


def test_a_file_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path / "export")
    with files_limited_to(1000), pytest.raises(OSError, match="too large"):
        folder.write("conversation.html", b"x" * 1001)
    with files_limited_to(1000):
        folder.write("conversation.json", b"x" * 1000)
    assert (tmp_path / "export" / "conversation.json").read_bytes() == b"x" * 1000
