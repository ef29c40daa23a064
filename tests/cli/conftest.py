"""Demonstration servers, as real processes."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import Demo, demo_in


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> None:
    """Also by the commands that tests start, where a shell runs all of this in the background, deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One for all tests that neither stop it nor count what is in it."""
    with demo_in(tmp_path_factory.mktemp("demo")) as made:
        yield made


@pytest.fixture
def own_demo(tmp_path: Path) -> Iterator[Demo]:
    """One for a single test."""
    with demo_in(tmp_path) as made:
        yield made
