"""`--data DIR` and `--store URL`: where a command's store is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

Place = tuple[Path, str | None]  # a folder and, if the store is not in it, the address of a database

FOLDER, DATABASES = "sqlite:", ("postgresql://", "postgres://")
HELP: Final = (
    "Where the store is: sqlite:DIR, the same as --data DIR, or postgresql://USER@HOST/NAME, with --data DIR for"
    " what else the service keeps. A password belongs in PGPASSWORD or a passfile: others can see arguments."
)


def store_options(
    data_help: str, *, required: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options for a command, which gets `data`, the folder, and `database`, an address or None.

    Unless it is `required`, `data` may be None.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(*args: Any, data: Path | None, store: str | None, **others: Any) -> Any:
            folder, database = _where(data, store)
            if folder is None and (required or database):
                raise click.UsageError("Missing option '--data'.")
            return function(*args, data=folder, database=database, **others)

        for option in (
            click.option("--store", metavar="URL", help=HELP),
            click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help=data_help),
        ):
            command = option(command)
        return command

    return decorate


def place_of(url: str) -> Place:
    """Where the store of an address is. Raises `UsageError`."""
    folder, database = _where(None, url)
    return folder or Path(), database


def _where(data: Path | None, store: str | None) -> tuple[Path | None, str | None]:
    """The folder and the database; a usage error, without the address, which may hold a password."""
    if store is None:
        return data, None
    if store.startswith(DATABASES):
        return data, store
    if not store.startswith(FOLDER) or store == FOLDER:
        raise click.UsageError("The address of a store is sqlite:DIR or postgresql://USER@HOST/NAME.")
    folder = Path(store.removeprefix(FOLDER))
    if data not in (None, folder):
        raise click.UsageError("--store sqlite:DIR and --data DIR name two folders. Give one of them.")
    return folder, None
