"""`drempel manifest`: the hashes of the files that a browser gets, for anyone to compare."""

import hashlib
import json
from importlib.metadata import version
from typing import Any

import click

from intake.assets import read_assets, static_folder
from intake.cli.shared.output import emit
from intake.service.http.headers import HEADERS


def release_manifest() -> dict[str, Any]:
    """`drempel`, the version; `headers` that every answer carries; `files` by their path below `static/`.

    A file's `sha256` is that of its bytes before compression. In its `paths` `{slug}` stands for any
    organisation; the document without any is what a browser gets where there is nothing.
    """
    return {
        "drempel": version("drempel"),
        "headers": {name.decode("ascii"): value.decode("ascii") for name, value in HEADERS},
        "files": {
            name: {
                "sha256": hashlib.sha256(asset.content).hexdigest(),
                "bytes": len(asset.content),
                "type": asset.media_type,
                "paths": list(asset.addresses),
            }
            for name, asset in read_assets(static_folder()).items()
        },
    }


@click.command()
def manifest() -> None:
    """Print the hashes of what a browser gets.

    One JSON document: each file of the pages with its hash and its paths, and the headers that every answer carries.
    """
    found = release_manifest()
    # Indented, so that two releases can be compared line by line.
    emit(found, False, json.dumps(found, indent=2))
