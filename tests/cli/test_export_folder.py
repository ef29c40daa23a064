"""The folder of an export on a disk without room: an error, and never a file that is cut off and said to be whole."""

import errno
import os
from pathlib import Path

import pytest

from intake.cli.export.folder import ExportFolder, check_folder
from intake.cli.shared.output import Refused
from tests.store.sqlite.test_faults import files_limited_to


def test_a_text_that_does_not_fit_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path / "export")
    with files_limited_to(1000), pytest.raises(OSError, match="too large"):
        folder.finish({"conversation.html": b"x" * 1001}, [])
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["files"]
    with files_limited_to(1000):
        folder.finish({"conversation.json": b"x" * 1000}, [])
    assert (tmp_path / "export" / "conversation.json").read_bytes() == b"x" * 1000


def test_a_name_that_the_place_does_not_take_becomes_a_plain_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of FAT, mounted for one alphabet, or of a place that takes short names only."""
    make = os.open

    def refusing(path: Path, *rest: int) -> int:
        if not path.name.isascii():
            raise OSError(errno.EINVAL, "Invalid argument")
        return make(path, *rest)

    folder = ExportFolder(tmp_path / "export")
    monkeypatch.setattr("os.open", refusing)
    taken = []
    for name in ("R\u00e9ponse.pdf", "\u20ac.pdf", "plain.txt"):
        name, target = folder.begin(folder.name_for(name))
        target.close()
        folder.keep(name, 0, "")
        taken.append(name)
    assert taken == ["file.pdf", "file (2).pdf", "plain.txt"]
    assert sorted(path.name for path in (tmp_path / "export" / "files").iterdir()) == sorted(taken)


def test_the_largest_file_gives_way(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path / "export")
    for size, name in enumerate(("a", "b", "c", "\u00e9")):
        taken, target = folder.begin(name)
        target.close()
        folder.keep(taken, size, "")
    assert [folder.give_way() for _ in range(5)] == ["\u00e9", "c", "b", "a", ""]
    assert list((tmp_path / "export" / "files").iterdir()) == []


def test_a_place_that_knows_no_rights_is_said_to_keep_nobody_out(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path / "export")
    assert folder.is_private
    (tmp_path / "export" / "files").chmod(0o755)
    assert not folder.is_private


def test_what_is_on_its_way_takes_no_name_from_a_file_and_is_to_be_seen(tmp_path: Path) -> None:
    names = ["a.txt", "a.txt.part", "a_txt.part", ".a.txt.part", "A.TXT"]
    folder = ExportFolder(tmp_path / "export")
    safe = [folder.name_for(name) for name in names]
    targets = [folder.begin(name)[1] for name in safe]
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
