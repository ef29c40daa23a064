"""Files on their way to a service that fails, misses parts, has other bytes, or answers nonsense."""

import os
from random import Random

import httpx
import pytest

from crypto.public.encoding import b64, write_object
from crypto.public.errors import DirectoryError, DrempelError
from crypto.secret.attachment import CHUNK, attachment_keys
from intake.client.files import uploads
from tests.client.kit.sender import Sender
from tests.kit.organisation import Refusing, answer, instead

# More than is read before the first of it has arrived.
LONG = 64 * CHUNK


async def test_progress_ends_with_all_of_each_file(sender: Sender) -> None:
    sizes = {"empty": 0, "small": 1, "chunk": CHUNK, "more": CHUNK + 1, "large": 40 * CHUNK + 5}
    await sender.report(*(sender.file(name, size) for name, size in sizes.items()))
    for name, size in sizes.items():
        told = [(done, total) for of, done, total in sender.progress if of == name]
        assert told == sorted(told)
        assert told[0] == (0, size)
        assert told[-1] == (size, size)
    assert sender.notes == []
    assert sender.asked("GET", "blobs") == [], "a new blob need not be looked at"


@pytest.mark.parametrize("code", ["storage-full", "server-unavailable", "server-busy"])
async def test_a_failure_that_passes_is_tried_again_with_less_at_once(sender: Sender, code: str) -> None:
    refusing = Refusing(code, "PUT", "/chunks/", 7)
    [sent] = await sender.report(sender.file("large", 40 * CHUNK), change=refusing)
    assert refusing.times == 0
    assert sender.changed == []
    assert {path.split("/")[1] for path in sender.asked("PUT", "/chunks/")} == {
        b64(attachment_keys(sent.secret).blob)
    }


async def test_a_failure_that_does_not_pass_in_time_leaves_a_note_to_go_on_from(sender: Sender) -> None:
    path = sender.file("large", 40 * CHUNK)
    with pytest.raises(DrempelError) as caught:
        await sender.report(path, change=Refusing("storage-full", "PUT", "/chunks/1", 10**9), retry_for=0.05)
    assert caught.value.code == "storage-full"
    [note] = sender.notes
    secret = note.read_bytes()[-32:]
    assert sender.asked("DELETE", "blobs") == []
    [sent] = await sender.report(path)
    assert sent.secret == secret
    listed = f"blobs/{b64(attachment_keys(secret).blob)}/chunks"
    assert listed in sender.asked("GET", "blobs")


@pytest.mark.parametrize("code", ["attachment-too-large", "request-malformed"])
async def test_a_refusal_that_ends_it_takes_everything_back(sender: Sender, code: str) -> None:
    paths = sender.file("one", CHUNK), sender.file("two", 3 * CHUNK)
    with pytest.raises(DrempelError) as caught:
        await sender.report(*paths, change=Refusing(code, "PUT", "opening", 1))
    assert caught.value.code == code
    assert sender.notes == []
    assert len(sender.asked("DELETE", "blobs")) == 2


async def test_a_directory_that_is_no_longer_the_newest_costs_nothing_that_was_sent(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that is published during hours of sending: the same command fetches it, and sends no file again."""

    async def outdated(*_: object) -> None:
        raise DirectoryError("directory-rolled-back")

    path = sender.file("one", 3 * CHUNK)
    with monkeypatch.context() as patched:
        patched.setattr("tests.client.kit.sender.send_report", outdated)
        with pytest.raises(DirectoryError):
            await sender.report(path)
    assert len(sender.notes) == 1
    assert sender.asked("DELETE", "blobs") == []
    await sender.report(path)
    assert sender.asked("PUT", "blobs") == []


async def test_other_bytes_under_a_number_seal_the_file_anew(sender: Sender) -> None:
    [sent] = await sender.report(
        sender.file("one", 3 * CHUNK), change=Refusing("conflict", "PUT", "/chunks/", 1)
    )
    [dropped] = sender.asked("DELETE", "blobs")
    assert dropped != f"blobs/{b64(attachment_keys(sent.secret).blob)}"
    assert sender.changed == []


async def test_what_a_server_misses_at_the_end_is_looked_for_and_brought_again(sender: Sender) -> None:
    refusing = Refusing("attachments-incomplete", "PUT", "opening")
    [sent] = await sender.report(sender.file("one", 5 * CHUNK), change=refusing)
    assert {path.split("/")[1] for path in sender.asked("PUT", "blobs/")} == {
        b64(attachment_keys(sent.secret).blob)
    }
    assert len(sender.asked("GET", "/chunks")) == 2, "what is there, and whether a message has it"
    assert len(sender.asked("PUT", "opening")) == 2


async def test_a_server_that_always_misses_something_is_not_asked_for_ever(sender: Sender) -> None:
    refusing = Refusing("attachments-incomplete", "PUT", "opening", 10**9)
    with pytest.raises(DrempelError) as caught:
        await sender.report(sender.file("one", CHUNK), change=refusing)
    assert caught.value.code == "attachments-incomplete"
    assert len(sender.asked("PUT", "opening")) == uploads.MOST_LOOKS
    assert sender.notes == []


async def test_chunks_that_a_server_has_lost_are_brought_again(sender: Sender) -> None:
    path = sender.file("one", 5 * CHUNK)
    with pytest.raises(DrempelError):
        await sender.report(path, change=Refusing("server-busy", "PUT", "opening", 10**9), retry_for=0)
    await sender.report(path, change=instead("blobs", write_object({"stored": [[0, 1], [3, 4]]})))
    assert sorted(path.rpartition("/")[2] for path in sender.asked("PUT", "blobs/")) == ["1", "2", "4"]


@pytest.mark.parametrize(
    "stored",
    [
        None,
        1,
        {},
        [1],
        [[0]],
        [[0, 1, 2]],
        [[0, 6]],
        [[-1, 1]],
        [[2, 1]],
        [[1, 1]],
        [[2, 3], [1, 2]],
        [[0, 1.0]],
    ],
)
async def test_a_listing_that_makes_no_sense_is_damaged(sender: Sender, stored: object) -> None:
    path = sender.file("one", 5 * CHUNK)
    with pytest.raises(DrempelError):
        await sender.report(path, change=Refusing("server-busy", "PUT", "opening", 10**9), retry_for=0)
    with pytest.raises(DrempelError) as caught:
        await sender.report(path, change=instead("blobs", write_object({"stored": stored})))
    assert caught.value.code == "answer-damaged"


async def test_a_file_that_never_rests_is_refused_in_the_end(sender: Sender) -> None:
    path = sender.file("log", LONG)

    def write(method: str, below: str, true: httpx.Response) -> httpx.Response:
        if method == "PUT":
            with path.open("ab") as file:
                file.write(b"more")
        return true

    with pytest.raises(DrempelError) as caught:
        await sender.report(path, change=write)
    assert caught.value.code == "attachment-changed"
    assert "log" in str(caught.value)
    assert sender.changed == ["log"] * (uploads.MOST_READINGS - 1)
    assert len(set(sender.asked("DELETE", "blobs/"))) == uploads.MOST_READINGS
    assert sender.asked("PUT", "opening") == []
    assert sender.notes == []


@pytest.mark.parametrize("kind", ["shorter", "same length", "replaced"])
async def test_any_change_while_a_file_is_read_is_seen(sender: Sender, kind: str) -> None:
    path, times = sender.file("papers", LONG), [1]
    other = Random(2).randbytes(LONG)

    def change(method: str, below: str, true: httpx.Response) -> httpx.Response:
        if method == "PUT" and times:
            times.clear()
            before = path.stat()
            if kind == "shorter":
                os.truncate(path, CHUNK)
            elif kind == "replaced":
                (sender.folder / "new").write_bytes(other)
                (sender.folder / "new").rename(path)
            else:
                path.write_bytes(other)
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return true

    [sent] = await sender.report(path, change=change)
    assert (sent.size, sender.changed) == (path.stat().st_size, ["papers"])


@pytest.mark.parametrize("status", [200, 404])
async def test_a_page_in_between_costs_nothing_that_was_sent(sender: Sender, status: int) -> None:
    path = sender.file("large", LONG)

    def portal(method: str, below: str, true: httpx.Response) -> httpx.Response:
        if method == "PUT" and "chunks/0" not in below:
            return answer(b"<p>Please log in", status)
        return true

    with pytest.raises(DrempelError):
        await sender.report(path, change=portal)
    [note] = sender.notes
    assert sender.asked("DELETE", "blobs") == []
    [sent] = await sender.report(path)
    assert note.exists() is False
    assert sent.size == LONG


def lost(method: str, below: str, true: httpx.Response) -> httpx.Response:
    """A line on which the answer to a report is lost: the service has stored it."""
    return answer(b"", 504) if method == "PUT" and "opening" in below else true


async def test_another_text_after_a_lost_answer_seals_the_files_anew_by_itself(sender: Sender) -> None:
    paths = sender.file("one", 3 * CHUNK), sender.file("empty", 0)
    with pytest.raises(DrempelError) as caught:
        await sender.report(*paths, change=lost, retry_for=0)
    assert caught.value.code == "server-unavailable"
    secrets = {note.read_bytes()[-32:] for note in sender.notes}
    assert len(secrets) == 2
    sent = await sender.report(*paths, text="Other words.")
    assert len(sender.asked("PUT", "opening")) == 1, "no report is tried with files that are another's"
    assert secrets.isdisjoint(item.secret for item in sent)
    assert (sender.notes, sender.changed) == ([], [])


async def test_files_that_an_earlier_report_takes_at_the_last_moment_are_sealed_anew(sender: Sender) -> None:
    path = sender.file("one", 3 * CHUNK)
    with pytest.raises(DrempelError):
        await sender.report(path, change=Refusing("server-busy", "PUT", "opening", 10**9), retry_for=0)
    [sender.late] = sender.sealed
    [secret] = [note.read_bytes()[-32:] for note in sender.notes]
    [sent] = await sender.report(path, text="Other words.")
    assert sent.secret != secret
    stored = {f"mailboxes/{b64(report.mailbox)}" for report in (sender.sealed[0], sender.sealed[-1])}
    assert len(sender.sealed) == 3, "the one between named what the first has, and was refused"
    assert {path.partition("/opening")[0] for path in sender.asked("PUT", "opening")} > stored
    assert sender.notes == []


async def test_a_page_in_between_does_not_make_a_file_another_message_s(sender: Sender) -> None:
    path = sender.file("one", 3 * CHUNK)
    with pytest.raises(DrempelError):
        await sender.report(path, change=lost, retry_for=0)
    notes = [note.read_bytes() for note in sender.notes]
    with pytest.raises(DrempelError) as caught:
        await sender.report(path, change=instead_of_a_chunk)
    assert caught.value.code == "answer-damaged"
    assert [note.read_bytes() for note in sender.notes] == notes


def instead_of_a_chunk(method: str, below: str, true: httpx.Response) -> httpx.Response:
    """A page where a chunk was asked for."""
    return answer(b"<p>Please log in") if method == "GET" and "/chunks/" in below else true
