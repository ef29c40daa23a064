"""What a command says beside its result."""

import click
import pytest

from intake.cli.inbox import tell
from intake.cli.output import REMARKS
from intake.client.inbox import Synced


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Synced(), []),
        (Synced(full=True), ["keyring is full"]),
        (Synced(damaged=2, gone=frozenset([bytes(32)])), ["2 items", "No longer on the server"]),
    ],
)
def test_a_sync_tells_what_a_list_does_not_show(found: Synced, words: list[str]) -> None:
    with click.Context(click.Command("list")) as context:
        tell(found)
        told = context.meta.get(REMARKS, [])
    assert len(told) == len(words)
    assert all(word in line for word, line in zip(words, told, strict=True))
