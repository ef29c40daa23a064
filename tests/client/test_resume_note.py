"""The notes by which a command goes on with its files: whose they are, and when they are trusted."""

import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from crypto.public.limits import LONGEST_FILE
from crypto.secret.primitives import os_random
from intake.client.files.chosen_file import ChosenFile, choose
from intake.client.files.resume_note import KEPT_SECONDS, VERSION, ResumeNotes, notes_folder

ORGANISATION = bytes(32)


@pytest.fixture
def chosen(tmp_path: Path) -> ChosenFile:
    path = tmp_path / "papers.zip"
    path.write_bytes(b"papers")
    return choose(path, LONGEST_FILE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "notes"


def notes(folder: Path | None, organisation: bytes = ORGANISATION) -> ResumeNotes:
    return ResumeNotes(folder, organisation, os_random)


def test_a_note_is_found_again_by_the_same_file_and_organisation_only(
    folder: Path, chosen: ChosenFile
) -> None:
    first = notes(folder).take(chosen)
    assert (first.kept, first.can_resume) == (False, True)
    first.close()
    again = notes(folder).take(chosen)
    assert (again.secret, again.kept) == (first.secret, True)
    again.close()
    other = notes(folder, b"o" * 32).take(chosen)
    assert (other.secret != first.secret, other.kept) == (True, False)
    chosen.path.write_bytes(b"others")
    changed = notes(folder).take(choose(chosen.path, LONGEST_FILE))
    assert (changed.secret != first.secret, changed.kept) == (True, False)


def test_a_file_whose_times_were_set_back_is_another_file(folder: Path, chosen: ChosenFile) -> None:
    first = notes(folder).take(chosen)
    first.close()
    chosen.path.write_bytes(b"Papers")
    os.utime(chosen.path, ns=(chosen.stamp.modified, chosen.stamp.modified))
    again = choose(chosen.path, LONGEST_FILE)
    assert again.stamp.modified == chosen.stamp.modified
    assert not notes(folder).take(again).kept


def test_a_removed_note_is_gone(folder: Path, chosen: ChosenFile) -> None:
    note = notes(folder).take(chosen)
    note.remove()
    assert not note.can_resume
    assert not notes(folder).take(chosen).kept


def test_the_last_note_takes_its_folders_with_it(folder: Path, chosen: ChosenFile, tmp_path: Path) -> None:
    """An empty folder would say by its name that something was sent, and by its time when."""
    (tmp_path / "another").write_bytes(b"another")
    first, last = notes(folder).take(chosen), notes(folder).take(choose(tmp_path / "another", LONGEST_FILE))
    first.remove()
    assert len(list(folder.iterdir())) == 1
    last.remove()
    assert not folder.parent.exists()
    assert tmp_path.exists()


def test_no_folder_is_made_before_there_is_a_note(folder: Path, chosen: ChosenFile) -> None:
    made = notes(folder)
    assert not folder.parent.exists()
    made.take(chosen).close()
    assert folder.exists()


def test_folders_with_something_else_in_them_stay(folder: Path, chosen: ChosenFile) -> None:
    note = notes(folder).take(chosen)
    (folder.parent / "mine").write_text("mine")
    note.remove()
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]
    note = notes(folder).take(chosen)
    (folder / "mine").write_text("mine")
    note.remove()
    assert (folder / "mine").read_text() == "mine"


@pytest.mark.parametrize("at", ["the folder", "the one above", "the note"])
def test_a_folder_that_another_command_removes_at_that_moment_is_made_again(
    folder: Path, chosen: ChosenFile, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    times = [1, 2, 3]

    def tidied() -> None:
        """As if another command's last note had gone just now."""
        if times:
            times.pop()
            for path in (folder, folder.parent):
                with suppress(OSError):
                    path.rmdir()

    if at == "the note":
        opened = os.open

        def open_(path: Path, *options: int) -> int:
            if path.parent == folder:
                tidied()
            return opened(path, *options)

        monkeypatch.setattr(os, "open", open_)
    else:
        made, named = Path.mkdir, {"the folder": folder, "the one above": folder.parent}[at]

        def mkdir(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
            made(path, mode, parents, exist_ok)
            if path == named:
                tidied()

        monkeypatch.setattr(Path, "mkdir", mkdir)
    note = notes(folder).take(chosen)
    assert times == []
    assert note.can_resume
    assert [path.read_bytes() for path in folder.iterdir()] == [VERSION + note.secret]


def test_a_note_in_use_is_not_shared(folder: Path, chosen: ChosenFile) -> None:
    """One command's blob must not be claimed by another's message."""
    first = notes(folder).take(chosen)
    second = notes(folder).take(chosen)
    assert second.secret != first.secret
    assert not second.can_resume
    second.remove()
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("content", [b"", VERSION, VERSION + bytes(31), VERSION + bytes(33), b"x" * 47])
def test_what_is_no_note_of_this_version_is_written_anew(
    folder: Path, chosen: ChosenFile, content: bytes
) -> None:
    notes(folder).take(chosen).close()
    [path] = folder.iterdir()
    path.write_bytes(content)
    note = notes(folder).take(chosen)
    assert not note.kept
    assert path.read_bytes() == VERSION + note.secret
    assert any(note.secret)


def test_old_notes_go_and_nothing_else_does(folder: Path, chosen: ChosenFile) -> None:
    notes(folder).take(chosen).close()
    [path] = folder.iterdir()
    (folder / "mine").write_text("mine")
    for item in (path, folder / "mine"):
        os.utime(item, (0, item.stat().st_mtime - KEPT_SECONDS - 60))
    assert not notes(folder).take(chosen).kept
    assert (folder / "mine").exists()


def test_old_notes_go_even_where_no_other_is_taken(folder: Path, chosen: ChosenFile) -> None:
    notes(folder).take(chosen).close()
    [path] = folder.iterdir()
    os.utime(path, (0, path.stat().st_mtime - KEPT_SECONDS - 60))
    notes(folder)
    assert not folder.parent.exists()


def test_the_folder_is_closed_to_others(folder: Path, chosen: ChosenFile) -> None:
    folder.mkdir(parents=True, mode=0o755)
    notes(folder).take(chosen).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    [path] = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_folders_that_are_made_are_closed_to_others(folder: Path, chosen: ChosenFile) -> None:
    notes(folder).take(chosen).close()
    for made in (folder, folder.parent):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700


@pytest.mark.parametrize("kind", ["link", "file", "linked note"])
def test_a_place_that_somebody_else_could_have_made_is_not_used(
    folder: Path, chosen: ChosenFile, tmp_path: Path, kind: str
) -> None:
    folder.parent.mkdir()
    elsewhere = tmp_path / "elsewhere"
    if kind == "link":
        elsewhere.mkdir()
        folder.symlink_to(elsewhere)
    elif kind == "file":
        folder.write_text("no folder")
    else:
        notes(folder).take(chosen).close()
        [path] = folder.iterdir()
        path.rename(elsewhere)
        path.symlink_to(elsewhere)
    note = notes(folder).take(chosen)
    assert (note.kept, note.can_resume) == (False, False)
    assert kind != "link" or list(elsewhere.iterdir()) == []


def test_without_a_folder_nothing_is_noted(chosen: ChosenFile) -> None:
    note = notes(None).take(chosen)
    assert (len(note.secret), note.kept, note.can_resume) == (32, False, False)
    note.remove()


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"XDG_RUNTIME_DIR": "{there}", "HOME": "/home/a"}, "{there}/drempel/uploads"),
        ({"XDG_RUNTIME_DIR": "{there}/no", "HOME": "/home/a"}, "/home/a/.local/state/drempel/uploads"),
        ({"XDG_RUNTIME_DIR": "relative", "HOME": "/home/a"}, "/home/a/.local/state/drempel/uploads"),
        ({"XDG_STATE_HOME": "/state", "HOME": "/home/a"}, "/state/drempel/uploads"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/home/a"}, "/home/a/.local/state/drempel/uploads"),
        ({"HOME": "relative"}, None),
        ({}, None),
    ],
)
def test_where_notes_lie(tmp_path: Path, environment: dict[str, str], place: str | None) -> None:
    given = {name: value.format(there=tmp_path) for name, value in environment.items()}
    assert notes_folder(given) == (Path(place.format(there=tmp_path)) if place else None)
