"""The folder of an export on a disk without room: an error, and never a file that is cut off and said to be whole."""

from pathlib import Path

import pytest

from intake.cli.export_folder import ExportFolder, check_folder
from intake.cli.output import Refused
from tests.store.test_faults import files_limited_to


def test_a_file_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path / "export")
    with files_limited_to(1000), pytest.raises(OSError, match="too large"):
        folder.write("conversation.html", b"x" * 1001)
    with files_limited_to(1000):
        folder.write("conversation.json", b"x" * 1000)
    assert (tmp_path / "export" / "conversation.json").read_bytes() == b"x" * 1000


def test_what_is_on_its_way_takes_no_name_from_a_file_and_is_to_be_seen(tmp_path: Path) -> None:
    names = ["a.txt", "a.txt.part", "a_txt.part", ".a.txt.part", "A.TXT"]
    folder = ExportFolder(tmp_path / "export")
    safe = [folder.name_for(name) for name in names]
    targets = [folder.begin(name) for name in safe]
    assert not any(path.name.startswith(".") for path in (tmp_path / "export").rglob("*"))
    assert list((tmp_path / "export" / "files").iterdir()) == []
    for number, (name, target) in enumerate(zip(safe, targets, strict=True)):
        target.write(bytes([number]))
        target.close()
        folder.keep(name, 1, "")
    assert [(tmp_path / "export" / "files" / name).read_bytes() for name in safe] == [
        bytes([number]) for number in range(len(names))
    ]
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["files"]


@pytest.mark.parametrize(
    ("there", "unfinished"),
    [
        (["files/"], True),
        (["files/", "a.txt.part"], True),
        (["files/", "conversation.html", "conversation.json"], True),
        (["files/", "conversation.html", "conversation.json", "manifest.json"], False),
        (["files/", "letters.odt"], False),
        (["conversation.html"], False),
    ],
)
def test_a_folder_that_is_no_unfinished_export_is_never_said_to_be_removed(
    tmp_path: Path, there: list[str], unfinished: bool
) -> None:
    for name in there:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    with pytest.raises(Refused, match="not empty") as caught:
        check_folder(tmp_path)
    assert ("not finished: remove it" in str(caught.value)) is unfinished
