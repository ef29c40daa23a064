"""Fetching the files of a conversation: each is asked for and saved once, by whatever messages it is named."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from intake.cli.export.command import _Fetching
from intake.cli.export.folder import ExportFolder
from intake.cli.shared.progress import Status
from intake.client.address import Address
from intake.client.connection import Connection
from tests.client.test_download import ATTACHMENT, CHUNKS, DATA, ORGANISATION, Server


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "damaged"])
async def test_a_file_that_several_messages_name_is_fetched_once(tmp_path: Path, whole: bool) -> None:
    """Else somebody who sent a few gigabytes once could fill a recipient's disk with a thousand messages."""
    server = Server(CHUNKS if whole else CHUNKS[:-1])
    again = replace(ATTACHMENT, name="under another name")
    async with Connection(Address("http://drempel.test/demo/", None), transport=server) as connection:
        call = cast(Any, SimpleNamespace(status=Status()))
        fetching = _Fetching(call, connection, ORGANISATION, ExportFolder(tmp_path / "to"))
        found = [await fetching.one(item) for item in (ATTACHMENT, again, again)]
    assert server.asked == [0]
    assert [file.attachment.name for file in found] == ["name", again.name, again.name]
    assert {file.name for file in found} == {"name"}
    assert {file.problem for file in found} == {"" if whole else "attachment-damaged"}
    saved = {path.name: path.read_bytes() for path in (tmp_path / "to" / "files").iterdir()}
    assert saved == ({"name": DATA} if whole else {})
