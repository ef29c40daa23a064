"""What holds for all tests: what they inherit, and which of them run."""

import secrets
from collections.abc import Iterator

import pytest

from tests.kit import extent, inherited, postgres
from tests.store.kit.backends import Database

inherited.reset()


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """The server of this worker; its databases are a test's own, its settings are not."""
    with postgres.running() as running:
        yield running


@pytest.fixture
def database(cluster: postgres.Cluster) -> Iterator[Database]:
    """An empty database."""
    made = Database(cluster, f"test_{secrets.token_hex(4)}")
    yield made
    made.drop()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--extent",
        choices=extent.CHOICES,
        default="all",
        help="gate: what `make test` runs; rest: what only `make test-all` runs; all (default): both",
    )
    parser.addoption(
        "--gallery", action="store_true", help="take pictures of all screens; see `make gallery`"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "test_all: runs in `make test-all`, not in `make test`")
    config.addinivalue_line(
        "markers", f"postgres: needs a PostgreSQL server; left out where {postgres.LEFT_OUT} is 1"
    )
    config.addinivalue_line(
        "markers", "one_class: in `make test`, the tests of this file take turns between browsers"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not of the extent; last, so that what -k and -m leave out is not counted as a case."""
    kept = extent.chosen(items, config.getoption("--extent"))
    if postgres.is_left_out():
        kept = [item for item in kept if item.get_closest_marker("postgres") is None]
    left = [item for item in items if item not in set(kept)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say last that a backend was not tested."""
    if postgres.is_left_out():
        terminalreporter.write_line(postgres.WAS_LEFT_OUT, yellow=True)
