"""What is looked at before a file is sent, and what of it travels beside its content."""

import errno
import os
from pathlib import Path

import pytest

from crypto.public.errors import DrempelError
from crypto.public.limits import LONGEST_FILE
from intake.client.files.chosen_file import choose, choose_all, shown


def refused(code: str, path: Path, largest: int = LONGEST_FILE) -> str:
    with pytest.raises(DrempelError) as caught:
        choose(path, largest)
    assert caught.value.code == code
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("report.pdf", "application/pdf"),
        ("REPORT.PDF", "application/pdf"),
        ("photo.jpeg", "image/jpeg"),
        ("notes.txt", "text/plain"),
        ("archive.tar.gz", "application/octet-stream"),
        ("no extension", "application/octet-stream"),
        (".pdf", "application/octet-stream"),
        ("data:text,x", "application/octet-stream"),
        ("a.thing-that-nobody-knows", "application/octet-stream"),
    ],
)
def test_name_and_type_are_the_files_own(tmp_path: Path, name: str, type_: str) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / name
    path.write_bytes(b"12345")
    chosen = choose(path, LONGEST_FILE)
    assert (chosen.name, chosen.type, chosen.size) == (name, type_, 5)
    with chosen.open() as file:
        assert file.read() == b"12345"
    assert str(tmp_path) not in repr(chosen)


def test_a_link_is_sent_as_what_it_leads_to_under_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_bytes(b"real")
    (tmp_path / "link.pdf").symlink_to("real.txt")
    chosen = choose(tmp_path / "link.pdf", LONGEST_FILE)
    assert (chosen.name, chosen.size) == ("link.pdf", 4)


def test_a_file_that_changed_since_it_was_chosen_does_not_open(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    chosen = choose(path, LONGEST_FILE)
    path.write_bytes(b"2")
    with pytest.raises(DrempelError) as caught:
        chosen.open()
    assert caught.value.code == "attachment-changed"


def test_what_is_no_ordinary_file_is_refused_by_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "tmp" not in refused("attachment-unreadable", tmp_path / "pipe")
    assert "It is a folder." in refused("attachment-unreadable", tmp_path)
    assert "gone: No such file" in refused("attachment-unreadable", tmp_path / "gone")
    refused("attachment-unreadable", Path("/dev/null"))
    refused("attachment-unreadable", tmp_path / "zero\x00byte")
    refused("attachment-unreadable", tmp_path / ("long" * 100))


def test_the_largest_file_is_taken_and_no_larger(tmp_path: Path) -> None:
    path = tmp_path / "a\u202e"
    path.write_bytes(b"12345")
    assert choose(path, 5).size == 5
    assert "a\ufffd: at most 4 bytes." in refused("attachment-too-large", path, 4)
    os.truncate(path, LONGEST_FILE + 1)
    refused("attachment-too-large", path, 2**60)


def test_no_more_files_than_a_message_can_name(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"")
    assert len(choose_all([path] * 64, 1)) == 64
    # Six bytes of JSON for each of these.
    long = tmp_path / ("\x01" * 255)
    long.write_bytes(b"")
    for paths in ([path] * 65, [long] * 40):
        with pytest.raises(DrempelError) as caught:
            choose_all(paths, 1)
        assert caught.value.code == "attachments-too-many"
    assert len(choose_all([long] * 20, 1)) == 20


def test_a_name_is_shown_on_one_line_and_plays_no_tricks() -> None:
    assert shown("a\nb\t\x1b[2J\u202e\u200dé報") == "a\ufffdb\ufffd\ufffd[2J\ufffd\ufffdé報"


def test_the_state_of_a_file_is_that_after_its_pages_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only from then on does the system note that a program changes a file that it has mapped."""
    path = tmp_path / "mapped"
    path.write_bytes(b"before")

    def write(_: int) -> None:
        path.write_bytes(b"written late")

    monkeypatch.setattr(os, "fdatasync", write)
    chosen = choose(path, 100)
    assert chosen.size == len(b"written late")
    chosen.open().close()


def test_a_file_that_cannot_be_written_back_is_chosen_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "on a disc"
    path.write_bytes(b"read only")

    def refuse(_: int) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "fdatasync", refuse)
    assert choose(path, 100).size == len(b"read only")


def test_a_file_that_does_not_say_how_long_it_is_does_not_travel_as_an_empty_one(tmp_path: Path) -> None:
    made_up = Path("/proc/self/status")
    assert made_up.stat().st_size == 0
    assert made_up.read_bytes()
    assert "more in it than its length says" in refused("attachment-unreadable", made_up)
    empty = tmp_path / "empty"
    empty.touch()
    assert choose(empty, 100).size == 0


def test_a_file_that_says_it_is_empty_and_cannot_be_read_is_refused() -> None:
    """At its beginning there is no memory of any program, so that reading it there fails."""
    unreadable = Path("/proc/self/mem")
    assert unreadable.stat().st_size == 0
    assert "mem: Input/output error." in refused("attachment-unreadable", unreadable)
