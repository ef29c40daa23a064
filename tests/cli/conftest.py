"""Demonstration servers, as real processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.serving import Demo, demo_in


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
