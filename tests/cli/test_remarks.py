"""What a command says beside its result."""

import click
import pytest

from intake.cli.recipient.inbox import remark_on
from intake.cli.shared.output import REMARKS
from intake.client.recipient.inbox import Synced


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
        remark_on(found)
        told = context.meta.get(REMARKS, [])
    assert len(told) == len(words)
    assert all(word in line for word, line in zip(words, told, strict=True))
